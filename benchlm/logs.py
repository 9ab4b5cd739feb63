"""Log lines: what happened, never to whom. Each names the request that it belongs to, by an id that an error page shows too."""

from __future__ import annotations

import copy
import logging
import math
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse
from pythonjsonlogger.json import JsonFormatter

from benchlm.errors import RETRY_SECONDS, is_outage
from comparisons.visitors import is_trusted, parsed

WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
FIELDS = ("time", "level", "logger", "message", "request_id", "status_code", "exc_info", "stack_info")
MOST_SAID, MOST_TOLD = 80, 100  # characters by which a fault is known, and faults
current: ContextVar[str] = ContextVar("request_id", default="")


def request_ids(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id for log lines and error pages: a trusted proxy's, where that is one, else our own."""

    def respond(request: HttpRequest) -> HttpResponse:
        current.set(request_id(request))  # until this thread's next request: some lines are written after the answer
        response = get_response(request)
        if response.status_code >= 400:
            response.headers["X-Request-ID"] = current.get()
        return response

    return respond


def request_id(request: HttpRequest) -> str:
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    if given and WELL_FORMED.fullmatch(given) and is_trusted(parsed(request.META.get("REMOTE_ADDR", ""))):
        return given
    return secrets.token_hex(8)


def for_templates(request: HttpRequest) -> dict[str, str]:
    """A context processor: `request_id`."""
    return {"request_id": current.get()}


class WithRequestId(logging.Filter):
    """Lets every line through, once it has its id."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current.get()
        return True


class BriefOutages(logging.Filter):
    """Of an outage the trace once in ten seconds and process, since every request brings the same; the other lines name the fault."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[tuple[type, str], float] = {}  # when the trace of a fault was last written

    def filter(self, record: logging.LogRecord) -> bool | logging.LogRecord:
        fault = record.exc_info[1] if record.exc_info else None
        if not is_outage(fault):
            return True
        said, now = str(fault).strip(), time.monotonic()
        key = type(fault), said[:MOST_SAID]
        if now - self.told.get(key, -math.inf) >= RETRY_SECONDS:
            if len(self.told) >= MOST_TOLD:
                self.told.clear()
            self.told[key] = now
            return True
        brief = copy.copy(record)  # other handlers get the whole
        brief.msg, brief.args = f"{record.getMessage()} ({type(fault).__name__}: {said})", ()
        brief.exc_info = brief.exc_text = None
        return brief


class JsonLines(JsonFormatter):
    """One JSON object a line, of the fields named above and no others: a request among the extras would tell its whole address."""

    default_time_format, default_msec_format, converter = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ", time.gmtime

    def __init__(self) -> None:
        names = {"asctime": "time", "levelname": "level", "name": "logger"}
        super().__init__([*names, "message"], rename_fields=names, json_ensure_ascii=False)

    def process_log_record(self, log_data: dict) -> dict:
        return {name: log_data[name] for name in FIELDS if log_data.get(name)}
