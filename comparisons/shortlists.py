"""Three or four models side by side: one frozen object for the page."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from comparisons import bills, evidence, scoring, tradeoffs, verdicts
from comparisons.cells import Side, remarks_on, side
from comparisons.links import Options, Toggle, WeightPanel, weight_panel
from comparisons.models import LanguageModel
from comparisons.plain import Rulebook
from comparisons.scoring import Scorecard
from comparisons.tradeoffs import Facts
from comparisons.verdicts import count, number, points, score_text, span


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table with one cell a model: its text, and whether it is the best or, for limits, a line of detail."""

    name: str
    url: str
    cells: tuple[tuple[str, bool | str], ...]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ShortlistPage:
    path: str
    title: str
    description: str
    sides: tuple[Side, ...]
    coverage: str
    scores: tuple[
        tuple[str, str, str], ...
    ]  # estimated score, likely range, likely rank of each model; empty before the first fit
    overall: Line
    categories: tuple[Line, ...]
    limits: tuple[Line, ...]
    groups: tuple[tuple[str, tuple[Line, ...]], ...]
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
    columns = [_limits(fact, today) for fact in facts]
    return ShortlistPage(
        path=path,
        title=f"{' vs '.join(names)}: benchmarks, price and context compared",
        description=f"{verdicts.joined(names)} side by side: {len(benchmarks)} benchmarks on record, {len(everywhere)} run on all.",
        sides=tuple(
            side(m, mark, card, categories=len(rules.categories))
            for m, mark, card in zip(models, "abcd", cards, strict=False)
        ),
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
        limits=tuple(Line(label, "", tuple(column[label] for column in columns)) for label in columns[0]),
        groups=tuple(
            (c.name, lines)
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
        bill=bills.bill_panel(facts, options.workload, options.kept),
        weights=weight_panel(rules, options, lambda w: options.href(path, w=w)),
        add_href="/compare/?" + urlencode([*zip("abc", [m.slug for m in models], strict=False), ("more", "1")])
        if len(models) < 4
        else "",
        announcement=f"{count(len(chosen), 'benchmark')} shown",
    )


def _score_cell(standing: evidence.Standing | None) -> tuple[str, str, str]:
    if standing is None:
        return "", "", ""
    overall = standing.overall
    places = "too few tests for a rank" if standing.best is None else f"likely rank {standing.best} to {standing.worst}"
    return points(overall.value), span(overall), places


def _line(name: str, url: str, values: Sequence[Decimal | None], places: int = 1) -> Line:
    texts = [number(value, places) if value is not None else "" for value in values]
    return Line(name, url, _marked(texts, values, max))


def _score_line(benchmark: scoring.Benchmark, cards: Sequence[Scorecard]) -> Line:
    cells = [card.cells.get(benchmark.slug) for card in cards]
    values = [cell.value if cell else None for cell in cells]
    texts = [score_text(value, benchmark.unit) if value is not None else "" for value in values]
    best = {"higher": max, "lower": min, "none": None}[benchmark.direction]
    return Line(
        benchmark.name, f"/benchmarks/{benchmark.slug}/", _marked(texts, values, best), ", ".join(remarks_on(benchmark))
    )


def _marked(
    texts: Sequence[str], values: Sequence[Decimal | None], best: Callable | None
) -> tuple[tuple[str, bool], ...]:
    """Texts with the best values marked; none where all are equal or only one is known."""
    known = [value for value in values if value is not None]
    top = best(known) if best and len(set(known)) > 1 else None
    return tuple((text, top is not None and value == top) for text, value in zip(texts, values, strict=True))


def _limits(facts: Facts, today: datetime.date) -> dict[str, tuple[str, str]]:
    """The tradeoff column of one model: value and detail of each of the pair's rows."""
    return {row.label: (row.a.text or row.missing, row.a.detail) for row in tradeoffs.rows(facts, facts, today)}
