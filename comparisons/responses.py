"""How a public page answers, whatever is on it: cached and revalidated, whole or as a panel."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from comparisons import freshness
from comparisons.links import TWINS

MOST_BYTES = 16 * 1024  # of a form that anybody may send
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page anyone may cache and revalidate: GET and HEAD only, no cookie, an ETag.

    A view that also answers with twins of its page takes `twin`, the suffix of what was asked for; empty is the page itself.
    """

    @csrf_exempt  # nothing can be posted: the answer to that is 405, whatever the token
    @require_safe
    @wraps(view)
    def respond(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        day = timezone.localdate().isoformat()
        tag = validator(freshness.version(), day, request.path, request.GET.urlencode(), wants_fragment(request))
        response = get_conditional_response(request, etag=tag) or view(request, *args, **kwargs)
        if response.status_code in (200, 304):
            response.headers["ETag"] = tag
            response.headers["Cache-Control"] = "public, max-age=0, must-revalidate, s-maxage=60"
        if request.htmx.history_restore_request:  # a whole page in answer to a header that shared caches do not key by
            response.headers["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Accept-Encoding", "HX-Request"])
        if kwargs.get("twin"):
            open_to_all(response)
        return response

    return respond


def validator(version: str, day: str, path: str, query: str, is_fragment: bool) -> str:
    """The ETag of a page: of the release, the catalogue version, the day (offers begin and end), the address and the form.

    A weak one, since it is the same for every content coding.
    """
    whole = repr((settings.RELEASE, version, day, path, query, is_fragment))
    return f'W/"{sha256(whole.encode(errors="surrogatepass")).hexdigest()[:24]}"'


def private(view: View) -> View:
    """A response for one person: kept by no cache, found by no search engine, and its address told to nobody."""

    @wraps(view)
    def respond(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store, private"
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return respond


def length(request: HttpRequest) -> int:
    stated = request.META.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isdecimal() and len(stated) < 20 else 0


def refused_body(request: HttpRequest) -> HttpResponse | None:
    """The answer to a form that is too large or none at all, before anything of it is read; None for a proper one."""
    if request.method == "POST" and length(request) > MOST_BYTES:
        return HttpResponse("Too large.", status=413, content_type="text/plain")
    if request.method == "POST" and request.content_type not in FORM_TYPES:
        return HttpResponse("Send the form itself.", status=415, content_type="text/plain")
    return None


def form_answer(request: HttpRequest, page: str, box: str, context: dict, status: int = 200) -> HttpResponse:
    """A page around a form, or for htmx the form alone."""
    response = render(request, box if request.htmx else page, context, status=status)
    # Under no-referrer a form is sent with Origin: null, and refused.
    response.headers["Referrer-Policy"] = "same-origin"
    patch_vary_headers(response, ["HX-Request"])
    return response


def open_to_all(response: HttpResponse) -> HttpResponse:
    """A file for programs: anyone's page may read it, and search engines list the page that it belongs to."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def wants_fragment(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request


INDENTATION = re.compile(rb"\n\s+")  # that of the templates: no panel holds text whose lines count


def show(
    request: HttpRequest,
    template: str,
    fragment: str,
    context: dict,
    address: str,
    days: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The page, or for htmx the panel alone with title and announcement; the address of its state is then pushed.

    `days` are those that links and controls keep.
    """
    days = days or {}
    is_fragment = wants_fragment(request)
    printed = render(request, "fragment.html" if is_fragment else template, {**context, "fragment": fragment})
    response = keep_days(printed, days)
    response.content = INDENTATION.sub(b"\n", response.content)
    return push_url(response, with_days(address, days)) if is_fragment else response


# --- the days that an address names ---------------------------------------------------------------------------------
# Every page under these has an earlier day (as_of), every comparison also what changed since one. A list has neither.
DATED = {"as_of": ("compare", "leaderboard", "models", "benchmarks"), "since": ("compare",)}
UNDATED = ("/models/", "/benchmarks/")
TAG = re.compile(r"<(a|form)\b[^>]*>")
ADDRESS = re.compile(r'\b(href|data-hx-get|action)="(/[^"]*)"')


def keep_days(response: HttpResponse, days: Mapping[str, str]) -> HttpResponse:
    """Every link and form of a page that names a day leads to pages of that day. Absolute addresses stay as they are."""
    if days:
        response.content = TAG.sub(lambda found: _tag_with_days(found, days), response.content.decode())
    return response


def _tag_with_days(found: re.Match, days: Mapping[str, str]) -> str:
    tag = found[0]
    if found[1] == "a":
        return ADDRESS.sub(lambda part: f'{part[1]}="{with_days(part[2], days, "&amp;")}"', tag)
    action = next((part[2] for part in ADDRESS.finditer(tag) if part[1] == "action"), "")
    fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in _kept(action, days))
    return tag + fields


def with_days(address: str, days: Mapping[str, str], separator: str = "&") -> str:
    """An address of ours with the days that its page takes; the separator is escaped inside of HTML."""
    path, mark, part = address.partition("#")
    query = separator.join(f"{name}={value}" for name, value in _kept(path, days))
    return f"{path}{separator if '?' in path else '?'}{query}{mark}{part}" if query else address


def _kept(address: str, days: Mapping[str, str]) -> list[tuple[str, str]]:
    path = address.partition("?")[0]
    page, _, suffix = path.rpartition(".")
    path = f"{page}/" if suffix in TWINS else path
    section = path.split("/")[1] if path.endswith("/") and path not in UNDATED else ""
    return [(name, value) for name, value in days.items() if section in DATED[name]]


def permanent(request: HttpRequest, path: str) -> HttpResponsePermanentRedirect:
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)
