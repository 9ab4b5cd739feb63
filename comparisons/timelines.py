"""Scores and ranks over time: appended by every fit, drawn on the pages of models and of the leaderboard."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from comparisons import evidence, listings, scoring
from comparisons.models import Category, LanguageModel, Place
from comparisons.plain import Whole
from comparisons.tradeoffs import day as written
from comparisons.verdicts import points

KEPT_DAYS = 100  # of older rows the last of each month stays, for each model and board
LEADERS = 4  # drawn beside each other: as many as there are shapes
MOST_STEPS = 24  # of a line; where there are more, the last of each stretch of time stands for it
SIZE = 1000  # of the picture that lines are drawn in; it is stretched to its place


# --- recording ------------------------------------------------------------------------------------------------------
type Board = tuple[int, int | None]  # keys of a model and of a category, None for the whole


def record(day: datetime.date, now: Mapping[Board, Place]) -> None:
    """Store where the leaderboard has each model, overall and in each category that it was tested in, from this day on.

    Only what differs from the row before is stored; a later fit of the same day takes the place of an earlier one.
    """
    Place.objects.filter(day=day).delete()
    before = {(row.model_id, row.category_id): row for row in Place.objects.newest_of_each()}
    gone = {key: Place() for key, row in before.items() if row.score is not None and key not in now}
    rows = []
    for (model, category), place in (now | gone).items():
        place.day, place.model_id, place.category_id = day, model, category
        if (model, category) not in before or _figures(before[model, category]) != _figures(place):
            rows.append(place)
    Place.objects.bulk_create(rows, batch_size=500)
    old = Place.objects.before(day - datetime.timedelta(days=KEPT_DAYS)).followed_in_their_month()
    Place.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()


def places(whole: Whole, estimated: Mapping[str, evidence.Standing]) -> Iterator[tuple[Board, Place]]:
    """What `record` is to store, from the standings by model slug."""
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


# --- drawing --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Line:
    """One course in a picture: the path of its steps, and where it ends, in percent of the picture."""

    mark: str  # a, b, c, d: shape, colour and dashes
    path: str
    end: tuple[str, str] | None  # none: it has left the board


@dataclass(frozen=True, slots=True)
class Picture:
    lines: tuple[Line, ...]
    band: str  # path of the likely range; empty: not drawn
    grid: tuple[tuple[str, str], ...]  # place from the top in percent, text
    first: str  # the days at its ends
    last: str


@dataclass(frozen=True, slots=True)
class ModelCourse:
    said: str  # in place of pictures where there is no course yet
    score: Picture | None = None
    rank: Picture | None = None
    rows: tuple[tuple[str, str, str, str], ...] = ()  # day, score, likely range, rank; the newest first


@dataclass(frozen=True, slots=True)
class BoardCourse:
    said: str
    names: tuple[tuple[str, str, str], ...] = ()  # mark, name, address
    picture: Picture | None = None
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()  # day, score and rank of each; the newest first


def of_model(model: LanguageModel, today: datetime.date) -> ModelCourse:
    """A model's overall score and rank up to a day, in one query."""
    rows = thinned(list(Place.objects.on_board("").filter(model=model.pk).until(today).order_by("day")), today)
    if not rows:
        return ModelCourse("No fit has placed it yet, so there is no course to show.")
    if len(rows) == 1:
        (row,) = rows
        figures = f"{_score(row)}, {f'rank {row.rank}' if row.rank else 'not ranked'}"
        day = written(row.day)
        return ModelCourse(
            f"One day is on record, {day}: {figures}." if row.day == today else f"{figures} since {day}, unchanged."
        )
    ranks = [row.rank for row in rows if row.rank]
    return ModelCourse(
        "",
        score=_picture({"a": [(row.day, row.score) for row in rows]}, today, rows),
        rank=_picture({"a": [(row.day, row.rank and -row.rank) for row in rows]}, today)
        if len(set(ranks)) > 1
        else None,
        rows=tuple(
            (
                written(row.day),
                _score(row),
                f"{points(row.low)} to {points(row.high)}" if row.score is not None else "",
                str(row.rank or ""),
            )
            for row in reversed(rows)
        ),
    )


