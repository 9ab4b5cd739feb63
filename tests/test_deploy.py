"""What stands around the site on a server: gunicorn and its worker, the files that an operator copies."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest

from benchlm.deploy.worker import MOST_BYTES, is_whole

ROOT = Path(__file__).parents[1]


# --- the worker -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"GET / HTTP/1.1\n\n", False),
        (b"x" * (MOST_BYTES - 1), False),
        (b"x" * MOST_BYTES, True),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", False),
        (b"POST / HTTP/1.1\r\ncontent-length:3 \r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\nabc", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n" + b"x" * MOST_BYTES, True),
        (b"GET / HTTP/1.1\r\n\r\nContent-Length: 9\r\n", True),
    ],
)
def test_request_is_whole_when_a_thread_need_not_wait_for_it(received, expected):
    assert is_whole(received) is expected


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory) -> Iterator[int]:
    """The port of a site as it is served, with a database of its own."""
    state = tmp_path_factory.mktemp("served")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "STATE_DIR": str(state),
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "RELEASE": "test",
    }
    run = {"cwd": ROOT, "env": environment}
    subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "-v0"], check=True, **run)
    (state / "static").mkdir()
    log = state / "log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "gunicorn", "--config", "benchlm/deploy/gunicorn.conf.py"]
        server = subprocess.Popen(command, stdout=output, stderr=output, **run)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if server.poll() is not None or probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        assert server.poll() is None, log.read_text()
        yield port
    finally:
        server.terminate()
        server.wait(timeout=40)


STALLED = [
    b"",
    b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    b"POST /newsletter/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\na",
]


@pytest.mark.parametrize("sent", STALLED, ids=["nothing", "half a head", "half a body"])
def test_clients_that_stall_keep_nobody_else_waiting(gunicorn, sent):
    with ExitStack() as stack:
        for _ in range(40):  # more than there are threads
            client = stack.enter_context(socket.create_connection(("127.0.0.1", gunicorn)))
            client.sendall(sent)
        with urlopen(f"http://127.0.0.1:{gunicorn}/healthz/", timeout=5) as response:
            assert response.status == 200


def test_requests_in_pieces_and_in_a_row_are_all_answered(gunicorn):
    one = b"HEAD /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gunicorn), timeout=5) as client, client.makefile("rb") as answers:
        for piece in (one[:7], one[7:-1], one[-1:] + one + one[:20], one[20:]):
            client.sendall(piece)
            time.sleep(0.05)  # so that it arrives alone
        found = []
        while len(found) < 3:
            found.append(answers.readline())
            while answers.readline() != b"\r\n":
                pass
    assert found == [b"HTTP/1.1 200 OK\r\n"] * 3


def test_server_names_no_version(gunicorn):
    with urlopen(f"http://127.0.0.1:{gunicorn}/healthz/", timeout=5) as response:
        assert response.headers.get_all("Server") == ["gunicorn"]
