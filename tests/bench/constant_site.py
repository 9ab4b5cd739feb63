"""The addresses of the site with one view more, which says the same always: the yardstick of `tests.bench.serving`."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

BODY = b"x" * 10_000  # about as long as a compressed page


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BODY, headers={"Content-Encoding": "identity"})  # so that nothing compresses it


urlpatterns = [path("constant/", constant), path("", include("benchlm.urls"))]
