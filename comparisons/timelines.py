"""Scores and ranks over time: appended by every fit, drawn on the pages of models and of the leaderboard."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from comparisons import evidence, listings
from comparisons.models import Category, Place
from comparisons.plain import Whole

KEPT_DAYS = 730  # older rows go, but for the last one of each model and board before that


def record(day: datetime.date, whole: Whole, estimated: Mapping[str, evidence.Standing]) -> None:
    """Store where the leaderboard has each model, overall and in each category that it was tested in, from this day on.

    Only what differs from the row before is stored; a later fit of the same day takes the place of an earlier one.
    """
    Place.objects.filter(day=day).delete()
    before = {(row.model_id, row.category_id): row for row in Place.objects.newest_of_each()}
    now = dict(_placed(whole, estimated))
    gone = {key: Place() for key, row in before.items() if row.score is not None and key not in now}
    rows = []
    for (model, category), place in (now | gone).items():
        place.day, place.model_id, place.category_id = day, model, category
        if (model, category) not in before or _figures(before[model, category]) != _figures(place):
            rows.append(place)
    Place.objects.bulk_create(rows, batch_size=500)
    old = Place.objects.before(day - datetime.timedelta(days=KEPT_DAYS)).followed()
    Place.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()


def _placed(whole: Whole, estimated: Mapping[str, evidence.Standing]) -> Iterator[tuple[tuple[int, int | None], Place]]:
    keys = dict(Category.objects.values_list("slug", "pk"))
    for category in (None, *whole.rules.categories):
        for row in listings.placed(whole, category, estimated):
            if row.estimate and (category is None or row.standing.tests.get(category.slug)):
                found = row.estimate
                figures = {name: round(getattr(found, name), 1) for name in ("low", "high")}
                yield (
                    (row.model.pk, category and keys[category.slug]),
                    Place(rank=row.rank, score=round(found.value, 1), **figures),
                )


def _figures(place: Place) -> tuple:
    return place.rank, place.score, place.low, place.high
