"""Log lines about the newsletter's addresses name no token and no query: a token there would let a reader of logs act for others."""

import logging
import re

SECRET_PART = re.compile(r"(/newsletter/(?:confirm|leave|my-data)/)[^/\s\"']+|(/newsletter/[^\s\"'?]*)\?[^\s\"']*")
LOGGERS = (
    "gunicorn.error",
    "django.request",
    "django.server",
    "django.security.csrf",
    "django.security.DisallowedHost",
)


def hide_tokens() -> None:
    for name in LOGGERS:
        logging.getLogger(name).addFilter(without_secrets)


def without_secrets(record: logging.LogRecord) -> bool:
    """Clear the record's text in place; every record passes."""
    record.msg = cleared(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(cleared(arg) for arg in record.args)
    return True


def cleared(part: object) -> object:
    return SECRET_PART.sub(lambda found: f"{found[1] or found[2]}…", part) if isinstance(part, str) else part
