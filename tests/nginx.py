"""nginx with the example of benchlm/deploy, on ports of its own: for tests and benchmarks."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.machines import free_port

EXAMPLE = Path(__file__).parents[1] / "benchlm" / "deploy" / "nginx.conf"
CERTIFICATE = Path(__file__).parent / "fixtures" / "mail_server.pem"  # and its key
AROUND = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/log warn;
worker_processes {workers};
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    {temporary}
    include {folder}/benchlm.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def write(
    folder: Path,
    *,
    http: int,
    https: int,
    upstreams: tuple[int, ...],
    is_cached: bool = False,
    workers: int = 1,
    certificate: Path = CERTIFICATE,
) -> Path:
    """The example with its certificate, ports and folders replaced by ours, inside a whole configuration; its path."""
    text = EXAMPLE.read_text()
    servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;" for port in upstreams)
    for old, new in (
        ("    server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;", servers),
        ("/etc/ssl/benchlm/fullchain.pem", str(certificate)),
        ("/etc/ssl/benchlm/privkey.pem", str(certificate)),
        ("/var/log/nginx/benchlm.log", f"{folder}/log"),
        ("/var/cache/nginx-benchlm", f"{folder}/cache"),
        ("listen 80", f"listen 127.0.0.1:{http}"),
        ("listen 443", f"listen 127.0.0.1:{https}"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    if is_cached:
        assert "# proxy_cache benchlm;" in text
        text = text.replace("# proxy_cache benchlm;", "proxy_cache benchlm; add_header X-Cache $upstream_cache_status;")
    (folder / "benchlm.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    path = folder / "nginx.conf"
    path.write_text(AROUND.format(user=user, folder=folder, temporary=temporary, workers=workers))
    return path


def program() -> str | None:
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running(folder: Path, upstreams: tuple[int, ...], **options) -> Iterator[tuple[int, int]]:
    """The ports for http and https of an nginx in front of these ports."""
    http, https = free_port(), free_port()
    configuration = write(folder, http=http, https=https, upstreams=upstreams, **options)
    server = subprocess.Popen([program(), "-p", str(folder), "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if server.poll() is not None or probe.connect_ex(("127.0.0.1", https)) == 0:
                    break
            time.sleep(0.05)
        assert server.poll() is None, (folder / "log").read_text()
        yield http, https
    finally:
        server.terminate()
        server.wait(timeout=20)
