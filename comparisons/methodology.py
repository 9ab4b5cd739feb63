"""What the methodology page works out: a pair step by step, and how well the estimates did on scores hidden from them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from comparisons import verdicts
from comparisons.plain import Rulebook
from comparisons.scoring import Comparison
from comparisons.tradeoffs import day
from comparisons.verdicts import count, number, percent, points


def worked_example(comparison: Comparison, rules: Rulebook) -> tuple[tuple[str, str, str, str], ...]:
    """(category, weight, arithmetic of a, arithmetic of b) for the methodology page, from the rows themselves."""
    lines = []
    for result in comparison.categories:
        sums = []
        for card, average in ((comparison.a, result.a), (comparison.b, result.b)):
            if average is None:
                sums.append("no weighted score")
                continue
            terms = [
                (b.weight, card.cells[b.slug].value)
                for b in rules.benchmarks.values()
                if b.category == result.category.slug and b.weight and b.slug in card.cells
            ]
            weight = sum(w for w, _ in terms)
            written = " + ".join(f"{w.normalize():f} × {x.normalize():f}" for w, x in terms)
            sums.append(f"({written}) / {weight.normalize():f} = {number(average.value, 1)}")
        lines.append((result.category.name, f"{result.category.weight.normalize():f}", *sums))
    return tuple(lines)


def worked_words(comparison: Comparison, names: Sequence[str]) -> tuple[str, ...]:
    """The overall averages step by step, and what follows from them, one sentence each."""
    found = []
    for name, card in zip(names, (comparison.a, comparison.b), strict=True):
        if not card.overall:
            found.append(f"{name} has no weighted score, so no overall average.")
            continue
        parts = [result.category for result in comparison.categories if result.category.slug in card.categories]
        terms = " + ".join(f"{c.weight.normalize():f} × {number(card.categories[c.slug].value, 2)}" for c in parts)
        share = f"{sum(c.weight for c in parts).normalize():f}"
        value = card.overall.value
        found.append(f"{name} overall: ({terms}) / {share} = {number(value, 2)}, printed as {number(value)}.")
    total = len(comparison.categories)
    wins = [f"{name} {won}" for name, won in zip(names, (comparison.wins_a, comparison.wins_b), strict=True)]
    found.append(
        f"Of {total} categories {len(comparison.comparable)} are comparable; {verdicts.joined(wins)} of them won."
    )
    if comparison.shared_rows:
        values = f"{number(comparison.shared_a, 2)} and {number(comparison.shared_b, 2)}"
        found.append(
            f"Over the {count(comparison.shared_rows, 'weighted test')} both took, the same two steps give {values}."
        )
    return tuple(found)


def self_test_lines(held: Mapping[str, float]) -> tuple[tuple[str, str, str], ...]:
    """(measure, value, meaning) of a fit's self-test."""
    return (
        (
            "Pairs named right",
            percent(Decimal(held["accuracy"])),
            f"of {held['pairs']:,} pairs of models with a hidden score on one test each; a coin gives 50 %",
        ),
        (
            "Brier score",
            points(held["brier"], 3),
            "mean squared error of the probability; saying nothing gives 0.25, less is better",
        ),
        ("Log loss", points(held["log_loss"], 3), "saying nothing gives 0.693, less is better"),
        (
            "Calibration error",
            percent(Decimal(held["calibration_error"])),
            "mean distance between what was said and how often it came true",
        ),
        (
            "Scores inside their 90 % interval",
            percent(Decimal(held["coverage"])),
            f"of {held['scores']:,} hidden scores",
        ),
    )


TASKS = {
    "A": "a fifth of all scores hidden",
    "B": "a fifth of all (model, category) blocks hidden",
    "C1": "new models with 1 score",
    "C3": "new models with 3 scores",
    "C5": "new models with 5 scores",
    "D": "pairs without a shared test in any category",
}
HELD_OUT = Path(__file__).parent / "heldout.json"


@cache
def held_out_tables() -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    """(caption, rows) of each measured run of the held-out evaluation; a row is task and figures, as tests/bench/evidence.py wrote them."""
    tables = []
    for run in json.loads(HELD_OUT.read_text()):
        measured = day(datetime.date.fromisoformat(run["measured_on"]))
        rows = []
        for task, accuracy, brier, log_loss, coverage, averages, shared in run["rows"]:
            shares = (accuracy, averages, shared, coverage)
            rows.append(
                (TASKS[task], *(percent(Decimal(share)) for share in shares), points(brier, 3), points(log_loss, 3))
            )
        tables.append((f"{run['data']}, measured on {measured} over {run['seeds']} random splits", tuple(rows)))
    return tuple(tables)
