"""Reports of wrong scores: what a reader may report, what is kept of it, what a curator does with it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from comparisons import limits, scoring
from comparisons.cells import KINDS
from comparisons.models import Benchmark, LanguageModel, Score, ScoreReport
from comparisons.tradeoffs import day
from comparisons.verdicts import score_text

AN_HOUR_IN_ALL, AN_HOUR_OF_A_CLIENT = 60, 10


class TooManyError(Exception):
    """More reports than anybody could read."""


@dataclass(frozen=True, slots=True)
class Reportable:
    """All published results of one model on one benchmark: what one report is about."""

    model: LanguageModel
    benchmark: Benchmark
    scores: tuple[Score, ...]  # the displayed one first

    @property
    def name(self) -> str:
        return f"{self.model} on {self.benchmark}"

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """(key, what the page shows, source) of each result."""
        return [(str(score.pk), words(score), score.source_url) for score in self.scores]


def reportable(model: LanguageModel, slug: str) -> Reportable | None:
    """What can be reported of a model on a benchmark by slug; None where no score of it is published."""
    rows = Score.objects.published().of([model]).filter(benchmark__slug=slug.lower()).select_related("benchmark")
    scores = sorted(rows, key=scoring.preference)
    for score in scores:
        score.model = model
    return Reportable(model, scores[0].benchmark, tuple(scores)) if scores else None


def words(score: Score) -> str:
    """A result as a reader sees it: `66.3%, maker's figure, 14 Apr 2025, no thinking`."""
    dated = day(score.reported_on) if score.reported_on else "no date"
    parts = (score_text(score.value, score.benchmark.unit), KINDS[score.source_kind], dated, score.setting)
    return ", ".join(part for part in parts if part)


def take(about: Reportable, key: str, text: str, source_url: str, now: datetime.datetime) -> ScoreReport:
    """Keep one report. TooManyError where the hour has had its share."""
    if not limits.allow("reports", AN_HOUR_IN_ALL, limits.HOUR, now):
        raise TooManyError
    score = next(score for score in about.scores if str(score.pk) == key)
    return ScoreReport.objects.create(
        at=now,
        model=about.model,
        benchmark=about.benchmark,
        score=score,
        seen=words(score)[:200],
        text=text,
        source_url=source_url,
    )


def listed(model: LanguageModel) -> Sequence[tuple[str, str, str]]:
    """(benchmark, displayed score, address of its form) of every benchmark that a model has scores on."""
    rows = Score.objects.published().of([model]).select_related("benchmark").order_by("benchmark__name")
    best: dict[str, Score] = {}
    for row in rows:
        held = best.get(row.benchmark.slug)
        if held is None or scoring.preference(row) < scoring.preference(held):
            best[row.benchmark.slug] = row
    return [
        (row.benchmark.name, score_text(row.value, row.benchmark.unit), f"/report/{model.slug}/{slug}/")
        for slug, row in best.items()
    ]
