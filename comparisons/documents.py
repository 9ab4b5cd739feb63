"""The objects of pages as plain values: what a JSON twin says, and what the CSV and Markdown ones are written from.

Nothing is computed here. A figure is its stored value beside the text that the page prints; None is unknown.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.conf import settings

from comparisons.bills import BillPanel
from comparisons.cells import ScoreCell, Side
from comparisons.figures import Figure, Stored
from comparisons.links import Options
from comparisons.listings import BenchmarkPage, ModelPage, OfferLine, Standing, Standings
from comparisons.models import Benchmark, Change, LanguageModel
from comparisons.panels import BenchmarkGroup, BenchmarkLine, CategoryLine, Front, PairPage
from comparisons.pricing import Running
from comparisons.scoring import Category, Result
from comparisons.shortlists import Line, ShortlistPage
from comparisons.tradeoffs import Value
from comparisons.verdicts import FlipLine, score_text

Document = dict[str, object]
FLOAT_PLACES = 6  # an estimate says no more, and machines differ beyond


# --- figures --------------------------------------------------------------------------------------------------------
def plain(value: Stored) -> int | float | str | None:
    """A stored value as JSON has it: whole numbers without a point, days as text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return round(value, FLOAT_PLACES) if isinstance(value, float) else value


def figure(text: Figure | str) -> Document | None:
    """Value and text; words that stand where a figure would have no value."""
    return {"value": plain(getattr(text, "value", None)), "text": str(text)} if text else None


def ends(text: Figure | str) -> Document:
    """The lower and upper end of a range, and how the page says it."""
    low, high = getattr(text, "value", None) or (None, None)
    return {"low": plain(low), "high": plain(high), "text": str(text)}


def estimated(text: Figure | str, likely: Figure | str) -> Document | None:
    """An estimated score with its likely range."""
    if not text:
        return None
    low, high = likely.value if isinstance(likely, Figure) else (None, None)
    return {**figure(text), "low": plain(low), "high": plain(high), "range": str(likely) or None}


def slug_of(address: str) -> str:
    """The last part of an address, which names what is there."""
    return address.rstrip("/").rpartition("/")[2]


def head(kind: str, path: str, title: str, day: datetime.date, options: Mapping[str, str]) -> Document:
    """What every document begins with."""
    return {
        "schema": f"{settings.SITE_URL}/data/schemas/{kind}.json",
        "title": title,
        "url": settings.SITE_URL + path,
        "date": day.isoformat(),
        "options": dict(options),
        "note": None,  # said where a page could not be as it was asked for
    }


def _options(options: Options) -> dict[str, str]:
    return dict(options.kept + options.bill)


# --- two models -----------------------------------------------------------------------------------------------------
def pair(page: PairPage, options: Options) -> Document:
    """Two models, as their page stands."""
    slugs = {side.mark: side.slug for side in page.sides}
    said = page.verdict
    return {
        **head("pair", page.path, page.title, page.day.value, _options(options)),
        "models": [_side(side) for side in page.sides],
        "coverage": {"benchmarks": page.on_record, "shared": page.in_common, "text": page.coverage},
        "reading": page.reading,
        "readings": {name: _reading(front, slugs) for name, front in page.fronts.items()},
        "verdict": {
            "pick": said.pick,
            "sentences": list(said.sentences),
            "notes": [
                note for note in (said.overlap_note, said.unconfirmed_note, said.source_note, page.reading_line) if note
            ],
            "flips": [_flip(line, slugs) for line in page.flips + page.further_flips],
            "settling": page.settle or None,
            "blanks": page.blanks_said or None,
            "questions": [{"question": question, "answer": answer} for question, answer in said.questions],
        },
        "age_note": page.age_note or None,
        "categories": [_category(line, slugs) for line in page.categories],
        "tradeoffs": [
            {
                "label": row.label,
                "unit": row.unit or None,
                "values": _by(slugs, (_value(row.a, row.missing), _value(row.b, row.missing))),
                "edge": slugs.get(row.edge),
                "edge_text": row.edge_text,
            }
            for row in page.tradeoffs
        ],
        "bill": _bill(page.bill, list(slugs.values())),
        "benchmarks": [_row(line, group, slugs) for group in page.groups for line in group.lines],
    }


def _by[T](slugs: Mapping[str, str], values: Iterable[T]) -> dict[str, T]:
    return dict(zip(slugs.values(), values, strict=True))


def _side(side: Side) -> Document:
    return {
        "slug": side.slug,
        "name": side.name,
        "creator": side.creator,
        "url": settings.SITE_URL + side.url,
        "tests": side.tests.value,
        "tested": side.tested,
        "wins": figure(side.wins),
        "remark": side.remark or None,
    }


def _odds(p: float | None, slugs: Mapping[str, str]) -> dict[str, float] | None:
    return None if p is None else _by(slugs, (plain(p), plain(1 - p)))


def _reading(front: Front, slugs: Mapping[str, str]) -> Document:
    return {
        "title": front.title,
        "figures": _by(slugs, (estimated(*each) for each in zip(front.figures, front.spans, strict=True))),
        "leader": slugs.get(front.leader),
        "call": front.badge,
        "said": front.said,
        "probability": _odds(front.p, slugs),
    }


