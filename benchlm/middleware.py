"""What every response of the site carries, whoever made it, and what is refused before anything looks at it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
METHODS = ("GET", "HEAD", "POST")


def response_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Add the isolation headers that Django has no setting for."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return respond


def refusals(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse methods that no address here takes, and the NUL character where it would go into a query of the database."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponse(status=405, headers={"Allow": allowed(request)})
        if has_nul(request):
            return HttpResponse("A NUL character is not text.", status=400, content_type="text/plain")
        return get_response(request)

    return respond


def allowed(request: HttpRequest) -> str:
    """The methods of an address, as its view itself tells a request that it does not take."""
    try:
        found = resolve(request.path_info)
    except Resolver404:
        return "GET, HEAD"
    if "admin" in found.app_names:
        return ", ".join(METHODS)
    return found.func(request, *found.args, **found.kwargs).headers["Allow"]


def has_nul(request: HttpRequest) -> bool:
    """In a cookie (sessions are looked up by one) or in a filter of the admin; public forms read it as any other odd text."""
    in_filter = request.path_info.startswith(f"/{settings.ADMIN_PATH}") and "%00" in request.META.get(
        "QUERY_STRING", ""
    )
    return in_filter or ("HTTP_COOKIE" in request.META and any("\0" in value for value in request.COOKIES.values()))
