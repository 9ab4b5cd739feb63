"""What watchers and operators see: health, log lines, and the site while its database is away, locked, full or read-only."""

import io
import json
import logging
import re
import time
from contextlib import contextmanager

import pytest
from django.conf import settings as site_settings
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from benchlm import health, logs
from benchlm.errors import is_outage
from benchlm.newsletter.models import Issue
from comparisons import freshness
from comparisons.models import CatalogueVersion, Fit
from tests.test_newsletter_signup import ask

REFERENCE = re.compile(r"Reference: <code>([0-9a-f]{16})</code>")


@contextmanager
def away(fault: Exception | None = None):
    """A database that answers no question."""

    def fail(execute, *query):
        raise fault or OperationalError("connection refused")

    with connection.execute_wrapper(fail):
        yield


# --- health ---------------------------------------------------------------------------------------------------------
def test_health_says_what_works_and_how_old_things_are(db):
    now = timezone.now()
    CatalogueVersion.rise()
    Fit.objects.create(made_at=now - timezone.timedelta(hours=30), seconds=1, scores=1, arrays=b"", self_test={})
    built = now - timezone.timedelta(days=2)
    Issue.objects.create(iso_year=2026, iso_week=47, state="done", subject="x", built_at=built)
    response = Client().get("/healthz/")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert response.json() == {
        "status": "ok",
        "release": site_settings.RELEASE,
        "cache": "none",
        "database": "ok",
        "migrations": [],
        "catalogue": CatalogueVersion.stamp(),
        "estimates": {"age_hours": 30.0},
        "newsletter": {"week": "2026-W47", "state": "done", "age_hours": 48.0},
    }


def test_health_of_a_new_site_knows_no_ages(db, django_assert_num_queries):
    health.shipped()
    with django_assert_num_queries(5):  # one of them looks whether the table of migrations is there
        found = Client().get("/healthz/").json()
    assert (found["estimates"], found["newsletter"]) == (
        {"age_hours": None},
        {"week": None, "state": None, "age_hours": None},
    )


def test_health_names_a_migration_that_is_missing(db):
    MigrationRecorder(connection).record_unapplied("comparisons", "0001_initial")
    response = Client().get("/healthz/")
    assert (response.status_code, response.json()["status"], response.json()["migrations"]) == (
        503,
        "failing",
        ["comparisons.0001_initial"],
    )
    assert response.headers["Retry-After"] == "10"


def test_health_says_that_the_database_is_away(db):
    with away():
        response = Client().get("/healthz/")
    assert (response.status_code, response.headers["Retry-After"], response.headers["Cache-Control"]) == (
        503,
        "10",
        "no-store",
    )
    assert response.json() == {
        "status": "failing",
        "release": site_settings.RELEASE,
        "cache": "none",
        "database": "unreachable",
    }


def test_health_of_a_shared_cache(db, settings):
    settings.HAS_SHARED_CACHE = True
    assert Client().get("/healthz/").json()["cache"] == "ok"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    response = Client().get("/healthz/")
    assert (response.status_code, response.json()["cache"]) == (200, "unreachable")


# --- a database that is away ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fault", [OperationalError("server closed the connection"), InterfaceError("connection already closed")]
)
@pytest.mark.parametrize(
    "path",
    ["/", "/models/gpt-4-1/", "/compare/a-vs-b/", "/search/?q=x", "/nowhere/", "/newsletter/", "/leaderboard.json"],
)
def test_page_says_try_later_while_the_database_is_away(db, path, fault):
    with away(fault):
        response = Client(raise_request_exception=False).get(path)
    html = response.content.decode()
    assert (response.status_code, response.headers["Retry-After"], response.headers["Cache-Control"]) == (
        503,
        "10",
        "no-store",
    )
    assert "Not available for a moment" in html
    assert [word for word in ("Traceback", "OperationalError", "closed", "sqlite", "psycopg") if word in html] == []
    assert response.headers["X-Request-ID"] == REFERENCE.search(html)[1]
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.django_db(transaction=True)
def test_kept_pages_outlive_the_database(monkeypatch):
    CatalogueVersion.rise()
    monkeypatch.setattr(freshness, "PROBE_SECONDS", 0)
    kept = Client().get("/privacy/")
    with away():
        for _ in range(3):
            response = Client().get("/privacy/")
            assert (response.status_code, response.content) == (200, kept.content)
        unchanged = Client().get("/privacy/", headers={"If-None-Match": kept.headers["ETag"]})
        assert unchanged.status_code == 304
        assert Client(raise_request_exception=False).get("/methodology/").status_code == 503
    assert Client().get("/methodology/").status_code == 200


@pytest.mark.parametrize(
    ("fault", "is_away"),
    [
        (OperationalError("database is locked"), True),
        (OperationalError("database or disk is full"), True),
        (OperationalError("attempt to write a readonly database"), True),
        (OperationalError("canceling statement due to statement timeout"), True),
        (InterfaceError("the connection is closed"), True),
        (OperationalError("no such table: comparisons_score"), False),
        (OperationalError("no such column: x"), False),
        (ValueError("x"), False),
        (None, False),
    ],
)
def test_outage_is_told_from_a_fault_of_our_own(fault, is_away):
    assert is_outage(fault) is is_away


