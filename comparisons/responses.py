"""How a public page answers, whatever is on it: cached and revalidated, whole or as a panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from comparisons.models import CatalogueVersion

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page anyone may cache and revalidate: GET and HEAD only, no cookie, an ETag of release, catalogue version and day."""

    @require_safe
    @wraps(view)
    def respond(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        form = "fragment" if wants_fragment(request) else "page"
        tag = quote_etag(f"{settings.RELEASE}-{CatalogueVersion.stamp()}-{timezone.localdate():%j}-{form}")
        response = get_conditional_response(request, etag=tag) or view(request, *args, **kwargs)
        if response.status_code in (200, 304):
            response.headers["ETag"] = tag
            response.headers["Cache-Control"] = "public, max-age=0, must-revalidate, s-maxage=60"
        patch_vary_headers(response, ["HX-Request"])
        return response

    return respond


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
