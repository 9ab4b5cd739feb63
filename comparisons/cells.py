"""What several pages print alike: a model at the head of a column, and a score with its sources."""

from __future__ import annotations

from dataclasses import dataclass

from comparisons import scoring
from comparisons.figures import Figure
from comparisons.models import LanguageModel
from comparisons.scoring import Cell, Scorecard
from comparisons.tradeoffs import day
from comparisons.verdicts import count, percent, points, score_text

KINDS = {
    "maintainer": "benchmark's maintainer",
    "independent": "independent run",
    "vendor": "maker's figure",
    "aggregator": "aggregator's figure",
}


@dataclass(frozen=True, slots=True)
class Side:
    mark: str  # a, b, c, d: shape and colour
    slug: str
    name: str
    short: str
    creator: str
    url: str
    figure: Figure | str  # of the reading in front; empty: none
    span: Figure | str  # likely range of the estimated score
    badge: str
    is_behind: bool
    wins: Figure | str
    tests: Figure
    tested: str
    remark: str  # retired, for example


def side(
    model: LanguageModel,
    mark: str,
    card: Scorecard,
    *,
    categories: int,
    wins: Figure | str = "",
    figure: Figure | str = "",
    span: Figure | str = "",
    badge: str = "",
    is_behind: bool = False,
) -> Side:
    return Side(
        mark=mark,
        slug=model.slug,
        name=model.name,
        short=model.short,
        creator=model.creator.name,
        url=model.get_absolute_url(),
        figure=figure,
        span=span,
        badge=badge,
        is_behind=is_behind,
        wins=wins,
        tests=count(len(card.cells), "test"),
        tested=tested_words(card, categories),
        remark=f"Retired on {day(model.retires_on)}" if model.is_retired else "",
    )


def tested_words(card: Scorecard, categories: int) -> str:
    """How much of the whole stands behind a model's averages."""
    text = f"tested in {len(card.categories)} of {categories} categories"
    return f"{text} ({percent(card.overall.coverage)} by importance)" if card.overall else text


@dataclass(frozen=True, slots=True)
class Source:
    """One result as printed."""

    text: Figure
    url: str
    kind: str
    detail: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class ScoreCell:
    text: Figure
    unit: str
    stored: Cell
    is_best: bool
    note: str
    spread: str
    report: str = ""  # address of the form that reports it

    @property
    def url(self) -> str:
        return self.stored.shown.source_url

    @property
    def is_unconfirmed(self) -> bool:
        return self.stored.is_unconfirmed

    @property
    def sources(self) -> tuple[Source, ...]:
        """The results as printed; most pages need those of few cells."""
        return tuple(
            Source(
                score_text(result.value, self.unit),
                result.source_url,
                KINDS[result.source_kind],
                ", ".join(filter(None, (day(result.reported_on) if result.reported_on else "no date", result.setting))),
                result is self.stored.shown,
            )
            for result in self.stored.results
        )


def score_cell(
    cell: Cell, unit: str, *, is_best: bool = False, expected: float | None = None, of: tuple[str, str] = ("", "")
) -> ScoreCell:
    """One model's results on one benchmark: the displayed one, and all of them where there are several.

    `expected` is what the fit expects where the score is out of line with the rest; `of` names model and benchmark by slug.
    """
    note, spread = cell.shown.note, ""
    if expected is not None:
        note = "; ".join(filter(None, (note, f"out of line, {points(expected)} expected")))
    if cell.others:
        low, high = cell.spread
        spread = f"{len(cell.results)} sources, {low.normalize():f} to {high.normalize():f}"
    return ScoreCell(
        text=score_text(cell.value, unit),
        unit=unit,
        stored=cell,
        is_best=is_best,
        note=note,
        spread=spread,
        report="/report/{}/{}/".format(*of) if all(of) else "",
    )


def remarks_on(benchmark: scoring.Benchmark) -> list[str]:
    """What a reader must know about a benchmark's figures."""
    remarks = [] if benchmark.weight else ["shown, not counted"]
    return [*remarks, "lower is better"] if benchmark.direction == "lower" else remarks
