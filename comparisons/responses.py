"""How a public page answers, whatever is on it: cached and revalidated, whole or as a panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from comparisons import freshness

MOST_BYTES = 16 * 1024  # of a form that anybody may send
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page anyone may cache and revalidate: GET and HEAD only, no cookie, an ETag.

    A view that also answers with twins of its page takes `twin`, the suffix of what was asked for; empty is the page itself.
    """

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
    return int(stated) if stated.isdecimal() else 0


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


def show(request: HttpRequest, template: str, fragment: str, context: dict, address: str) -> HttpResponse:
    """The page, or for htmx the panel alone with title and announcement; the address of its state is then pushed."""
    if not wants_fragment(request):
        return render(request, template, context)
    return push_url(render(request, "fragment.html", {**context, "fragment": fragment}), address)


def permanent(request: HttpRequest, path: str) -> HttpResponsePermanentRedirect:
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)