def _flip(line: FlipLine, slugs: Mapping[str, str]) -> Document:
    return {
        "condition": line.condition,
        "evidence": line.evidence,
        "winner": slugs.get(line.winner),
        "answer": line.winner_text,
    }


def _category(line: CategoryLine, slugs: Mapping[str, str]) -> Document:
    found = line.estimate
    return {
        "slug": slug_of(line.url),
        "name": line.name,
        "averages": _by(slugs, (figure(text) for text, _ in line.cells)),
        **_lead(line.leader, line.lead, slugs),
        "backed": not line.is_hollow,
        "evidence": line.evidence,
        "estimates": _by(slugs, (estimated(text, likely) for text, likely, _ in found.cells)) if found else None,
        "estimate_leader": slugs.get(found.mark) if found else None,
        "probability": _odds(found.p, slugs) if found else None,
        "is_guess": found.is_guess if found else None,
    }


def _lead(mark: str, lead: Figure | str, slugs: Mapping[str, str]) -> Document:
    """The leader is null for a tie and where only one has a figure; the lead is the first model's."""
    return {"leader": slugs.get(mark) if isinstance(lead, Figure) else None, "lead": figure(lead)}


def _value(value: Value, missing: str) -> Document:
    return {
        "value": plain(getattr(value.text, "value", None)),
        "text": value.text or None,
        "missing": None if value.text else missing,
        "detail": value.detail or None,
        "source_url": value.source_url or None,
    }


def _bill(bill: BillPanel, slugs: Sequence[str]) -> Document:
    return {
        "workload": bill.said,
        "models": {
            slug: {
                "host": column.host or None,
                "total": ends(column.total),
                "source_url": column.source_url or None,
                "other_hosts": ends(column.hosts) if column.hosts else None,
                "remark": column.remark or None,
            }
            for slug, column in zip(slugs, bill.columns, strict=True)
        },
        "lines": [
            {
                "label": label,
                "amounts": {
                    slug: {**ends(text), "detail": detail or None} if text else None
                    for slug, (text, detail) in zip(slugs, cells, strict=True)
                },
            }
            for label, cells in bill.rows
        ],
        "edge": bill.edge or None,
    }


def _row(line: BenchmarkLine, group: BenchmarkGroup, slugs: Mapping[str, str]) -> Document:
    return {
        "slug": slug_of(line.url),
        "name": line.name,
        "category": group.slug,
        "unit": line.unit,
        "remark": line.remark or None,
        "scores": _by(slugs, map(score, line.cells)),
        **_lead(line.lead_mark, line.lead, slugs),
    }


def score(cell: ScoreCell | None) -> Document | None:
    """One model's score on one benchmark: the displayed one with its source, and all of them in `results`."""
    if cell is None:
        return None
    return {
        **figure(cell.text),
        "unconfirmed": cell.is_unconfirmed,
        "remark": cell.note or None,
        **_source(cell.stored.shown),
        "results": [{**figure(score_text(each.value, cell.unit)), **_source(each)} for each in cell.stored.results],
    }


def _source(result: Result) -> Document:
    return {
        "source_kind": result.source_kind,
        "source_url": result.source_url or None,
        "reported_on": plain(result.reported_on),
        "checked_on": plain(result.checked_on),
        "setting": result.setting or None,
        "note": result.note or None,
    }


# --- three and four models ------------------------------------------------------------------------------------------
def shortlist(page: ShortlistPage, options: Options) -> Document:
    """Three or four models, as their page stands."""
    slugs = [side.slug for side in page.sides]
    scores = dict(zip(slugs, page.scores, strict=True)) if page.scores else {}
    return {
        **head("shortlist", page.path, page.title, page.day.value, _options(options)),
        "models": [_side(side) for side in page.sides],
        "coverage": {"benchmarks": page.on_record, "shared": page.in_common, "text": page.coverage},
        "estimates": {
            slug: {**estimated(text, likely), "likely_rank": ends(places)} if text else None
            for slug, (text, likely, places) in scores.items()
        }
        or None,
        "averages": _cells(page.overall, slugs),
        "categories": [
            {"slug": slug_of(line.url), "name": line.name, "averages": _cells(line, slugs)} for line in page.categories
        ],
        "tradeoffs": [
            {
                "label": line.name,
                "unit": line.unit or None,
                "values": {slug: _value(*cell) for slug, cell in zip(slugs, line.cells, strict=True)},
            }
            for line in page.limits
        ],
        "bill": _bill(page.bill, slugs),
        "benchmarks": [
            {
                "slug": slug_of(line.url),
                "name": line.name,
                "category": category,
                "unit": line.unit,
                "remark": line.remark or None,
                "scores": dict(zip(slugs, map(score, line.cells), strict=True)),
            }
            for category, _, lines in page.groups
            for line in lines
        ],
        "pairs": [{"title": title, "url": settings.SITE_URL + path} for title, path in page.pairs],
    }


