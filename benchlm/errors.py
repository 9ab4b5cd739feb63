"""The pages of faults, which need no database: each names the request, so that its log lines can be found."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

RETRY_SECONDS = 10


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is away, else 500."""
    if not is_outage(sys.exc_info()[1]):
        return render(request, "500.html", status=500)
    response = render(request, "503.html", status=503)
    response.headers["Retry-After"], response.headers["Cache-Control"] = str(RETRY_SECONDS), "no-store"
    return response


def is_outage(fault: BaseException | None) -> bool:
    """Whether the database is away, locked or full; SQLite says a missing table in the same way."""
    return isinstance(fault, OperationalError | InterfaceError) and not str(fault).startswith("no such ")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)