def of_board(
    whole: Whole,
    category: scoring.Category | None,
    estimated: Mapping[str, evidence.Standing] | None,
    today: datetime.date,
) -> BoardCourse | None:
    """The scores over time of those that lead a board now, in one query; None where nobody is ranked."""
    placed = listings.placed(whole, category, estimated) if estimated else ()
    leaders = [row.model for row in islice((row for row in placed if row.rank), LEADERS)]
    if not leaders:
        return None
    by_model = defaultdict(list)
    found = Place.objects.on_board(category.slug if category else "").filter(model__in=[model.pk for model in leaders])
    for row in found.until(today).order_by("day"):
        by_model[row.model_id].append(row)
    courses = {mark: thinned(by_model[model.pk], today) for mark, model in zip("abcd", leaders, strict=False)}
    days = sorted({row.day for rows in courses.values() for row in rows})
    if len(days) < 2:
        since = f"since {written(days[0])}" if days and days[0] < today else "so far"
        return BoardCourse(f"One day is on record {since}, so there is no course to show yet.")
    return BoardCourse(
        "",
        names=tuple((mark, model.name, model.get_absolute_url()) for mark, model in zip("abcd", leaders, strict=False)),
        picture=_picture({mark: [(row.day, row.score) for row in rows] for mark, rows in courses.items()}, today),
        rows=tuple((written(day), tuple(_at(rows, day) for rows in courses.values())) for day in reversed(days)),
    )


def thinned(rows: Sequence[Place], today: datetime.date) -> list[Place]:
    """At most about `MOST_STEPS` rows in the order of time: the first, and the last of each equal stretch of time."""
    if len(rows) <= MOST_STEPS:
        return list(rows)
    begun = rows[0].day
    stretch = ((today - begun).days + 1) / (MOST_STEPS - 1)
    last_of = {int((row.day - begun).days / stretch): row for row in rows}
    return [rows[0], *(row for row in last_of.values() if row is not rows[0])]


def _score(row: Place) -> str:
    return points(row.score, 1) if row.score is not None else ""


def _at(rows: Sequence[Place], day: datetime.date) -> str:
    """What stood on a day: the last row up to it."""
    row = next((row for row in reversed(rows) if row.day <= day), None)
    if row is None or row.score is None:
        return ""
    return f"{_score(row)} ({row.rank})" if row.rank else _score(row)


def _picture(
    courses: Mapping[str, Sequence[tuple[datetime.date, float | None]]],
    today: datetime.date,
    ranges: Sequence[Place] = (),
) -> Picture:
    """Steps from the first day to today; a higher value is drawn higher. `ranges` are drawn behind a single course."""
    begun = min(day for steps in courses.values() for day, _ in steps)
    span = max((today - begun).days, 1)
    values = [value for steps in courses.values() for _, value in steps if value is not None]
    values += [end for row in ranges if row.score is not None for end in (row.low, row.high)]
    grid = _grid(min(values), max(values))
    low, high = grid[0], grid[-1]

    def across(day: datetime.date) -> float:
        return SIZE * (day - begun).days / span

    def down(value: float) -> float:
        return SIZE * (high - value) / (high - low)

    lines = []
    for mark, steps in courses.items():
        placed = [(across(day), None if value is None else down(value)) for day, value in steps]
        end = placed[-1][1] if placed else None
        lines.append(Line(mark, _steps(placed), None if end is None else ("100", _percent(end))))
    return Picture(
        tuple(lines),
        _band([(across(row.day), down(row.low), down(row.high)) for row in ranges if row.score is not None]),
        tuple((_percent(down(value)), f"{abs(value):g}") for value in grid),
        written(begun),
        written(today),
    )


def _percent(place: float) -> str:
    return f"{place * 100 / SIZE:.2f}"


def _steps(places: Iterable[tuple[float, float | None]]) -> str:
    """A path of level stretches and upright steps; it breaks off where there is no value."""
    parts, drawing = [], False
    for x, y in places:
        if drawing:
            parts.append(f"H{x:.0f}")
        if y is not None:
            parts.append(f"V{y:.0f}" if drawing else f"M{x:.0f} {y:.0f}")
        drawing = y is not None
    return "".join([*parts, f"H{SIZE}"] if drawing else parts)


def _band(places: Sequence[tuple[float, float, float]]) -> str:
    """A closed path around likely ranges: along their upper ends and back along the lower ones."""
    if not places:
        return ""
    ends = [x for x, _, _ in places[1:]] + [SIZE]
    there = [f"V{high:.0f}H{end:.0f}" for (_, _, high), end in zip(places, ends, strict=True)]
    back = [f"V{low:.0f}H{x:.0f}" for x, low, _ in reversed(places)]
    return f"M{places[0][0]:.0f} {places[0][2]:.0f}{''.join(there)}{''.join(back)}Z"


def _grid(low: float, high: float) -> list[float]:
    """Three to seven round values around all that is drawn; ranks are negative and whole."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000) if (high - low) / step <= 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    if last - first < 2:
        first, last = first - 1, last + 1
    values = [number * step for number in range(first, last + 1)]
    return sorted({min(value, -1) for value in values}) if high < 0 else values  # the best rank is 1