def _cells(line: Line, slugs: Sequence[str]) -> dict[str, Document | None]:
    return {slug: figure(text) for slug, (text, _) in zip(slugs, line.cells, strict=True)}


# --- leaderboards ---------------------------------------------------------------------------------------------------
def leaderboard(
    board: Standings,
    *,
    path: str,
    title: str,
    day: datetime.date,
    options: Mapping[str, str],
    categories: Sequence[Category],
    category: Category | None,
    has_estimates: bool,
    age_note: str,
) -> Document:
    """The rows of the overall leaderboard or of a category's, in the order of the page."""
    return {
        **head("leaderboard", path, title, day, options),
        "category": category.slug if category else None,
        "categories": [] if category else [each.slug for each in categories],
        "reading": "score" if has_estimates else "tested",
        "age_note": age_note or None,
        "models": [_standing(row, () if category else categories) for row in board.ranked + board.unranked],
    }


def _standing(row: Standing, categories: Sequence[Category]) -> Document:
    return {
        "rank": row.rank,
        "likely_rank": ends(row.places) if row.places else None,
        "slug": slug_of(row.url),
        "name": row.name,
        "creator": row.creator,
        "url": settings.SITE_URL + row.url,
        "estimate": estimated(row.score, row.span),
        "tests": row.tests,
        "average": figure(row.average),
        "coverage": figure(row.coverage),
        "input_price": figure(row.input),
        "output_price": figure(row.output),
        "context": figure(row.context),
        "released": figure(row.released),
        "categories": {
            c.slug: {**figure(text), "is_guess": is_guess} if text else None
            for c, (text, is_guess) in zip(categories, row.categories, strict=False)
        },
        "remark": row.remark or None,
    }


# --- one model, one benchmark, the log ------------------------------------------------------------------------------
def model(
    row: LanguageModel, page: ModelPage, running: Running, changes: Iterable[Change], day: datetime.date
) -> Document:
    """Everything on record about one model."""
    return {
        **head("model", row.get_absolute_url(), row.name, day, {}),
        "slug": row.slug,
        "creator": row.creator.name,
        "rank": page.rank,
        "ranked": page.ranked,
        "likely_rank": ends(page.places) if page.places else None,
        "estimate": estimated(page.score, page.span),
        "average": figure(page.average),
        "tested": page.tested,
        "tests": page.tests,
        "categories": [
            {
                "slug": slug_of(url),
                "name": name,
                "average": figure(average),
                "coverage": figure(coverage),
                "estimate": estimated(estimate, likely),
            }
            for name, url, average, coverage, estimate, likely in page.categories
        ],
        "scores": [
            {
                "slug": slug_of(line.url),
                "name": line.benchmark,
                "category": category,
                "remark": line.remark or None,
                "score": score(line.cell),
            }
            for category, _, lines in page.groups
            for line in lines
        ],
        "offers": [_offer(offer) for offer in page.offers],
        "snapshots": [
            {
                "host": each.host,
                "output_speed": figure(each.speed),
                "first_token": figure(each.first_token),
                "measured": figure(each.measured),
                "method": each.method,
                "source_url": each.source_url or None,
            }
            for each in running.snapshots
        ],
        "facts": [{"label": label, **_value(value, missing)} for label, value, missing in page.facts],
        "life": [{"label": label, **figure(text)} for label, text in running.life],
        "rivals": [
            {"name": name, "url": settings.SITE_URL + url, "shared_tests": plain(shared.value)}
            for name, url, shared in page.rivals
        ],
        "changes": [change(each) for each in changes],
    }


def _offer(offer: OfferLine) -> Document:
    return {
        "host": offer.host,
        "kind": offer.kind,
        "input": figure(offer.input),
        "output": figure(offer.output),
        "cached_input": figure(offer.cached),
        "since": figure(offer.since),
        "source_url": offer.source_url or None,
    }


def benchmark(row: Benchmark, page: BenchmarkPage, day: datetime.date) -> Document:
    """One test and everyone who took it, the best first."""
    return {
        **head("benchmark", row.get_absolute_url(), row.name, day, {}),
        "slug": row.slug,
        "category": row.category.slug,
        "unit": row.unit,
        "direction": row.direction,
        "description": row.description or None,
        "website": row.url or None,
        "facts": [{"label": label, "text": text} for label, text in page.facts],
        "spread": page.spread,
        "models": [
            {"rank": rank, "slug": slug_of(url), "name": name, "scaled": figure(position), "score": score(cell)}
            for rank, name, url, cell, position in page.rows
        ],
    }


def changes(rows: Iterable[Change], day: datetime.date) -> Document:
    """The newest entries of the change log."""
    return {**head("changes", "/changes/", "Changes", day, {}), "changes": [change(each) for each in rows]}


def change(row: Change) -> Document:
    is_shown = row.model is not None and row.model.status == "published"
    return {
        "at": row.at.isoformat(),
        "kind": row.kind,
        "subject": row.subject,
        "model": row.model.slug if is_shown else None,
        "old": row.old or None,
        "new": row.new or None,
        "reason": row.reason or None,
        "source_url": row.source_url or None,
    }