def test_sign_up_says_later_and_pages_go_on_where_nothing_can_be_written(db):
    """A read-only medium, or a full disk: SQLite is told so by a pragma, PostgreSQL by a setting of the transaction."""
    with connection.cursor() as cursor:
        on, off = (
            ("PRAGMA query_only = 1", "PRAGMA query_only = 0")
            if connection.vendor == "sqlite"
            else ("SET TRANSACTION READ ONLY", "")
        )
        cursor.execute(on)
        try:
            found = {path: Client().get(path).status_code for path in ("/", "/changes/", "/newsletter/", "/healthz/")}
            answer = ask("reader@example.org")
        finally:
            if off:
                cursor.execute(off)
    assert set(found.values()) == {200}
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


# --- log lines ------------------------------------------------------------------------------------------------------
@pytest.fixture
def lines():
    """What the site's JSON log says, as objects."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    handler.addFilter(logs.WithRequestId())
    handler.addFilter(logs.BriefOutages())
    loggers = [logging.getLogger(name) for name in ("django", "benchlm")]
    for each in loggers:
        each.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for each in loggers:
        each.removeHandler(handler)


def test_log_line_is_one_object_with_the_id_of_its_request(db, lines):
    response = Client().get(
        "/nowhere/?email=reader@example.org", REMOTE_ADDR="198.51.100.77", headers={"User-Agent": "curl"}
    )
    (line,) = lines()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "WARNING",
        "logger": "django.request",
        "message": "Not Found: /nowhere/",
        "request_id": response.headers["X-Request-ID"],
        "status_code": 404,
    }


def test_log_of_a_fault_has_its_trace_and_no_address(db, lines):
    with away():
        response = Client(raise_request_exception=False).get(
            "/?x=1", REMOTE_ADDR="198.51.100.77", headers={"X-Forwarded-For": "2001:db8:dead::77"}
        )
    found = [line for line in lines() if line["level"] == "ERROR"]
    assert {line["request_id"] for line in found} == {response.headers["X-Request-ID"]}
    assert "connection refused" in found[0]["exc_info"]
    assert not {"198.51.100.77", "2001:db8:dead::77"} & set(re.findall(r"[\w.:]+", json.dumps(found)))


def test_log_of_an_outage_has_its_trace_once_in_ten_seconds(db, lines, monkeypatch):
    def asked() -> list[tuple[str, bool]]:
        before = len(lines())
        Client(raise_request_exception=False).get("/models/x/")
        return [(line["message"], "exc_info" in line) for line in lines()[before:]]

    message = "Service Unavailable: /models/x/"
    with away(OperationalError("connection refused\n")):
        monkeypatch.setattr(time, "monotonic", lambda: 100.0)
        assert asked() == [(message, True)]
        monkeypatch.setattr(time, "monotonic", lambda: 109.0)
        assert asked() == [(f"{message} (OperationalError: connection refused)", False)]
        monkeypatch.setattr(time, "monotonic", lambda: 110.0)
        assert asked() == [(message, True)]
    with away(OperationalError("deadlock detected")):
        assert asked() == [(message, True)]
    with away(ValueError("ours")):
        for _ in range(2):
            Client(raise_request_exception=False).get("/models/x/")
    assert sum("ours" in line.get("exc_info", "") for line in lines()) == 2


TRUSTED = {"TRUSTED_PROXIES": ["10.0.0.0/8"]}


@pytest.mark.parametrize(
    ("given", "peer", "is_taken"),
    [
        ("0123456789abcdef", "10.1.2.3", True),
        ("4bf92f35-77b3.4da6_A", "10.1.2.3", True),
        ("0123456789abcdef", "198.51.100.77", False),
        ("short", "10.1.2.3", False),
        ("x" * 65, "10.1.2.3", False),
        ("-123456789abcdef", "10.1.2.3", False),
        ("0123456789abcde\n", "10.1.2.3", False),
        ("<script>alert(1)</script>", "10.1.2.3", False),
        ("", "10.1.2.3", False),
    ],
)
def test_id_of_a_request_is_taken_from_a_trusted_proxy_alone(db, settings, given, peer, is_taken):
    settings.TRUSTED_PROXIES = TRUSTED["TRUSTED_PROXIES"]
    response = Client().generic("GET", "/nowhere/", REMOTE_ADDR=peer, HTTP_X_REQUEST_ID=given)
    found = response.headers["X-Request-ID"]
    assert (found == given) is is_taken
    assert is_taken or re.fullmatch("[0-9a-f]{16}", found)


def test_page_in_order_names_no_request(db):
    response = Client().get("/privacy/")
    assert (response.status_code, "X-Request-ID" in response.headers, b"Reference" in response.content) == (
        200,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("address", "headers", "status", "heading"),
    [
        ("/", {"Host": "evil.test"}, 400, "The request was not understood"),
        ("/newsletter/", {}, 403, "The form was not accepted"),
    ],
)
def test_page_of_a_refusal_names_its_request(db, address, headers, status, heading):
    client = Client(enforce_csrf_checks=True)
    response = (
        client.post(address, {"email": "x"}, headers=headers) if status == 403 else client.get(address, headers=headers)
    )
    html = response.content.decode()
    assert (response.status_code, heading in html) == (status, True)
    assert response.headers["X-Request-ID"] == REFERENCE.search(html)[1]
