"""The whole site in gunicorn, on a database of its own, over real connections: many at once, and what is left of a visitor."""

import base64
import ipaddress
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from tests.bench.machines import ROOT
from tests.bench.mail_world import Browser, served
from tests.newsletter_sink import Sink

pytestmark = pytest.mark.django_db  # sets the database up that `own_database` copies
PROXY_SAYS = ("198.51.100.77", "2001:db8:dead::77")  # visitors behind the proxy
PEER = "127.77.88.99"  # one who comes without it


@dataclass
class Site:
    port: int
    sink: Sink
    state: Path
    log: Path
    database: str
    form: Browser  # has had the sign-up form open for three seconds

    def browser(self, **options) -> Browser:
        return Browser(self.port, like=self.form, **options)

    def rows(self, query: str) -> list[tuple]:
        """What the database of the site holds."""
        if self.database.startswith("sqlite"):
            with closing(sqlite3.connect(self.database.removeprefix("sqlite:///"))) as reader:
                return reader.execute(query).fetchall()
        import psycopg

        with psycopg.connect(self.database) as reader:
            return reader.execute(query).fetchall()


@pytest.fixture(scope="module")
def site(own_database, tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("live")
    sink = Sink()
    sink.start()
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "STATE_DIR": str(folder / "state"),
        "DATABASE_URL": own_database,
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "SITE_URL": "https://benchlm.example",
        "ALLOWED_HOSTS": "benchlm.example",
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
        "NEWSLETTER_FROM": "weekly@benchlm.example",
        "NEWSLETTER_POSTAL_ADDRESS": "1 Test Street, Testville",
    }
    with served(environment, folder / "gunicorn.log") as port:
        form = Browser(port)
        form.open_form()
        time.sleep(3.1)
        yield Site(port, sink, folder / "state", folder / "gunicorn.log", own_database, form)
    sink.stop()


def at_once(number: int, task) -> list:
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(task, range(number)))


def mails_to(site: Site, email: str, number: int = 1) -> list:
    """The mails that an address got, once there are so many and a moment later."""
    ends_at = time.monotonic() + 10
    while site.sink.recipients.count(email) < number and time.monotonic() < ends_at:
        time.sleep(0.02)
    time.sleep(0.1)
    return [mail for mail in site.sink.mails if mail["To"] == email]


def link_in(mail, name: str) -> str:
    """The path of a link in a mail."""
    text = mail.get_body(("plain",)).get_content()
    return re.search(rf"https://benchlm\.example(/newsletter/{name}/\S+)", text)[1]


def test_one_new_address_fifty_times_at_once_is_one_row_and_one_mail(site):
    clients = [site.browser(visitor=f"203.0.113.{number}") for number in range(50)]
    assert set(at_once(50, lambda number: clients[number].sign_up("fifty@b.co"))) == {303}
    assert len(mails_to(site, "fifty@b.co")) == 1
    assert site.rows("SELECT email_key, status FROM newsletter_subscriber WHERE email = 'fifty@b.co'") == [
        ("fifty@b.co", "pending")
    ]


def test_twenty_confirmations_at_once_confirm_once(site):
    assert site.browser(visitor="203.0.113.99").sign_up("twenty@b.co") == 303
    (mail,) = mails_to(site, "twenty@b.co")
    confirm = link_in(mail, "confirm")
    clients = [Browser(site.port) for _ in range(20)]
    assert set(at_once(20, lambda number: clients[number].post(confirm))) == {303}
    ((status, confirmed, used),) = site.rows(
        "SELECT s.status, s.confirmed_at, t.used_at FROM newsletter_subscriber s JOIN newsletter_confirmtoken t"
        " ON t.subscriber_id = s.id WHERE s.email = 'twenty@b.co'"
    )
    assert (status, confirmed) == ("active", used)


def test_request_line_and_host_name_no_other_site(site):
    """An absolute target, and another host: answered for this site alone, or refused."""
    for target, host, status in (
        ("http://evil.example/newsletter/", "benchlm.example", 200),
        ("/newsletter/", "evil.example", 400),
    ):
        with socket.create_connection(("127.0.0.1", site.port)) as wire:
            wire.sendall(
                f"GET {target} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n".encode()
            )
            answer = b"".join(iter(lambda: wire.recv(65536), b"")).decode()
        assert (int(answer.split()[1]), "evil" in answer) == (status, False)


