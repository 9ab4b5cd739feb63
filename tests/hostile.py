"""Requests that somebody might send to break something: every address of the site, every parameter, odd bytes everywhere."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from urllib.parse import quote

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver

from benchlm.pagestore import Reply, kept_reply

# Already encoded, as they stand in a request line.
PIECES = [
    "%00", "%ED%A0%80", "%FF", "%C0%AF", "%", "%zz", "%u0000", "..%2f", "../", "..%5c", "%2e%2e/", "//", ";", ";x=1", "%0d%0aX-Evil:%201",
    "%E2%80%AE", "%F0%9F%98%80", "%EF%BB%BF", "%C2%A0", "-vs-", "vs", "-", "--", "options", "a" * 80, "a" * 401, "x" * 4_000, "9" * 5_000,
    "%27%3B%20drop%20table", "%22%3E%3Cscript%3E", "{{7*7}}", "{%25load%25}", "$(id)", "%7C%7Cid", "gpt-4-1", "gemma-4-31b", "GPT-4-1", "coding",
    "gpqa", "scores", "gpt-4-1-vs-gemma-4-31b", "gemma-4-31b-vs-gpt-4-1", "a-vs-b-vs-c-vs-d-vs-e", "-vs-" * 60, "2026-W47", "2026-W53", "1", "0",
    "-1", "10000000000000000000000", "None", "nan", ".json", ".csv", ".md", ".png", "index.php", ".env", "wp-login.php",
]  # fmt: skip
VALUES = [
    *PIECES, "", "NaN", "Infinity", "-Infinity", "sNaN", "1e999999", "-1e999999", "1e-999999", "-0", "0x10", "1,5", "1_000", "%D9%A1%D9%A2", "true",
    "__class__", "-" * 1_000, "password", "-password", "%25" * 1_000, "_" * 1_000, "%5C" * 500, "*" * 200, "(" * 200, "coding:3", "coding:3,reasoning:2",
    "coding:", ":", ",", "coding:-1", "coding:99999999999999999999", "coding:3:4", "coding:%D9%A3", "all", "shared", "gap", "diff", "confirmed",
    "independent", "tested", "yes", "open", "128000", "2026-11-01", "2026-13-99", "0001-01-01", "9999-12-31", "now", "a%20vs%20b", "vs", "gpt",
    "x%20" * 400, "//evil.test", "/%5cevil.test", "https:evil.test", "javascript:alert(1)", "%08//evil.test", "%00" * 50,
]  # fmt: skip
NAMES = [
    "show", "rows", "sources", "flip", "reading", "open", "w", "w_coding", "w_", "in", "out", "cached", "calls", "think", "as_of", "since", "preview", "a", "b",
    "c", "d", "more", "q", "sort", "creator", "weights", "reasoning", "context", "price", "category", "average", "benchmark", "score", "licence",
    "modality", "within", "most", "email", "next", "page", "p", "o", "e", "_popup", "_to_field", "all", "id__in", "name__bogus", "password__startswith",
    "List-Unsubscribe", "confirm", "stamp", "csrfmiddlewaretoken", "utm_source", "%00", "%FF", "__proto__", "a[]", "%20",
]  # fmt: skip
METHODS = ["GET"] * 40 + [
    "HEAD",
    "HEAD",
    "POST",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "BREW",
    "get",
    "PROPFIND",
]
HEADERS = {
    "HTTP_HOST": ["testserver", "127.0.0.1", "evil.test", "127.0.0.1:99999", "127.0.0.1:x", "[::1", "[::1]:8000", "a b", "", "127.0.0.1, evil.test", "\xff", "x" * 300],
    "HTTP_HX_REQUEST": ["true", "false", "True", "1", "\xff"],
    "HTTP_HX_HISTORY_RESTORE_REQUEST": ["true", "x"],
    "HTTP_HX_CURRENT_URL": ["https://evil.test/", "//[", "\xff", "x" * 4_000, "http://[::1"],
    "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": ["true"],
    "HTTP_HX_TARGET": ["x", "\xff"],
    "HTTP_HX_TARGET_URI_AUTOENCODED": ["true"],
    "HTTP_HX_TRIGGERING_EVENT": ["{", "null", "[]", '{"a":' * 2_000, "\xff"],
    "HTTP_ACCEPT_ENCODING": ["gzip", "br", "*", "gzip;q=0", "identity;q=0", "gzip;q=x", "," * 2_000, "\xff", "gzip, " * 500],
    "HTTP_ACCEPT": ["text/html", "application/json", "*/*;q=x", ";" * 500, "\xff"],
    "HTTP_ACCEPT_LANGUAGE": ["de", "xx-" * 200, "*", "\xff"],
    "HTTP_COOKIE": ["sessionid=x", 'sessionid="\\000"', "sessionid=" + "x" * 3_000, "csrftoken=\xff", "messages=x", "a=b;" * 900, "=;=", 'csrftoken="\\000\\377"'],
    "HTTP_IF_NONE_MATCH": ["*", '"x"', "x", '"' * 3_000, 'W/"', "\xff"],
    "HTTP_IF_MODIFIED_SINCE": ["Thu, 01 Jan 1970 00:00:00 GMT", "x", "Thu, 99 Jan 99999 00:00:00 GMT"],
    "HTTP_RANGE": ["bytes=0-1", "bytes=9-1", "bytes=" + "0-1," * 500, "x"],
    "HTTP_REFERER": ["https://evil.test/", "\xff", "//["],
    "HTTP_ORIGIN": ["null", "https://evil.test", "\xff", "http://["],
    "HTTP_X_FORWARDED_FOR": ["198.51.100.77", "x," * 500, "::1%eth0", "\xff"],
    "HTTP_X_FORWARDED_HOST": ["evil.test"],
    "HTTP_X_FORWARDED_PROTO": ["https", "x"],
    "HTTP_X_REQUEST_ID": ["x" * 3_000, "\xff", "a b", "0123456789abcdef"],
    "HTTP_X_HTTP_METHOD_OVERRIDE": ["DELETE"],
    "HTTP_TRANSFER_ENCODING": ["chunked", "x"],
    "HTTP_AUTHORIZATION": ["Basic eA==", "Bearer x", "\xff"],
    "REMOTE_ADDR": ["198.51.100.77", "::1", "", "x", "fe80::1%eth0"],
    "QUERY_STRING": ["&" * 3_000, "=" * 1_000, "&".join(f"p{n}=1" for n in range(1_001)), "q=1&" * 500, "a&b&c", "%%%", "\xff=\xff", ";" * 500, "x" * 8_000],
}  # fmt: skip
BODIES = [
    ("application/x-www-form-urlencoded", b""),
    ("application/x-www-form-urlencoded", b"email=a%40b.co&stamp=x"),
    ("application/x-www-form-urlencoded", b"email=%00&%00=%FF"),
    ("application/x-www-form-urlencoded", b"&".join(b"p%d=1" % n for n in range(6_000))),
    ("application/x-www-form-urlencoded", b"x=" + b"y" * 3_000_000),
    ("application/x-www-form-urlencoded; charset=bogus", b"email=x"),
    ("application/x-www-form-urlencoded; charset=latin-1", b"email=\xe9"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"email=+AGE-"),
    ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=", b"x"),
    ("multipart/form-data; boundary=x; charset=bogus", b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na\r\n--x--\r\n'),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="email"'),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"; filename="\x00"\r\n\r\na\r\n' * 101 + b"--x--\r\n"),
    ("multipart/form-data; boundary=" + "x" * 400, b"x"),
    ("multipart/form-data; boundary=\xff", b"x"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name=a\r\n\r\n!\r\n--x--\r\n"),
    ("application/json", b'{"email": "a@b.co"}'),
    ("application/json", b"[" * 50_000),
    ("text/plain", b"x"),
    ("\xff", b"x"),
    ("", b"x"),
]  # fmt: skip


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # encoded
    query: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def environ(self) -> dict:
        raw = re.sub(
            rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), self.path.encode("latin-1", "replace")
        )
        return {
            "REQUEST_METHOD": self.method,
            "PATH_INFO": raw.decode("latin-1"),
            "QUERY_STRING": self.query,
            "SCRIPT_NAME": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "testserver",
            "CONTENT_LENGTH": str(len(self.body)) if self.body else "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(self.body),
            "wsgi.errors": BytesIO(),
            "wsgi.multiprocess": False,
            "wsgi.multithread": True,
            "wsgi.run_once": False,
        } | self.headers  # fmt: skip


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float
    early: Reply | None  # what was said before Django was asked


@contextmanager
def kept_connection() -> Iterator[None]:
    """The database connection, which belongs to the test, outlives a request."""
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@cache
def handler(has_csrf_checks: bool) -> ClientHandler:
    return ClientHandler(enforce_csrf_checks=has_csrf_checks)


def ask(asked: Asked, *, has_csrf_checks: bool = True) -> Answer:
    """The whole site's answer, all middleware included."""
    started = time.perf_counter()
    environ = asked.environ()
    early = kept_reply(environ)
    response = handler(has_csrf_checks)(environ)
    body = b"".join(response) if response.streaming else response.content
    with kept_connection():
        response.close()
    return Answer(response.status_code, dict(response.items()), body, time.perf_counter() - started, early)


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address pattern of the site, with `{}` where something can be filled in."""
    for each in (resolver or get_resolver()).url_patterns:
        text = before + re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|<[^>]*>", "{}", str(each.pattern)).lstrip(
            "^"
        ).replace("\\Z", "").replace("\\.", ".")
        if isinstance(each, URLPattern):
            yield "/" + text.rstrip("$")
        else:
            yield from routes(each, text)


def filled(route: str, pick: random.Random) -> str:
    while "{}" in route:
        route = route.replace("{}", pick.choice(PIECES), 1)
    return route


def requests(seed: int) -> Iterator[Asked]:
    """Without end, each seed its own; half of them are plain GETs of a page with odd parameters."""
    pick = random.Random(seed)
    known = list(dict.fromkeys([*routes(), f"/{settings.STATIC_URL.strip('/')}/{{}}", "/{}", "/{}/{}/"]))
    ours = [route for route in known if not route.startswith("/" + settings.ADMIN_PATH)]
    while True:
        path = filled(pick.choice(ours if pick.random() < 0.8 else known), pick)
        if pick.random() < 0.1:
            path = path.rstrip("/") + pick.choice(["", "/", "//", pick.choice(PIECES)])
        query = "&".join(f"{pick.choice(NAMES)}={pick.choice(VALUES)}" for _ in range(pick.choice((0, 0, 1, 1, 2, 4))))
        method, headers, body = pick.choice(METHODS), {}, b""
        for _ in range(pick.choice((0, 0, 0, 1, 2))):
            name = pick.choice(list(HEADERS))
            headers[name] = pick.choice(HEADERS[name])
        query = headers.pop("QUERY_STRING", query)
        if method == "POST" or pick.random() < 0.02:
            headers["CONTENT_TYPE"], body = pick.choice(BODIES)
            if pick.random() < 0.05:
                headers["CONTENT_LENGTH"] = pick.choice(["x", "-1", "9" * 5_000, "99999999999", "1"])
        yield Asked(method, path, quote(query, safe="%&=;[]{}+,:/_-*()\xff$"), headers, body)


def faults(asked: Asked, answer: Answer) -> list[str]:
    """What is wrong with an answer, whatever was asked."""
    found = []
    if answer.status >= 500:
        found.append(f"status {answer.status}")
    if answer.status == 405 and not re.fullmatch(r"[A-Z]+(, [A-Z]+)*", answer.headers.get("Allow", "")):
        found.append("405 without Allow")
    if asked.method.upper() not in ("GET", "HEAD", "POST") and answer.status not in (400, 403, 405, 413, 414):
        found.append(f"{asked.method} answered {answer.status}")
    if "Content-Security-Policy" not in answer.headers or "evil" in "".join(
        value for name, value in answer.headers.items() if name != "Location"
    ):
        found.append("headers")
    if answer.headers.get("Location", "").replace("\\", "/").startswith(("//", "https:", "javascript:")):
        found.append(f"leads to {answer.headers['Location']}")
    if any("\n" in value or "\r" in value for value in answer.headers.values()):
        found.append("split header")
    if answer.early and (answer.early.status, without_length(dict(answer.early.headers))) != (
        answer.status,
        without_length(answer.headers),
    ):
        found.append("the page in front differs")
    return found


def without_length(headers: dict[str, str]) -> dict[str, str]:
    """A page is smaller as brotli for whoever asks again."""
    return {name: value for name, value in headers.items() if name != "Content-Length"}
