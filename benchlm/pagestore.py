"""Finished pages: the first middleware answers public pages from compressed bodies, or builds and keeps them. What is kept needs no
Django to be answered: `in_front` does so before a request gets there.

What is kept is a pure function of its key. A page is built from a request made for the purpose, which carries nothing of the
visitor's own but the validated Host, so that no header of one visitor can colour what the next one gets.
"""

from __future__ import annotations

import gzip
import logging
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from typing import NamedTuple

import brotli
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest, get_path_info
from django.db import Error
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.gzip import GZipMiddleware
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.http import parse_etags

from comparisons import bills, forms, freshness
from comparisons.responses import validator

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
Application = Callable[[dict[str, object], Callable], Iterable[bytes]]

# Routes whose pages are kept, with the parameters of which each value is a page of its own.
COMPARISON = ("show", "rows", "reading", "sources", "flip")
ROUTES = {
    "home": (),
    "compare": COMPARISON,
    "compare_twin": COMPARISON,
    "leaderboard": ("reading",),
    "leaderboard_twin": ("reading",),
    "leaderboard_category": ("reading",),
    "leaderboard_category_twin": ("reading",),
    "models": (),
    "model": (),
    "model_twin": (),
    "benchmarks": (),
    "benchmark": (),
    "benchmark_twin": (),
    "pricing": (),
    "shortlist": (),
    "methodology": (),
    "changes": (),
    "changes_twin": (),
    "changes_feed": (),
    "model_feed": (),
    "pair_feed": (),
    "data": (),
    "data_table": (),
    "catalogue": (),
    "schema": (),
    "privacy": (),
}
# Parameters that pages read and that have too many values to keep: rendered live. Any other parameter changes nothing.
LIVE = {"w", "open", "as_of", "since", "preview", *bills.FIELDS}.union(
    *(form.base_fields for form in (forms.LeaderboardForm, forms.PricingForm, forms.FloorForm))
)

WAIT_SECONDS = 2.0  # for another thread that is building the same page
LONGEST_PATH = 400
KEPT_VARY = {"accept-encoding", "hx-request"}
TEXTUAL = ("text/", "application/json", "application/atom+xml", "application/xml", "image/svg+xml")
OF_304 = {"Content-Security-Policy"}  # of the headers that begin with Content-
SMALLEST_COMPRESSED = 200
LARGEST_DENSE = 40_000  # bytes as gzip; a tenth of a second of a processor
OVERHEAD = 2_000  # bytes in memory of one page beside its bodies: a careful guess
SHARED_SECONDS, SHARED_REST = 86_400, 5.0


class Page(NamedTuple):
    """One finished answer. Bodies by content coding; a page that is not worth compressing has only the plain one ("")."""

    headers: tuple[tuple[str, str], ...]  # without length and coding
    etag: str
    bodies: dict[str, bytes]
    is_dense: bool = False  # the brotli body is as small as it gets

    @property
    def size(self) -> int:
        return OVERHEAD + sum(map(len, self.bodies.values()))


class Reply(NamedTuple):
    """What goes over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Key(NamedTuple):
    version: str
    day: str
    path: str
    query: str
    is_fragment: bool
    is_secure: bool


class Memory:
    """Pages of this process, the least recently used dropped first, never more than `most` bytes."""

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Key) -> Page | None:
        with self.lock:
            page = self.pages.get(key)
            if page:
                self.pages.move_to_end(key)
        return page

    def put(self, key: Key, page: Page) -> None:
        with self.lock:
            self._drop(key)
            self.pages[key] = page
            self.held += page.size
            while self.held > self.most:
                self._drop(next(iter(self.pages)))

    def clear(self) -> None:
        with self.lock:
            self.pages.clear()
            self.held = 0

    def _drop(self, key: Key) -> None:
        page = self.pages.pop(key, None)
        if page:
            self.held -= page.size


memory = Memory(settings.PAGE_STORE_MB * 1_000_000)
_building: dict[Key, threading.Event] = {}
_building_lock = threading.Lock()


def page_store(get_response: GetResponse) -> GetResponse:
    """Answer GET and HEAD of the named routes from finished bodies."""
    compress_live = GZipMiddleware(get_response).process_response

    def respond(request: HttpRequest) -> HttpResponse:
        key = key_of(request) if memory.most and request.method in ("GET", "HEAD") else None
        if key is None:
            return get_response(request)
        page = memory.get(key)
        if page is None:
            tags = request.META.get("HTTP_IF_NONE_MATCH", "")
            if tags and is_current(tags, validator(*key[:5])):  # the view says so without making the page
                return get_response(request)
            page = shared(key) or built(key, lambda: get_response(clean(request, key)))
        if isinstance(page, HttpResponse):
            return compress_live(request, page)
        return answer(key, page, request)

    return respond


def in_front(application: Application) -> Application:
    """A WSGI application that answers kept pages itself and leaves all else, the database among it, to the one behind it."""

    def respond(environ: dict[str, object], start_response: Callable) -> Iterable[bytes]:
        reply = kept_reply(environ) if memory.most else None
        if reply is None:
            return application(environ, start_response)
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.headers)
        return [reply.body]

    return respond


def kept_reply(environ: dict[str, object]) -> Reply | None:
    """What answers a request; None where the page is not kept, or where only the database can say so."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or read_by(get_path_info(environ)) is None:
        return None
    version = freshness.known_now()
    key = key_of(WSGIRequest(environ.copy()), version) if version else None  # it decodes the path in what it is given
    page = memory.get(key) if key else None
    return reply_of(key, page, environ) if page else None