# --- what is left of a visitor --------------------------------------------------------------------------------------
def spellings(address: str) -> set[bytes]:
    """An address as text, packed, in hex and base64 and as plain digests of each: the ways by which one would find it again."""
    parsed = ipaddress.ip_address(address)
    texts = {address.encode(), parsed.exploded.encode(), parsed.packed}
    coded = {
        code(each)
        for each in texts
        for code in (bytes.hex, base64.b64encode, lambda each: base64.b64encode(each).rstrip(b"="))
    }
    digests = {kind(each) for kind in (md5, sha1, sha256) for each in texts}
    coded |= {found.hexdigest() for found in digests} | {base64.b64encode(found.digest()) for found in digests}
    return texts | {each.encode() if isinstance(each, str) else each for each in coded}


def test_flow_leaves_nothing_of_the_visitor_on_disk_in_logs_and_mails(site, tmp_path):
    """Sign up, look, confirm, data, refusals, a fault of ours, bad requests, leave; then every file is searched while the site runs."""
    links = []
    for number, visitor in enumerate((*PROXY_SAYS, PEER)):
        options = {"peer": PEER} if visitor == PEER else {"visitor": visitor}
        browser = site.browser(**options)
        if visitor == PEER:
            del browser.headers["X-Forwarded-For"]
        assert browser.sign_up(f"flow{number}@b.co") == 303
        (mail,) = mails_to(site, f"flow{number}@b.co")
        confirm, leave = link_in(mail, "confirm"), link_in(mail, "leave")
        links += [path.split("/")[3] for path in (confirm, leave)]
        assert [browser.ask("GET", path)[0] for path in ("/", confirm, leave, "/leaderboard/", "/nope/")] == [
            200
        ] * 4 + [404]
        assert browser.post(confirm) == 303
        assert browser.sign_up("not an address") == 422
        assert browser.ask("POST", "/newsletter/", "{}", **{"Content-Type": "application/json"})[0] == 415
        assert browser.ask("GET", "/newsletter/", Host="evil.example")[0] == 400
        assert browser.ask("BREW", "/")[0] == 405
        assert {browser.sign_up(f"more{number}-{n}@m{n}.example.org") for n in range(12)} == {303, 429}
        assert browser.post(leave) == 200
    spoil_a_counter(site)
    browser = site.browser(visitor=PROXY_SAYS[0].replace("77", "78"))
    browser.headers["X-Forwarded-For"] = f"{PROXY_SAYS[0]}, 198.51.100.200"
    assert browser.sign_up("fault@b.co") == 500
    for bad in (
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", site.port), source_address=(PEER, 0)) as wire:
            wire.sendall(bad)
            wire.settimeout(5)
            wire.recv(65536)
    time.sleep(0.2)
    found = {path: path.read_bytes() for path in [site.log, *site.state.rglob("*")] if path.is_file()}
    found |= {f"mail {number}": raw for number, (_, raw) in enumerate(site.sink.accepted)}
    found |= database_bytes(site, tmp_path)
    log = found[site.log].decode()
    assert ("Traceback" in log, log.count("Invalid request from"), [link for link in links if link in log]) == (
        True,
        4,
        [],
    )
    hits = [
        (str(name), mark)
        for name, raw in found.items()
        for visitor in (*PROXY_SAYS, PEER)
        for mark in spellings(visitor)
        if mark in raw
    ]
    assert hits == []
    assert [str(name) for name, raw in found.items() if "mail" not in str(name) and b"fault@b.co" in raw] == []
    assert site.rows("SELECT email, email_key FROM newsletter_subscriber WHERE email LIKE 'flow%'") == []


def spoil_a_counter(site: Site) -> None:
    """What the sign-up then reads is of another kind: a fault that nobody foresaw."""
    statement = "UPDATE newsletter_limit SET hits = '\"x\"'"
    if site.database.startswith("sqlite"):
        with closing(sqlite3.connect(site.database.removeprefix("sqlite:///"))) as writer:
            writer.execute(statement)
            writer.commit()
        return
    import psycopg

    with psycopg.connect(site.database) as writer:
        writer.execute(statement)


def database_bytes(site: Site, folder: Path) -> dict[str, bytes]:
    """The database as it lies on the disk, its log, and a backup of it."""
    if site.database.startswith("sqlite"):
        path = Path(site.database.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(folder / "backup")) as backup:
            source.backup(backup)
        return {
            name: Path(name).read_bytes()
            for name in (f"{path}", f"{path}-wal", f"{folder / 'backup'}")
            if Path(name).exists()
        }
    names = [name for (name,) in site.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return {name: repr(site.rows(f'SELECT * FROM "{name}"')).encode() for name in names}


# --- everybody writes -----------------------------------------------------------------------------------------------
def test_writers_sender_and_import_wait_for_each_other(own_database):
    """tests/bench/write_load.py has it for a minute, with the times."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.write_load", "given", "2", "60"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": own_database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert [
        figures[name] for name in ("unexpected answers", "commands that failed", "database is locked", "tracebacks")
    ] == ["0"] * 4
    assert int(figures["writes"]) >= 8
