"""What the first visitor would wait for, done before gunicorn's processes part: they share its memory."""

from io import BytesIO
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error

from benchlm.wsgi import django
from comparisons.links import comparison_path
from comparisons.models import LanguageModel


def warm_up() -> str:
    """Render the page of two models, with all that it imports, compiles and reads. Its address, or "" where there is none."""
    try:
        path = comparison_path(LanguageModel.objects.published().order_by("slug")[:2])
    except Error:  # no database, or none of ours yet: the first visitors wait, or are told
        return ""
    return path if "-vs-" in path and asked_for(path).startswith("200 ") else ""


def asked_for(path: str) -> str:
    """The status of a page, asked for as at the public address."""
    site, said = urlsplit(settings.SITE_URL), []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": site.hostname,
        "SERVER_PORT": str(site.port or (443 if site.scheme == "https" else 80)),
        "HTTP_HOST": site.netloc,
        "wsgi.url_scheme": site.scheme,
        "wsgi.input": BytesIO(),
    }
    answer = django(environ, lambda status, headers: said.append(status))
    answer.close()
    return said[0]