# --- which page it is -----------------------------------------------------------------------------------------------
def key_of(request: HttpRequest, version: str | None = None) -> Key | None:
    """What identifies the page that is asked for, of the catalogue's version if none is given; None where it is not one to keep."""
    read = read_by(request.path_info)
    if read is None or (settings.SECURE_SSL_REDIRECT and not request.is_secure()):
        return None
    try:
        request.get_host()
        query = kept_query(request.GET, read) if request.META.get("QUERY_STRING") else ""
        version = version or freshness.version()
    except SuspiciousOperation:
        return None
    except Error:
        version = freshness.last_known()
    if query is None or version is None:
        return None
    meta = request.META
    is_fragment = meta.get("HTTP_HX_REQUEST") == "true"
    if is_fragment and meta.get("HTTP_HX_HISTORY_RESTORE_REQUEST") == "true":
        return None
    return Key(version, timezone.localdate().isoformat(), request.path, query, is_fragment, request.is_secure())


def read_by(path: str) -> tuple[str, ...] | None:
    """The parameters that the kept page at a path reads; None where nothing is kept."""
    return _read_by(path) if len(path) <= LONGEST_PATH else None


@lru_cache(maxsize=4_096)
def _read_by(path: str) -> tuple[str, ...] | None:
    try:
        return ROUTES.get(resolve(path).view_name)
    except Resolver404:
        return None


def kept_query(given: QueryDict, read: tuple[str, ...]) -> str | None:
    """The parameters that matter, in one order and without defaults and nonsense; None where the page is rendered live."""
    if any(name in LIVE or name.startswith("w_") for name in given):
        return None
    chosen = [(name, given[name]) for name in read if given.get(name, "") in forms.DISPLAY[name]]
    return "&".join(f"{name}={value}" for name, value in chosen)


# --- building -------------------------------------------------------------------------------------------------------
def clean(request: HttpRequest, key: Key) -> HttpRequest:
    """The same question asked by nobody in particular."""
    environ = {name: value for name, value in request.META.items() if name.startswith(("wsgi.", "SERVER_"))}
    environ["PATH_INFO"] = request.path_info.encode().decode("latin-1")  # as servers hand it over (PEP 3333)
    says_https = (settings.SECURE_PROXY_SSL_HEADER or ("",))[0]
    for name in ("SCRIPT_NAME", "QUERY_STRING", "HTTP_HOST", says_https):
        if name in request.META:
            environ[name] = request.META[name]
    if key.is_fragment:
        environ["HTTP_HX_REQUEST"] = "true"
    asked = WSGIRequest(environ | {"REQUEST_METHOD": "GET", "wsgi.input": BytesIO()})
    asked.GET = QueryDict(key.query)  # a redirect keeps the whole query, which stands in META
    return asked


def built(key: Key, build: Callable[[], HttpResponse]) -> Page | HttpResponse:
    """The page, kept from now on; or the response where it is not one to keep.

    One thread builds, others wait for it a bounded time and then build too: nobody queues behind a dead one.
    """
    with _building_lock:
        done = _building.get(key)
        if done is None:
            _building[key] = mine = threading.Event()
    if done is not None:
        done.wait(WAIT_SECONDS)
        return memory.get(key) or kept(key, build())
    try:
        return kept(key, build())
    finally:
        with _building_lock:
            _building.pop(key, None)
        mine.set()


def kept(key: Key, response: HttpResponse) -> Page | HttpResponse:
    page = finished(response)
    if page is None:
        return response
    memory.put(key, page)
    share(key, page)
    return page


