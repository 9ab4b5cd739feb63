"""What stands around the site on a server: gunicorn and its worker, the files that an operator copies."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.core.management import get_commands
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from benchlm.deploy.warming import asked_for, warm_up
from benchlm.deploy.worker import MOST_BYTES, is_whole
from comparisons.models import LanguageModel
from tests import nginx
from tests.hostile import kept_connection

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "benchlm" / "deploy"
STRONG = "q7Vw2-Zr9Lx4Kc8Tn1Hb6Yd3Mf5Pj0Gs-Au2Ee7Rr4Ww9Qq1Ss6Dd"


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
        "DJANGO_SETTINGS_MODULE": "tests.settings",  # pages without hashed files; else as in public
        "SITE_URL": "https://benchlm.example",
        "ALLOWED_HOSTS": "benchlm.example,127.0.0.1",
        "SECRET_KEY": STRONG,
        "BEHIND_PROXY": "1",
    }
    run = {"cwd": ROOT, "env": environment}
    subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "-v0"], check=True, **run)
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
        with urlopen(f"http://127.0.0.1:{gunicorn}/healthz/", timeout=10) as response:
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


ODD = {
    "no host": b"GET /healthz/ HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.test\r\n\r\n",
    "foreign host": b"GET /healthz/ HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    "length and chunks": b"POST /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length of nonsense": b"POST /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
    "negative length": b"POST /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "odd chunk": b"POST /newsletter/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "trailers": b"POST /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: evil.test\r\n\r\n",
    "unknown coding": b"POST /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "bare line feed": b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\nX: y\r\n\r\n",
    "folded header": b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: y\r\n z\r\n\r\n",
    "space before the colon": b"GET /healthz/ HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
    "header of 100 kB": b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    "1,000 headers": b"GET /healthz/ HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 1_000 + b"\r\n",
    "line of 100 kB": b"GET /?" + b"y" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "endless line": b"y" * 300_000,
    "version of nonsense": b"GET /healthz/ HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/2 in the clear": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "nonsense": b"\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_request_is_refused_and_the_next_client_answered(gunicorn, name):
    with socket.create_connection(("127.0.0.1", gunicorn), timeout=5) as client:
        try:
            client.sendall(ODD[name])
            line = client.makefile("rb").readline()
        except ConnectionError:  # refused before all of it was sent
            line = b""
    assert line == b"" or 400 <= int(line.split()[1]) < 500 or line.split()[1] == b"501", line
    with urlopen(f"http://127.0.0.1:{gunicorn}/healthz/", timeout=10) as response:
        assert response.status == 200


def test_server_names_no_version(gunicorn):
    with urlopen(f"http://127.0.0.1:{gunicorn}/healthz/", timeout=10) as response:
        assert response.headers.get_all("Server") == ["gunicorn"]


# --- nginx in front -------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def proxy(gunicorn, tmp_path_factory) -> Iterator[tuple[int, int]]:
    """The ports of the example nginx, told to keep pages too."""
    if nginx.program() is None:
        pytest.skip("nginx is not installed")
    with nginx.running(tmp_path_factory.mktemp("nginx"), (gunicorn,), is_cached=True) as ports:
        yield ports


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, str]:
    """One request over TLS for benchlm.example."""
    trusting = ssl._create_unverified_context()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        trusting.wrap_socket(plain, server_hostname="benchlm.example") as secret,
    ):
        connection = http.client.HTTPConnection("benchlm.example")
        connection.sock = secret
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read().decode("utf-8", "replace")


HTMX = {"HX_Request": "true"}


def test_cache_in_front_never_takes_a_fragment_for_a_page(proxy):
    kinds = []
    for headers in ({}, HTMX, {}, HTMX, HTMX | {"HX_History_Restore_Request": "true"}, {"HX_Request": "yes"}):
        response, text = ask(proxy[1], "/leaderboard/", **headers)
        assert response.headers["Vary"] == "Accept-Encoding, HX-Request"
        kinds.append(f"{response.headers['X-Cache']} {'page' if text.startswith('<!DOCTYPE') else 'fragment'}")
    assert kinds == ["MISS page", "MISS fragment", "HIT page", "HIT fragment", "MISS page", "MISS page"]


def test_cache_in_front_keeps_no_private_page(proxy):
    for path in ("/newsletter/", "/admin/login/", "/healthz/"):
        assert [ask(proxy[1], path)[0].headers["X-Cache"] for _ in range(2)] in (["MISS"] * 2, [None] * 2)


def test_cache_in_front_sends_the_coding_that_the_client_takes(proxy):
    taken = {"br": "br", "gzip, br;q=0": "gzip", "deflate": None, "gzip;q=0": None}
    found = {each: ask(proxy[1], "/models/", Accept_Encoding=each)[0].headers["Content-Encoding"] for each in taken}
    assert found == taken


def test_proxy_leads_plain_http_to_https_and_knows_one_name(proxy):
    plain = http.client.HTTPConnection("127.0.0.1", proxy[0], timeout=10)
    plain.request("GET", "/models/?q=1", headers={"Host": "benchlm.example"})
    response = plain.getresponse()
    plain.close()
    assert (response.status, response.headers["Location"]) == (301, "https://benchlm.example/models/?q=1")
    stranger = http.client.HTTPConnection("127.0.0.1", proxy[0], timeout=10)
    stranger.request("GET", "/", headers={"Host": "evil.test"})
    with pytest.raises(http.client.RemoteDisconnected):
        stranger.getresponse()
    stranger.close()


def test_proxy_says_in_our_words_that_the_site_is_away(tmp_path):
    if nginx.program() is None:
        pytest.skip("nginx is not installed")
    with nginx.running(tmp_path, (nginx.free_port(),)) as ports:
        response, text = ask(ports[1], "/models/")
    assert (response.status, text) == (503, "The site is being restarted. Please try again in a moment.\n")
    wanted = {"Retry-After": "10", "Cache-Control": "no-store", "Server": "nginx", "X-Content-Type-Options": "nosniff"}
    assert {name: response.headers[name] for name in wanted} == wanted


# --- files to copy --------------------------------------------------------------------------------------------------
def test_example_of_nginx_is_correct_as_it_stands(tmp_path):
    if nginx.program() is None:
        pytest.skip("nginx is not installed")
    path = nginx.write(tmp_path, http=nginx.free_port(), https=nginx.free_port(), upstreams=(8000,))
    done = subprocess.run([nginx.program(), "-t", "-c", path], capture_output=True, text=True, check=False)
    assert (done.returncode, "[warn]" in done.stderr) == (0, False), done.stderr


def test_units_of_systemd_are_correct(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for path in (DEPLOY / "systemd").iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace("/srv/benchlm/.venv/bin/python", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.iterdir())], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "benchlm" in line]
    assert (ours, done.returncode) == ([], 0)


def test_units_and_image_start_commands_that_there_are():
    known = get_commands().keys()
    texts = [path.read_text() for path in ((DEPLOY / "systemd").iterdir())] + [(DEPLOY / "Containerfile").read_text()]
    started = {name for text in texts for name in re.findall(r"manage\.py (\w+)|benchlm@(\w+)\.service", text)}
    started = {name for pair in started for name in pair if name}
    assert started - known == set()
    assert started >= {"migrate", "collectstatic", "send_weekly", "expire_subscribers", "fit_abilities", "backup"}


def test_image_copies_what_there_is_and_all_that_the_site_needs():
    copied = re.findall(r"^COPY (?!--from)(\S+) ", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert set(copied) == {"requirements.txt", "manage.py", "benchlm", "comparisons", "templates", "static"}


def test_example_of_the_environment_is_a_public_site_without_fault(tmp_path):
    text = (DEPLOY / "environment.example").read_text()
    names = set(re.findall(r"^(?:# )?([A-Z_]+)=", text, re.MULTILINE))
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    assert [name for name in names if f"`{name}`" not in contributing] == []
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    variables = dict(line.split("=", 1) for line in lines)
    variables |= {"SECRET_KEY": STRONG, "STATE_DIR": str(tmp_path), "NEWSLETTER_POSTAL_ADDRESS": "1 Test Street"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "RELEASE": "test"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_processes_share_what_the_first_page_needs(site):
    with kept_connection():
        with CaptureQueriesContext(connection) as queries:
            path = warm_up()
        assert path == "/compare/claude-3-5-sonnet-vs-claude-3-7-sonnet/"  # the first two by slug
        assert len(queries) > 3
        assert asked_for(path) == "200 OK"
        assert asked_for("/nope/") == "404 Not Found"


@pytest.mark.parametrize("models", [LanguageModel.objects.none, lambda: LanguageModel.objects.filter(slug="gpt-4-1")])
def test_start_without_two_models_is_no_fault(site, monkeypatch, models):
    monkeypatch.setattr(LanguageModel.objects, "published", models)
    assert warm_up() == ""


def test_start_without_a_database_is_no_fault(site, monkeypatch, caplog):
    def refuse():
        raise OperationalError("no such table")

    monkeypatch.setattr(LanguageModel.objects, "published", refuse)
    assert warm_up() == ""
    assert caplog.records == []


def test_start_behind_a_proxy_asks_as_the_proxy_would(site, settings):
    settings.SECURE_SSL_REDIRECT, settings.SITE_URL = True, "https://benchlm.example"
    settings.ALLOWED_HOSTS = ["benchlm.example"]
    with kept_connection():
        assert asked_for("/privacy/") == "200 OK"
