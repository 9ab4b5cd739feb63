"""What would flip the answer: against brute force."""

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest

from comparisons import evidence, flips


def leads(seed: int, categories: int = 4):
    random = np.random.default_rng(seed)
    return random.normal(0.5, 1, categories), random.dirichlet(np.ones(categories))


def test_lead_everywhere_bounds_every_weighting():
    assert flips.ahead_everywhere([1, 2], [0.95, 0.9]) == flips.Everywhere(True, 1, 0.9)
    assert flips.ahead_everywhere([-1, -2], [0.2, 0.05]) == flips.Everywhere(False, 0, 0.8)
    assert flips.ahead_everywhere([1, -2], [0.9, 0.1]) is None
    assert flips.ahead_everywhere([1, 0], [0.9, 0.5]) is None
    assert flips.ahead_everywhere([], []) is None
    random = np.random.default_rng(0)
    for _ in range(200):
        root = random.normal(size=(3, 3))
        d, cov, w = np.abs(random.normal(size=3)), root @ root.T, random.dirichlet(np.ones(3))
        p = evidence._phi(d / np.sqrt(np.diag(cov)))
        assert evidence._phi(w @ d / np.sqrt(w @ cov @ w)) >= flips.ahead_everywhere(d, p).p - 1e-9


def moved(w: np.ndarray, category: int, share: float) -> np.ndarray:
    """The weights with one changed alone."""
    after = w * (1 - share) / (1 - w[category])
    after[category] = share
    return after


def test_single_flips_are_the_only_sign_changes():
    for seed in range(20):
        d, w = leads(seed)
        found = {flip.category: flip for flip in flips.single_flips(d, w)}
        for category in range(4):
            signs = [np.sign(moved(w, category, share) @ d) for share in np.linspace(0, 1, 101)]
            assert (len(set(signs)) > 1) == (category in found)
            if category in found:
                assert found[category].now == w[category]
                assert moved(w, category, found[category].share) @ d == pytest.approx(0, abs=1e-12)
        sizes = [abs(flip.share - flip.now) for flip in flips.single_flips(d, w)]
        assert sizes == sorted(sizes)


def test_single_flip_of_the_only_category_is_none():
    assert flips.single_flips([3.0], [1.0]) == []
    assert flips.single_flips([3.0, -1.0], [1.0, 0.0]) == [flips.Flip(1, 0.0, 0.75)]
    assert flips.single_flips([0.0, 0.0], [0.5, 0.5]) == []


def test_smallest_move_beats_every_other_move():
    steps = np.linspace(0, 1, 41)
    others = np.array([(x, y, 1 - x - y) for x, y in product(steps, steps) if x + y <= 1 + 1e-9])
    seen = Counter()
    for seed in range(60):
        d, w = leads(seed, 3)
        found = flips.smallest_move(d, w)
        crossed = others @ d * np.sign(w @ d) <= 0
        seen[found is None] += 1
        if found is None:
            assert not crossed.any()
            continue
        share, after = found
        assert (sum(after), min(after) >= -1e-12) == (pytest.approx(1), True)
        assert np.dot(after, d) == pytest.approx(0, abs=1e-9)
        assert np.abs(np.array(after) - w).sum() / 2 == pytest.approx(share)
        assert (np.abs(others[crossed] - w).sum(axis=1) / 2).min() >= share - 1e-9
    assert min(seen[True], seen[False]) > 5


def test_close_flips_are_where_the_lead_stops_being_likely():
    tried = 0
    for seed in range(20):
        d, w = leads(seed)
        root = np.random.default_rng(seed).normal(0, 0.2, (4, 4))
        cov = root @ root.T + 0.02 * np.eye(4)

        def p(weights, d=d, cov=cov):
            return 0.5 * math.erfc(-abs(weights @ d) / math.sqrt(2 * weights @ cov @ weights))

        found = {flip.category: flip for flip in flips.close_flips(d, w, cov)}
        if p(w) <= 0.8:
            assert found == {}
            continue
        for category in range(4):
            grid = np.linspace(0, 1, 101)
            close = [share for share in grid if p(moved(w, category, share)) < 0.8]
            if category in found:
                tried += 1
                assert p(moved(w, category, found[category].share)) == pytest.approx(0.8, abs=1e-3)
            if close:
                nearest = min(close, key=lambda share: abs(share - w[category]))
                assert abs(found[category].share - nearest) < 0.02
    assert tried > 10
