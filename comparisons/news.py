"""PURE: what a line of the change log says, and which moves on the leaderboard are news."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from comparisons.evidence import Standing
from comparisons.tradeoffs import day

UNITS = {"price": " $/M"}
OVERALL = ""  # the board of all categories, where a category's has its slug
TOP = 20  # moves further down are no news
Place = Sequence[int]  # rank, and the best and worst rank of its likely range


class Told(Protocol):
    """A line of the change log; values are plain text without units."""

    kind: str
    subject: str
    old: str
    new: str


def sentence(change: Told) -> str:
    """What happened in one line of plain text, without source and reason: pages, feed and mail all print this."""
    name, old, new = change.subject, change.old, change.new
    match change.kind:
        case "model_added":
            return f"{name} is new in the catalogue"
        case "model_status":
            return f"{name} is {'published again' if new == 'published' else new}"
        case "retirement_date" if new:
            return f"{name} retires on {_day(new)}" + (f", not on {_day(old)}" if old else "")
        case "retirement_date":
            return f"{name} no longer retires"
        case "place_moved" if old and new:
            return f"{name}: {'up' if int(new) < int(old) else 'down'} to {new} from {old}"
        case "place_moved":
            return f"{name}: enters at {new}" if new else f"{name}: no longer ranked, was {old}"
    unit = UNITS.get(change.kind.partition("_")[0], "")
    match change.kind.rpartition("_")[2]:
        case "added":
            return f"{name}: {new}{unit}"
        case "withdrawn":
            return f"{name}: {old}{unit} withdrawn"
        case "changed":
            return f"{name}: {new}{unit}, was {old}"
    return f"{name}: {old or 'none'} to {new or 'none'}" if old or new else name


def _day(text: str) -> str:
    """An ISO date as it is printed elsewhere."""
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


# --- moves on the leaderboard ---------------------------------------------------------------------------------------
def is_news(old: Place | None, new: Place | None) -> bool:
    """Whether a model left the range of places that readers know of; of moves below the top 20 nobody is told."""
    if old and new and old[1] <= new[0] <= old[2]:
        return False
    return min(place[0] for place in (old, new) if place) <= TOP


def known(old: Place | None, new: Place | None) -> Place | None:
    """What readers know of a place afterwards.

    Inside its range a model keeps the place that was told last, and the range only narrows: many small steps in one direction
    are told when they add up.
    """
    if old is None or new is None or not old[1] <= new[0] <= old[2]:
        return new
    best, worst = max(old[1], new[1]), min(old[2], new[2])
    return [old[0], min(old[0], new[0], best), max(old[0], new[0], worst)]


def causes(changes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Why a model may have moved, by its slug, from (slug, kind of change): a correction before a new result. Others: a refit."""
    found: dict[str, str] = {}
    for slug, kind in changes:
        if kind in ("score_changed", "score_withdrawn"):
            found[slug] = "correction"
        elif kind in ("score_added", "model_added"):
            found.setdefault(slug, "new result")
    return found


def boards(standings: Iterable[Standing], categories: Iterable[str]) -> dict[str, dict[str, list[int]]]:
    """Places of all ranked models by board: overall (the empty slug) as the fit drew them, and each category.

    In a category, as on its page, a model with a test in it ranks by its estimate. It may stand anywhere among those whose likely ranges meet
    its own.
    """
    ranked = [standing for standing in standings if standing.rank is not None]
    found = {OVERALL: {each.model: [each.rank, each.best, each.worst] for each in ranked}}
    for category in categories:
        tested = [each for each in ranked if each.tests.get(category) and category in each.categories]
        inside = {each.model: each.categories[category] for each in tested}
        order = sorted(inside, key=lambda model: -inside[model].value)
        lows, highs = (sorted(getattr(each, end) for each in inside.values()) for end in ("low", "high"))
        found[category] = {
            model: [
                rank,
                1 + len(lows) - bisect_right(lows, inside[model].high),  # those wholly above
                len(highs) - bisect_left(highs, inside[model].low),  # all but those wholly below
            ]
            for rank, model in enumerate(order, 1)
        }
    return found
