"""Three or four models side by side: one frozen object for the page."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from comparisons import bills, evidence, scoring, tradeoffs, verdicts
from comparisons.cells import ScoreCell, Side, remarks_on, score_cell, side
from comparisons.figures import Figure
from comparisons.links import Options, Toggle, WeightPanel, weight_panel
from comparisons.models import LanguageModel
from comparisons.plain import Rulebook
from comparisons.scoring import Scorecard
from comparisons.tradeoffs import Facts, day
from comparisons.verdicts import count, number, points, span


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table with one cell a model: its text, and whether it is the best."""

    name: str
    url: str
    cells: tuple[tuple[Figure | str, bool], ...]


@dataclass(frozen=True, slots=True)
class LimitLine:
    name: str
    unit: str
    cells: tuple[tuple[tradeoffs.Value, str], ...]  # and what is said where it is not known


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """The results of all models on one benchmark."""

    name: str
    url: str
    unit: str
    remark: str
    cells: tuple[ScoreCell | None, ...]


@dataclass(frozen=True, slots=True)
class ShortlistPage:
    path: str
    day: Figure  # of which the page is
    title: str
    description: str
    sides: tuple[Side, ...]
    on_record: int  # benchmarks
    in_common: int  # of them, run on all
    coverage: str
    scores: tuple[
        tuple[Figure | str, Figure | str, Figure | str], ...
    ]  # estimated score, likely range, likely rank of each model; empty before the first fit
    overall: Line
    categories: tuple[Line, ...]
    limits: tuple[LimitLine, ...]
    groups: tuple[tuple[str, str, tuple[ScoreLine, ...]], ...]  # slug and name of the category
    pairs: tuple[tuple[str, str], ...]  # (label, address)
    show_toggles: tuple[Toggle, ...]
    shown_rows: int
    columns: int
    bill: bills.BillPanel
    weights: WeightPanel
    add_href: str  # empty: four stand already
    announcement: str


def shortlist_page(
    models: Sequence[LanguageModel],
    cards: Sequence[Scorecard],
    facts: Sequence[Facts],
    rules: Rulebook,
    options: Options,
    *,
    estimated: Mapping[str, evidence.Standing] | None = None,
    path: str,
    today: datetime.date,
) -> ShortlistPage:
    """Three or four models side by side by the same rules; sentences are for pairs."""
    names = [model.name for model in models]
    benchmarks = [b for b in rules.benchmarks.values() if any(b.slug in card.cells for card in cards)]
    everywhere = [b for b in benchmarks if all(b.slug in card.cells for card in cards)]
    show = "shared" if options.show == "shared" else "all"
    chosen = everywhere if show == "shared" else benchmarks
    address = partial(options.href, path)
    return ShortlistPage(
        path=path,
        day=day(today),
        title=f"{' vs '.join(names)}: benchmarks, price and context compared",
        description=f"{verdicts.joined(names)} side by side: {len(benchmarks)} benchmarks on record, {len(everywhere)} run on all.",
        sides=tuple(
            side(m, mark, card, categories=len(rules.categories))
            for m, mark, card in zip(models, "abcd", cards, strict=False)
        ),
        on_record=len(benchmarks),
        in_common=len(everywhere),
        coverage=f"{count(len(benchmarks), 'benchmark')} on record, {len(everywhere)} run on all {len(models)} models.",
        scores=tuple(_score_cell(estimated.get(model.slug)) for model in models) if estimated else (),
        overall=_line(
            "Average of its own tests", "", [card.overall.value if card.overall else None for card in cards], 0
        ),
        categories=tuple(
            _line(
                c.name,
                f"/leaderboard/{c.slug}/",
                [card.categories[c.slug].value if c.slug in card.categories else None for card in cards],
            )
            for c in rules.categories
        ),
        limits=_limits(facts, today),
        groups=tuple(
            (c.slug, c.name, lines)
            for c in rules.categories
            if (lines := tuple(_score_line(b, cards) for b in chosen if b.category == c.slug))
        ),
        pairs=tuple(
            (f"{a.name} vs {b.name}", f"/compare/{a.slug}-vs-{b.slug}/")
            for i, a in enumerate(models)
            for b in models[i + 1 :]
        ),
        show_toggles=(
            Toggle("show-all", f"All ({len(benchmarks)})", options.href(path, show=""), show == "all"),
            Toggle(
                "show-shared",
                f"Tests all took ({len(everywhere)})",
                options.href(path, show="shared"),
                show == "shared",
            ),
        ),
        shown_rows=len(chosen),
        columns=len(models) + 1,
        bill=bills.bill_panel(facts, options.workload, options.kept, options.opener("bill", address)),
        weights=weight_panel(rules, options, address),
        add_href="/compare/?" + urlencode([*zip("abc", [m.slug for m in models], strict=False), ("more", "1")])
        if len(models) < 4
        else "",
        announcement=f"{count(len(chosen), 'benchmark')} shown",
    )


def _score_cell(standing: evidence.Standing | None) -> tuple[Figure | str, Figure | str, Figure | str]:
    if standing is None:
        return "", "", ""
    overall = standing.overall
    places = "too few tests for a rank"
    if standing.best is not None:
        places = Figure(f"likely rank {standing.best} to {standing.worst}", (standing.best, standing.worst))
    return points(overall.value), span(overall), places


def _line(name: str, url: str, values: Sequence[Decimal | None], places: int = 1) -> Line:
    texts = [number(value, places) if value is not None else "" for value in values]
    best = _best(values, max)
    marked = tuple((t, best is not None and value == best) for t, value in zip(texts, values, strict=True))
    return Line(name, url, marked)


def _score_line(benchmark: scoring.Benchmark, cards: Sequence[Scorecard]) -> ScoreLine:
    cells = [card.cells.get(benchmark.slug) for card in cards]
    direction = {"higher": max, "lower": min, "none": None}[benchmark.direction]
    best = _best([cell.value if cell else None for cell in cells], direction)
    return ScoreLine(
        benchmark.name,
        f"/benchmarks/{benchmark.slug}/",
        benchmark.unit,
        ", ".join(remarks_on(benchmark)),
        tuple(
            score_cell(cell, benchmark.unit, is_best=best is not None and cell.value == best) if cell else None
            for cell in cells
        ),
    )


def _best(values: Sequence[Decimal | None], direction: Callable | None) -> Decimal | None:
    """The best of the values; None where all are equal or only one is known."""
    known = [value for value in values if value is not None]
    return direction(known) if direction and len(set(known)) > 1 else None


def _limits(facts: Sequence[Facts], today: datetime.date) -> tuple[LimitLine, ...]:
    """The tradeoff rows of a pair, one model after the other."""
    columns = [tradeoffs.rows(each, each, today) for each in facts]
    return tuple(
        LimitLine(rows[0].label, rows[0].unit, tuple((row.a, row.missing) for row in rows))
        for rows in zip(*columns, strict=True)
    )
