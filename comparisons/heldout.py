"""PURE (numpy): how well scores that a fit has not read are predicted; no Django, no wording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comparisons.evidence import Array, Fit, Observations, fit, keep, measured_on, p_higher, predicted

PAIRS_AT_ONCE = 50_000  # bounds the memory of a self-test
HIDDEN = 0.2  # share of (model, test) units that the self-test hides


@dataclass(frozen=True, slots=True)
class Held:
    """How often hidden scores were predicted: pairs of models of which both scores on one test were hidden, and single scores."""

    accuracy: float | None  # share of pairs whose higher one was named; None without a pair, as the next three
    brier: float | None
    log_loss: float | None
    calibration_error: float | None  # mean distance of said and true, over ten classes of confidence
    coverage: float | None  # share of hidden scores in their 90 % interval; None without one
    pairs: int
    scores: int


def self_test(observed: Observations, *, seeds: int = 5) -> Held:
    """Hide a fifth of the (model, test) units, near-copies together, fit on the rest, predict; over seeds 0.. pooled."""
    units = observed.model * (observed.family.max(initial=0) + 1) + observed.family[observed.benchmark]
    names, unit = np.unique(units, return_inverse=True)
    parts = []
    for seed in range(seeds):
        hidden = (np.random.default_rng(seed).random(len(names)) < HIDDEN)[unit]
        parts.append(held_out(fit(keep(observed, ~hidden)), observed, np.flatnonzero(hidden)))
    return measure(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def held_out(found: Fit, observed: Observations, rows: Array) -> tuple[Array, Array, Array, Array]:
    """What a fit on the other rows says of the hidden `rows` of `observed`: (p, outcome, weight) per pair, and whether each score is covered."""
    i, j, weight = hidden_pairs(observed, rows)
    p = np.empty(len(i))
    for part in np.array_split(np.arange(len(i)), len(i) // PAIRS_AT_ONCE + 1):
        p[part] = p_higher(found, observed.model[i[part]], observed.model[j[part]], observed.benchmark[i[part]])
    model, bench = observed.model[rows], observed.benchmark[rows]
    _, low, high = predicted(found, model, bench)
    scale = found.observed
    y, _ = measured_on(scale.is_rating, scale.low, scale.high, bench, observed.value[rows])
    return p, observed.y[i] > observed.y[j], weight, (low <= y) & (y <= high)


def hidden_pairs(observed: Observations, rows: Array) -> tuple[Array, Array, Array]:
    """Pairs (i, j) of hidden rows on one benchmark, ties dropped, with weights by which each hidden score counts the same in total."""
    upwards = observed.value * np.sign(observed.high - observed.low)[observed.benchmark]
    found = []
    for bench in np.unique(observed.benchmark[rows]):
        inside = rows[observed.benchmark[rows] == bench]
        i, j = (inside[side] for side in np.triu_indices(len(inside), 1))
        apart = upwards[i] != upwards[j]
        found.append(np.stack([i[apart], j[apart]]))
    i, j = np.concatenate(found, axis=1) if found else np.empty((2, 0), int)
    partners = np.maximum(np.bincount(np.concatenate([i, j]), minlength=len(observed.y)), 1)
    return i, j, (1 / partners[i] + 1 / partners[j]) / 2


def measure(p: Array, outcome: Array, weight: Array, covered: Array) -> Held:
    """Accuracy, Brier score, log loss and calibration error of weighted pairs, and coverage. Saying nothing (p = .5) scores one half."""
    coverage = float(covered.mean()) if len(covered) else None
    if not len(p):
        return Held(None, None, None, None, coverage, 0, len(covered))
    right = np.where(p == 0.5, 0.5, (p > 0.5) == outcome)
    share = weight / weight.sum()
    said = np.where(outcome, p, 1 - p)
    sure = np.maximum(p, 1 - p)
    level = np.minimum(((sure - 0.5) * 20).astype(int), 9)
    return Held(
        accuracy=float(share @ right),
        brier=float(share @ (1 - said) ** 2),
        log_loss=float(share @ -np.log(np.maximum(said, 1e-12))),
        calibration_error=float(np.abs(np.bincount(level, share * (sure - right), 10)).sum()),
        coverage=coverage,
        pairs=len(p),
        scores=len(covered),
    )