def finished(response: HttpResponse) -> Page | None:
    """The page of a response that anybody may get: 200, public, without cookie, the same for all but the two headers that we key by."""
    vary = {name.strip().lower() for name in response.get("Vary", "").split(",") if name.strip()}
    control = response.get("Cache-Control", "")
    is_public = "public" in control and "no-store" not in control and "private" not in control
    if response.status_code != 200 or response.streaming or response.cookies or not is_public or vary - KEPT_VARY:
        return None
    if response.has_header("Content-Encoding") or not response.has_header("ETag"):
        return None
    body = response.content
    headers = tuple((name, value) for name, value in response.items() if name not in ("Content-Length", "ETag", "Vary"))
    is_text = response.get("Content-Type", "").startswith(TEXTUAL) and len(body) >= SMALLEST_COMPRESSED
    bodies = {"gzip": gzip.compress(body, 6, mtime=0)} if is_text else {"": body}
    vary_line = ("Vary", "Accept-Encoding, HX-Request")
    return Page((*headers, vary_line), response["ETag"], bodies)


# --- answering ------------------------------------------------------------------------------------------------------
def answer(key: Key, page: Page, request: HttpRequest) -> HttpResponse:
    """The reply as a response of Django."""
    reply = reply_of(key, page, request.META)
    response = HttpResponse(reply.body, status=reply.status)
    del response.headers["Content-Type"]
    for name, value in reply.headers:
        response.headers[name] = value
    return response


def reply_of(key: Key, page: Page, meta: dict[str, object]) -> Reply:
    """The page as this client takes it, or 304 where it has it already."""
    tags = meta.get("HTTP_IF_NONE_MATCH")
    if tags and is_current(tags, page.etag):
        headers = [(name, value) for name, value in page.headers if name in OF_304 or not name.startswith("Content-")]
        return Reply(304, [*headers, ("ETag", page.etag)], b"")
    coding = chosen_coding(meta.get("HTTP_ACCEPT_ENCODING", "")[:200]) if "gzip" in page.bodies else ""
    body = coded(key, page, coding)
    headers = [*page.headers, ("ETag", page.etag), ("Content-Length", str(len(body)))]
    if coding:
        headers.append(("Content-Encoding", coding))
    return Reply(200, headers, b"" if meta["REQUEST_METHOD"].upper() == "HEAD" else body)


def coded(key: Key, page: Page, coding: str) -> bytes:
    """The body in a coding. Brotli is made, and kept from then on, for the first client that takes it: quickly, and for
    the second one, since the page will be asked for again, a tenth smaller in fifty times the time."""
    is_known = coding in page.bodies
    if is_known and (coding != "br" or page.is_dense or len(page.bodies["gzip"]) > LARGEST_DENSE):
        return page.bodies[coding]
    plain = zlib.decompress(page.bodies["gzip"], wbits=31)
    if not coding:
        return plain
    if is_known:
        memory.put(key, page._replace(is_dense=True))  # nobody else begins the same
    body = brotli.compress(plain, quality=11 if is_known else 5)
    memory.put(key, page._replace(bodies=page.bodies | {coding: body}, is_dense=is_known))
    return body


def is_current(tags: str, etag: str) -> bool:
    """Whether If-None-Match names the page, by weak comparison (RFC 9110, 13.1.2)."""
    if tags == etag:
        return True
    named = parse_etags(tags[:4_000])
    return "*" in named or etag in named or etag.removeprefix("W/") in named


@lru_cache(maxsize=256)
def chosen_coding(accepted: str) -> str:
    """The smallest of our codings that an Accept-Encoding allows; plain where it allows none."""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, q = part.partition(";")
        try:
            weights[name.strip()] = float(q.partition("=")[2]) if q else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return next((name for name in ("br", "gzip") if weights.get(name, weights.get("*", 0.0)) > 0), "")


# --- several machines -----------------------------------------------------------------------------------------------
_rest_until = 0.0


def shared(key: Key) -> Page | None:
    """The page as another process built it, where CACHE_URL names a cache that processes share."""
    found = _ask_cache("get", name_of(key))
    if found is None:
        return None
    page = Page(*found)
    memory.put(key, page)
    return page


def share(key: Key, page: Page) -> None:
    _ask_cache("set", name_of(key), tuple(page), SHARED_SECONDS)


def name_of(key: Key) -> str:
    return f"page:{sha256(repr((settings.RELEASE, key)).encode()).hexdigest()}"


def _ask_cache(do: str, *arguments: object) -> object:
    """A cache that fails is left alone for a while: pages do not wait for it."""
    global _rest_until
    if not settings.HAS_SHARED_CACHE or time.monotonic() < _rest_until:
        return None
    try:
        return getattr(cache, do)(*arguments)
    except Exception:  # of whichever client CACHE_URL brings
        _rest_until = time.monotonic() + SHARED_REST
        logger.warning(
            "the shared cache does not answer; pages are built here for %d seconds", SHARED_REST, exc_info=True
        )
        return None
