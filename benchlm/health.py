"""Whether this machine can serve, for whoever watches it: cheap, kept by nobody, and without a word about visitors."""

from __future__ import annotations

import datetime
from functools import cache as once

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from benchlm.errors import RETRY_SECONDS
from benchlm.newsletter.models import Issue
from comparisons.models import CatalogueVersion, Fit

HEADERS = {"Cache-Control": "no-store"}


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200, or 503 where the database is away or lacks a migration; a shared cache that is away costs time, no page."""
    found = {"release": settings.RELEASE, "cache": cache_state()}
    try:
        found |= stored(timezone.now())
    except Error:
        found |= {"database": "unreachable"}
    is_well = found.get("database") == "ok" and not found["migrations"]
    headers = HEADERS if is_well else HEADERS | {"Retry-After": str(RETRY_SECONDS)}
    return JsonResponse(
        {"status": "ok" if is_well else "failing"} | found, status=200 if is_well else 503, headers=headers
    )


def stored(now: datetime.datetime) -> dict[str, object]:
    """What the database says: migrations that it lacks, the catalogue, how old estimates and the newest issue are."""
    applied = MigrationRecorder(connection).applied_migrations()
    missing = sorted(".".join(each) for each in shipped() - applied.keys())
    if missing:
        return {"database": "ok", "migrations": missing}
    fit = Fit.objects.values_list("made_at", flat=True).first()
    issue = Issue.objects.public().only("iso_year", "iso_week", "state", "built_at").first()
    return {
        "database": "ok",
        "migrations": [],
        "catalogue": CatalogueVersion.stamp(),
        "estimates": {"age_hours": hours(now, fit)},
        "newsletter": {
            "week": issue.week if issue else None,
            "state": issue.state if issue else None,
            "age_hours": hours(now, issue.built_at if issue else None),
        },
    }


@once
def shipped() -> frozenset[tuple[str, str]]:
    """The migrations of this release, as (app, name)."""
    return frozenset(MigrationLoader(None).disk_migrations)


def hours(now: datetime.datetime, moment: datetime.datetime | None) -> float | None:
    return round((now - moment).total_seconds() / 3600, 1) if moment else None


def cache_state() -> str:
    """Whether the cache that machines share takes a value and gives it back."""
    if not settings.HAS_SHARED_CACHE:
        return "none"
    try:
        cache.set("healthz", settings.RELEASE, 10)
        return "ok" if cache.get("healthz") == settings.RELEASE else "failing"
    except Exception:  # of whichever client CACHE_URL brings
        return "unreachable"
