"""PURE (numpy): what would flip the answer, from estimates alone; no Django, no wording.

d are the leads of a over b per category, w weights of at least 0 with sum 1, D = sum w d the overall lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from comparisons.evidence import Array

SAFE = 0.90  # how sure each category of a lead is that no weighting flips
Z_LIKELY = 0.8416  # the normal quantile of P = .80, from which on a call says "likely"


@dataclass(frozen=True, slots=True)
class Flip:
    """Changing the weight of one category alone from `now` to `share`; the other weights keep their proportions."""

    category: int  # place in d
    now: float
    share: float


@dataclass(frozen=True, slots=True)
class Everywhere:
    """The leader is ahead in every category; `is_safe` when each lead is at least 90 % sure: then no weighting flips the answer."""

    is_safe: bool
    weakest: int  # place of the least sure category
    p: float  # how sure it is: at least as sure is the overall lead under every weighting


def ahead_everywhere(d: Sequence[float], p: Sequence[float]) -> Everywhere | None:
    """Whether one side leads in every category, from leads and from probabilities that a is better; None if no side does.

    D lies between the smallest and the largest d. And the deviation of a weighted sum is at most the weighted sum of deviations, so that P(a
    ahead) is at least the smallest of the p.
    """
    if len(d) == 0 or not (all(x > 0 for x in d) or all(x < 0 for x in d)):
        return None
    sure = [x if d[0] > 0 else 1 - x for x in p]
    weakest = min(range(len(sure)), key=lambda c: sure[c])
    return Everywhere(sure[weakest] >= SAFE, weakest, sure[weakest])


def single_flips(d: Sequence[float], w: Sequence[float]) -> list[Flip]:
    """Weights of one category at which D becomes 0, the smallest change first: R / (R - d) where that lies in [0, 1].

    R is the lead over the other categories.
    """
    lead, flips = _lead(d, w), []
    for c, (x, now) in enumerate(zip(d, w, strict=True)):
        rest = (lead - now * x) / (1 - now) if now < 1 else x
        if lead and rest * x <= 0 and rest != x:
            flips.append(Flip(c, float(now), float(rest / (rest - x))))
    return sorted(flips, key=lambda flip: (abs(flip.share - flip.now), flip.category))


def smallest_move(d: Sequence[float], w: Sequence[float]) -> tuple[float, list[float]] | None:
    """The smallest share of weight that must change hands for D = 0, and the weights after it; None where no weighting flips.

    All of it goes to the leader's worst category, from his best ones first: a unit moved from c costs d_c - d_worst.
    """
    lead = _lead(d, w)
    leads = [x if lead > 0 else -x for x in d]
    left, after = abs(lead), [float(x) for x in w]
    worst = min(range(len(leads)), key=lambda c: leads[c])
    if not lead or leads[worst] > 0:
        return None
    moved = 0.0
    for c in sorted(range(len(leads)), key=lambda c: -leads[c]):
        cost = leads[c] - leads[worst]
        if left <= 0 or cost <= 0:
            break
        share = min(after[c], left / cost)
        after[c] -= share
        after[worst] += share
        moved, left = moved + share, left - share * cost
    return moved, after


def close_flips(d: Sequence[float], w: Sequence[float], cov: Array) -> list[Flip]:
    """Weights of one category at which the overall lead is no longer likely (P = .80), the smallest change first.

    Along one weight t the lead is linear and its variance quadratic, so D(t)^2 = .84^2 q(t) is one quadratic. `cov` is that of the leads.
    """
    d, w = np.asarray(d, float), np.asarray(w, float)
    flips = []
    if (w @ d) ** 2 <= Z_LIKELY**2 * (w @ cov @ w):
        return flips
    for c in range(len(d)):
        if w[c] >= 1:
            continue
        start = np.where(np.arange(len(d)) == c, 0.0, w) / (1 - w[c])  # weights at t = 0
        way = (np.arange(len(d)) == c) - start
        lead, slope = start @ d, way @ d
        spread = Z_LIKELY**2 * np.array([way @ cov @ way, 2 * start @ cov @ way, start @ cov @ start])
        roots = np.roots(np.array([slope**2, 2 * lead * slope, lead**2]) - spread)
        inside = [float(t.real) for t in roots if abs(t.imag) < 1e-9 and 0 <= t.real <= 1]
        if inside:
            flips.append(Flip(c, float(w[c]), min(inside, key=lambda t: abs(t - w[c]))))
    return sorted(flips, key=lambda flip: (abs(flip.share - flip.now), flip.category))


def _lead(d: Sequence[float], w: Sequence[float]) -> float:
    return float(sum(x * weight for x, weight in zip(d, w, strict=True)))
