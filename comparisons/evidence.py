"""PURE (numpy): one ability per model and category, estimated from all confirmed scores at once; no Django, no wording.

    y = mu_b + a_b z_mc + e        e ~ t_4(0, s2_b + k / (p (1 - p)))        z_m ~ N(0, Sigma)
    mu_b ~ N(0, 9)                 a_b ~ N(1, .10), at least .1

y is the logit of a share of points, or a rating in standard deviations from the median of its benchmark; b a benchmark with difficulty
mu_b, slope a_b and variance s2_b; m a model with an ability z_mc in each category c. This is item response theory with continuous
answers: tests that models share put all the others on one scale. Fitted by EM (the t as a mixture of normals, whose weights u turn
down scores out of line); uncertain by Laplace's method, with the benchmarks integrated out. Arrays have M models, B benchmarks,
C categories, N observations. Deterministic: rows are sorted, draws are seeded.
"""

from __future__ import annotations

import io
import json
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from comparisons.scoring import EVIDENCE_KINDS, Benchmark, Category, Cell

Label = Literal["head_to_head", "partly", "bridged", "inferred", "too_thin"]
Call = Literal["clear", "likely", "close"]
Array = NDArray[np.float64]

BOUNDED, RATING = {"percent", "index"}, "elo"  # units that the fit reads; money and time are left out
CLIP = 0.004  # shares are kept this far from 0 and 1
SAMPLING = 0.002  # k: sampling variance of a share as if of about 500 questions
NU = 4  # degrees of freedom of the t
WORTH = (NU + 1) / (NU + 3)  # information in an observation from the t, as a share of that from a normal
MU_VARIANCE, A_VARIANCE, A_LEAST = 9.0, 0.10, 0.1  # prior of difficulty around 0 and of slope around 1
PSEUDO_MODELS, PSEUDO_SCORES, POOL_SHARE, S2_LEAST = 2, 4, 0.6, 0.01  # shrinkage of Sigma and of s2
S2_START, TOLERANCE, MOST_STEPS = 0.15, 5e-4, 600
REWEIGHTINGS = 15  # most steps of an update of one model
Z90 = 1.645
STRETCH = (1.80 / Z90) ** 2  # of variances: calibrated on simulated and hidden scores
CLEAR, LIKELY = 0.95, 0.80
THIN = 3  # tests in all that a verdict needs
SHARED = 3  # shared tests of a category that make it head to head
OUT_OF_LINE = 2.5  # standard deviations
BASKET_MODELS, BASKET_FLOOR = 8, 0.02  # models that a test of the basket needs; added to its site weight
DRAWS, SEED = 1_000, 1  # of a rank range
CHUNK = 256  # models at a time where a matrix is as wide as all benchmarks


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """What the fit reads, sorted by model and benchmark; names are slugs in alphabetical order.

    `low` and `high` are the values of a benchmark at share 0 and share 1, those of a rating at its median and one standard deviation
    above it: better is always towards `high`.
    """

    models: tuple[str, ...]
    benchmarks: tuple[str, ...]
    categories: tuple[str, ...]
    category: NDArray[np.int64]  # B
    family: NDArray[np.int64]  # B, near-copies share a number
    is_rating: NDArray[np.bool_]  # B
    low: Array  # B
    high: Array  # B
    model: NDArray[np.int64]  # N
    benchmark: NDArray[np.int64]  # N
    value: Array  # N, on the scale of the benchmark
    y: Array  # N
    noise: Array  # N, sampling variance of y
    copies: Array  # N, 1/n for one of n near-copies that the model took


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Estimates: what the observations say about every benchmark and every model, and how surely."""

    observed: Observations
    mu: Array  # B
    a: Array  # B
    s2: Array  # B
    sigma: Array  # C x C
    u: Array  # N, robustness weights: 1.25 in line, towards 0 out of line
    w: Array  # N, information of an observation about y
    z: Array  # M x C
    v: Array  # M x C x C, covariance of z with the benchmarks known
    h: Array  # B x 2 x 2, covariance of (mu, a) with the abilities known
    p: Array  # 2B x 2B, covariance of all mu, then all a
    steps: int
    pool: float  # mean of u e^2


@dataclass(frozen=True, slots=True)
class Basket:
    """A fixed list of tests: weight by benchmark slug by category slug. Changed only with a new version and a dated note."""

    version: int
    frozen_on: str
    note: str
    tests: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An expected average on the basket (0 to 100) with its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CategoryPair:
    """One category of two models. `weight` is its share of the overall difference: 0 where it is guessed, dropped or not weighted."""

    category: str
    a: Estimate
    b: Estimate
    p: float  # probability that a is better
    label: Label
    shared: int  # distinct tests both took
    weight: float

    @property
    def gap(self) -> float:
        return self.a.value - self.b.value


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two models side by side; swapping them mirrors it. The overall figures are None where no category counts."""

    a: str
    b: str
    categories: tuple[CategoryPair, ...]  # those in the basket and not dropped
    overall_a: Estimate | None
    overall_b: Estimate | None
    p: float | None  # probability that a is better over the categories that count
    is_thin: bool  # one of them has fewer than 3 tests in all: no verdict
    dz: Array  # C, difference of abilities
    cov: Array  # C x C, its covariance, stretched
    gap_cov: Array  # covariance of the gaps of `categories`, in points^2


# --- what the fit reads ---------------------------------------------------------------------------------------------
def is_read(benchmark: Benchmark) -> bool:
    """Whether a benchmark can enter: it measures skill or preference, has a direction, and is bounded or a rating."""
    bounded = benchmark.unit in BOUNDED and None not in (benchmark.floor, benchmark.ceiling)
    return benchmark.kind in EVIDENCE_KINDS and benchmark.direction != "none" and (bounded or benchmark.unit == RATING)


def observations(
    cells: Mapping[str, Mapping[str, Cell]],
    benchmarks: Mapping[str, Benchmark],
    categories: Sequence[Category],
    *,
    minimum: int = 3,
) -> Observations:
    """Observations of cells by benchmark slug by model slug: confirmed ones, of benchmarks that `minimum` models have."""
    rows = [
        (model, slug, float(cell.value))
        for model, row in sorted(cells.items())
        for slug, cell in sorted(row.items())
        if slug in benchmarks and not cell.is_unconfirmed and is_read(benchmarks[slug])
    ]
    counts = Counter(slug for _, slug, _ in rows)
    rows = [row for row in rows if counts[row[1]] >= minimum]
    tests = [benchmarks[slug] for slug in sorted({slug for _, slug, _ in rows})]
    order = {category.slug: place for place, category in enumerate(categories)}
    families = [test.family or test.slug for test in tests]
    numbers = {family: number for number, family in enumerate(sorted(set(families)))}
    models = tuple(sorted({model for model, _, _ in rows}))
    place = {name: place for place, name in enumerate(models)}
    column = {test.slug: place for place, test in enumerate(tests)}
    ends = [
        (0, 1) if test.unit == RATING else (float(test.floor), float(test.ceiling)) for test in tests
    ]  # of ratings: found from the values
    low, high = (
        np.array(
            [end[::-1] if test.direction == "lower" else end for test, end in zip(tests, ends, strict=True)], float
        )
        .reshape(-1, 2)
        .T
    )
    return _scaled(
        Observations(
            models=models,
            benchmarks=tuple(column),
            categories=tuple(order),
            category=np.array([order[test.category] for test in tests], int),
            family=np.array([numbers[family] for family in families], int),
            is_rating=np.array([test.unit == RATING for test in tests], bool),
            low=low,
            high=high,
            model=np.array([place[model] for model, _, _ in rows], int),
            benchmark=np.array([column[slug] for _, slug, _ in rows], int),
            value=np.array([value for _, _, value in rows], float),
            y=np.empty(0),
            noise=np.empty(0),
            copies=np.empty(0),
        )
    )


def keep(observed: Observations, rows: NDArray) -> Observations:
    """The same models and benchmarks with only some rows (a mask or sorted indices); ratings are scaled anew."""
    return _scaled(
        replace(observed, model=observed.model[rows], benchmark=observed.benchmark[rows], value=observed.value[rows])
    )


def _scaled(observed: Observations) -> Observations:
    """With y, noise and copies from the values, and low and high of ratings from their median and deviation."""
    low, high = observed.low.copy(), observed.high.copy()
    for place in np.flatnonzero(observed.is_rating):
        values = observed.value[observed.benchmark == place]
        if values.size:
            deviation = values.std() or 1.0
            upwards = math.copysign(1.0, high[place] - low[place])
            low[place] = np.median(values)
            high[place] = low[place] + upwards * deviation
    y, noise = measured_on(observed.is_rating, low, high, observed.benchmark, observed.value)
    groups = observed.model * (observed.family.max(initial=0) + 1) + observed.family[observed.benchmark]
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    return replace(observed, low=low, high=high, y=y, noise=noise, copies=1.0 / size[group])


def measured_on(is_rating: Array, low: Array, high: Array, benchmark: Array, value: Array) -> tuple[Array, Array]:
    """y and its sampling variance from values on the scale of their benchmark."""
    share = (value - low[benchmark]) / (high[benchmark] - low[benchmark])
    rating, p = is_rating[benchmark], np.clip(share, CLIP, 1 - CLIP)
    return np.where(rating, share, np.log(p / (1 - p))), np.where(rating, 0.0, SAMPLING / (p * (1 - p)))


def on_scale(observed: Observations, benchmark: Array, y: Array) -> Array:
    """Values on the scale of their benchmark from y: the way back of the logit and of the standard deviations."""
    low, high = observed.low[benchmark], observed.high[benchmark]
    return low + (high - low) * np.where(observed.is_rating[benchmark], y, _sigmoid(y))


def _sigmoid(y: Array) -> Array:
    return 1 / (1 + np.exp(-y))


def _noise_at(observed: Observations, benchmark: Array, y: Array) -> Array:
    """Sampling variance of a score that is expected at y."""
    p = np.clip(_sigmoid(y), CLIP, 1 - CLIP)
    return np.where(observed.is_rating[benchmark], 0.0, SAMPLING / (p * (1 - p)))


# --- the fit --------------------------------------------------------------------------------------------------------
def prior_sigma(categories: int) -> Array:
    """Covariance of abilities before the data: correlated, because one model tends to be better than another everywhere."""
    return 0.6 + 0.2 * np.eye(categories)


def fit(observed: Observations) -> Fit:
    """Estimates from observations, by EM until no ability moves by more than 5e-4. ValueError without a model."""
    if not observed.models:
        raise ValueError("Nothing to fit: no model has a score on a benchmark that enough models took.")
    model, bench, y, noise, copies = (
        observed.model, observed.benchmark, observed.y, observed.noise, observed.copies,
    )  # fmt: skip
    models, tests, kinds = len(observed.models), len(observed.benchmarks), len(observed.categories)
    cat = observed.category[bench]
    cell = model * kinds + cat

    def per_test(x: Array) -> Array:
        return np.bincount(bench, x, tests)

    counts = per_test(np.ones_like(y))
    mu, a, s2 = per_test(y) / np.maximum(counts, 1), np.ones(tests), np.full(tests, S2_START)
    sigma = start = prior_sigma(kinds)
    u, z, pool = np.ones_like(y), np.zeros((models, kinds)), S2_START
    steps, moved = 0, math.inf
    while moved >= TOLERANCE and steps < MOST_STEPS:
        steps, before = steps + 1, z
        # E: abilities given benchmarks, then the origin put back at the mean model
        scale = s2[bench] + noise
        w = copies * u / scale
        z, v = _abilities(sigma, cell, w, a[bench], y - mu[bench], models)
        mean = z.mean(axis=0)
        z = z - mean
        mu = mu + a * mean[observed.category]
        # M: spread of abilities; ridge regression of y on E z with E z^2
        sigma = (z.T @ z + v.sum(axis=0) + PSEUDO_MODELS * start) / (models + PSEUDO_MODELS)
        z_row, v_row = z.take(cell), v[model, cat, cat]
        mu, a, h = _lines(per_test, w, y, z_row, v_row)
        # expected squared residuals, then weights and variances
        slope = a[bench]
        e2 = _squared(y - mu[bench] - slope * z_row, z_row, v_row, slope, h[bench])
        u = (NU + 1) / (NU + e2 / scale)
        weighted = u * e2
        pool = float(weighted.mean()) if y.size else S2_START
        own = np.maximum(weighted - noise, 0.1 * weighted)
        s2 = np.maximum((per_test(own) + PSEUDO_SCORES * POOL_SHARE * pool) / (counts + PSEUDO_SCORES), S2_LEAST)
        moved = np.abs(z - before).max(initial=0)
    unknown = np.empty(0)
    return _with_doubt(Fit(observed, mu, a, s2, sigma, u, unknown, z, unknown, h, unknown, steps, pool))


def _with_doubt(found: Fit) -> Fit:
    """The fit with w, v and p worked out from everything else."""
    observed = found.observed
    bench, kinds = observed.benchmark, len(observed.categories)
    w = WORTH * observed.copies * found.u / (found.s2[bench] + observed.noise)
    cell = observed.model * kinds + observed.category[bench]
    _, v = _abilities(found.sigma, cell, w, found.a[bench], observed.y, len(observed.models))
    found = replace(found, w=w, v=v)
    return replace(found, p=_benchmark_covariance(found))


def _abilities(sigma: Array, cell: Array, w: Array, a: Array, residual: Array, models: int) -> tuple[Array, Array]:
    """z (M x C) and its covariance (M x C x C) with the benchmarks known; `residual` is y - mu."""
    kinds = len(sigma)
    wa = w * a
    precision = np.tile(np.linalg.inv(sigma), (models, 1, 1))
    precision[:, np.arange(kinds), np.arange(kinds)] += np.bincount(cell, wa * a, models * kinds).reshape(models, kinds)
    v = np.linalg.inv(precision)
    pull = np.bincount(cell, wa * residual, models * kinds).reshape(models, kinds, 1)
    return (v @ pull)[:, :, 0], v


def _lines(per_test, w: Array, y: Array, z: Array, v: Array) -> tuple[Array, Array, Array]:
    """mu and a of every benchmark (B each) and their covariance (B x 2 x 2): ridge regression towards the priors."""
    h00, h01, h11 = per_test(w) + 1 / MU_VARIANCE, per_test(w * z), per_test(w * (z * z + v)) + 1 / A_VARIANCE
    g0, g1 = per_test(w * y), per_test(w * z * y) + 1 / A_VARIANCE
    a = np.maximum((h00 * g1 - h01 * g0) / (h00 * h11 - h01**2), A_LEAST)
    h = np.stack([h11, -h01, -h01, h00], axis=-1).reshape(-1, 2, 2) / (h00 * h11 - h01**2)[:, None, None]
    return (g0 - a * h01) / h00, a, h


def _squared(e: Array, z: Array, v: Array, a: Array, h: Array) -> Array:
    """Expected squared residual: the residual itself, the doubt about the ability, and the doubt about the benchmark."""
    return e**2 + a**2 * v + h[:, 0, 0] + 2 * z * h[:, 0, 1] + (z**2 + v) * h[:, 1, 1]


def _benchmark_covariance(found: Fit) -> Array:
    """P = (H - sum_m G_m' V_m G_m)^-1, the covariance of all mu and a with the abilities integrated out."""
    observed = found.observed
    tests, bench = len(observed.benchmarks), observed.benchmark
    z = found.z[observed.model, observed.category[bench]]
    hessian = np.zeros((2 * tests, 2 * tests))
    mu, a = np.arange(tests), np.arange(tests, 2 * tests)
    hessian[mu, mu] = np.bincount(bench, found.w, tests) + 1 / MU_VARIANCE
    hessian[mu, a] = hessian[a, mu] = np.bincount(bench, found.w * z, tests)
    hessian[a, a] = np.bincount(bench, found.w * z * z, tests) + 1 / A_VARIANCE
    for part in _parts(len(observed.models)):
        half = _cross(found, part, np.linalg.cholesky(found.v[part]).transpose(0, 2, 1))
        hessian -= half.T @ half
    return np.linalg.inv(hessian)


def _cross(found: Fit, models: Array, left: Array) -> Array:
    """X G of some models (sorted numbers), stacked (n C x 2B), for matrices X = `left` (n x C x C).

    G_m (C x 2B), the cross block of the curvature, has w a (1, z) in the category of each of the model's tests. V G says how abilities hang
    on the benchmarks.
    """
    observed = found.observed
    starts, ends = (np.searchsorted(observed.model, models + step) for step in (0, 1))
    lengths = ends - starts
    model = np.repeat(np.arange(len(models)), lengths)
    rows = np.arange(len(model)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    number, bench = observed.model[rows], observed.benchmark[rows]
    cat, tests = observed.category[bench], len(observed.benchmarks)
    column = left[model, :, cat] * (found.w[rows] * found.a[bench])[:, None]
    stacked = np.zeros((len(models), len(observed.categories), 2 * tests))
    stacked[model, :, bench] = column
    stacked[model, :, tests + bench] = column * found.z[number, cat][:, None]
    return stacked.reshape(-1, 2 * tests)


def _loadings(found: Fit, models: Array) -> Array:
    """V G of some models (sorted numbers), stacked (n C x 2B)."""
    return _cross(found, models, found.v[models])


def _loading_of(found: Fit, model: Array, category: Array) -> Array:
    """Rows of V G (n x 2B) of single abilities."""
    models, place = np.unique(model, return_inverse=True)
    return _loadings(found, models)[place * len(found.observed.categories) + category]


def _quadratic(x: Array, covariance: Array) -> Array:
    """x_i' covariance x_i for the rows of x."""
    return ((x @ covariance) * x).sum(axis=1)


# --- two models, many at a time -------------------------------------------------------------------------------------
def difference(found: Fit, a: Array, b: Array, category: Array) -> tuple[Array, Array]:
    """z_a - z_b and its stretched variance in one category each, for arrays of model and category numbers."""
    shift = _loading_of(found, a, category) - _loading_of(found, b, category)
    variance = found.v[a, category, category] + found.v[b, category, category] + _quadratic(shift, found.p)
    return found.z[a, category] - found.z[b, category], STRETCH * variance


def p_higher(found: Fit, a: Array, b: Array, benchmark: Array) -> Array:
    """Probability that a scores higher than b on a benchmark neither has taken, for arrays of numbers.

    Phi(a_b dz / sqrt(a_b^2 var dz + s2_b + noise)): the noise of one score, not of two, is what hidden scores bear out.
    """
    category = found.observed.category[benchmark]
    dz, variance = difference(found, a, b, category)
    slope = found.a[benchmark]
    middle = found.mu[benchmark] + slope * (found.z[a, category] + found.z[b, category]) / 2
    noise = found.s2[benchmark] + _noise_at(found.observed, benchmark, middle)
    return _phi(slope * dz / np.sqrt(slope**2 * variance + noise))


def predicted(found: Fit, model: Array, benchmark: Array) -> tuple[Array, Array, Array]:
    """Expected score with its 90 % interval (value, lower, upper, on the scale of y) of models on benchmarks not taken.

    The variance of mu_b + a_b z_mc counts the doubt about the benchmark too: without it a test that few models took covers too little.
    """
    observed, kinds = found.observed, len(found.observed.categories)
    category, mu, a = observed.category[benchmark], benchmark, len(observed.benchmarks) + benchmark
    z, slope = found.z[model, category], found.a[benchmark]
    abilities, place = np.unique(model * kinds + category, return_inverse=True)
    loading = _loading_of(found, abilities // kinds, abilities % kinds)
    shared = loading @ found.p  # few rows, of which all benchmarks take theirs
    own = found.p[mu, mu] + 2 * z * found.p[mu, a] + z * z * found.p[a, a]
    doubt = (shared * loading).sum(axis=1)[place] + found.v[model, category, category]
    variance = slope**2 * doubt - 2 * slope * (shared[place, mu] + z * shared[place, a]) + own
    y = found.mu[benchmark] + slope * z
    half = Z90 * np.sqrt(STRETCH * variance + found.s2[benchmark] + _noise_at(observed, benchmark, y))
    return y, y - half, y + half


def _phi(x: Array) -> Array:
    """The normal distribution function."""
    return 0.5 * np.asarray(_erfc(-np.asarray(x) / math.sqrt(2)), float)


_erfc = np.frompyfunc(math.erfc, 1, 1)


# --- scores, pairs and ranks ----------------------------------------------------------------------------------------
def make_basket(
    observed: Observations, benchmarks: Mapping[str, Benchmark], *, version: int, frozen_on: str, note: str = ""
) -> Basket:
    """Per category the bounded tests that 8 models have (or as many as its best-covered test), by site weight plus 0.02."""
    counts = np.bincount(observed.benchmark, minlength=len(observed.benchmarks))
    tests: dict[str, dict[str, float]] = {}
    for number, category in enumerate(observed.categories):
        inside = (observed.category == number) & ~observed.is_rating
        enough = min(BASKET_MODELS, counts[inside].max(initial=0))
        chosen = [observed.benchmarks[place] for place in np.flatnonzero(inside & (counts >= enough))]
        if chosen:
            tests[category] = {slug: float(benchmarks[slug].weight) + BASKET_FLOOR for slug in chosen}
    return Basket(version, frozen_on, note, tests)


def read_basket(text: str) -> Basket:
    """A basket from its JSON: {"version", "frozen_on", "note", "tests": {category: {benchmark: weight}}}."""
    return Basket(**json.loads(text))


def write_basket(basket: Basket) -> str:
    return json.dumps(asdict(basket), indent=1) + "\n"


def _shares(observed: Observations, basket: Basket) -> Array:
    """q (B x C): the share of every benchmark in the average of its category; a category without a test has zeros."""
    q = np.zeros((len(observed.benchmarks), len(observed.categories)))
    place = {slug: number for number, slug in enumerate(observed.benchmarks)}
    for number, category in enumerate(observed.categories):
        for slug, weight in basket.tests.get(category, {}).items():
            if slug in place:
                q[place[slug], number] = weight
    return q / np.maximum(q.sum(axis=0), 1e-12)


def _expected(found: Fit, q: Array, z: Array) -> tuple[Array, Array]:
    """S (n x C, 0 to 100) = 100 sum_b q_b sigmoid(mu_b + a_b z_c) of abilities z (n x C), and its derivative in z."""
    used = np.flatnonzero(q.any(axis=1))
    p = _sigmoid(found.mu[used] + found.a[used] * z[:, found.observed.category[used]])
    return 100 * p @ q[used], 100 * (p * (1 - p) * found.a[used]) @ q[used]


def _estimates(value: Array, low: Array, high: Array) -> list[Estimate]:
    return [Estimate(*map(float, each)) for each in zip(value, low, high, strict=True)]


def _overall(value: float, sd: float) -> Estimate:
    half = Z90 * math.sqrt(STRETCH) * sd
    return Estimate(float(value), float(max(value - half, 0)), float(min(value + half, 100)))


def call(p: float) -> Call:
    """clear from .95 on, likely from .80 on, for either side."""
    p = max(p, 1 - p)
    return "clear" if p >= CLEAR else "likely" if p >= LIKELY else "close"


def pair(
    found: Fit, a: str, b: str, weights: Mapping[str, float], basket: Basket, *, drop: Collection[str] = ()
) -> Pair:
    """Two models by slug, with weights by category slug; `drop` names categories that one of them cannot do.

    The overall figures are over the categories both were measured in, their weights brought to 1: a guess never decides. KeyError for
    a model without an observation.
    """
    observed = found.observed
    i, j = _number(observed, a), _number(observed, b)
    q = _shares(observed, basket)
    z = found.z[[i, j]]
    loadings = [_loadings(found, np.array([each])) for each in (i, j)]
    taken = np.flatnonzero(np.any(loadings, axis=(0, 1)))
    loadings, doubt = [each[:, taken] for each in loadings], found.p[np.ix_(taken, taken)]
    single = [found.v[each] + loading @ doubt @ loading.T for each, loading in zip((i, j), loadings, strict=True)]
    shift = loadings[0] - loadings[1]
    cov = STRETCH * (found.v[i] + found.v[j] + shift @ doubt @ shift.T)
    dz = z[0] - z[1]
    p = _phi(dz / np.sqrt(np.diag(cov)))
    value, slope = _expected(found, q, z)
    reach = Z90 * np.sqrt(STRETCH * np.array([np.diag(each) for each in single]))
    low, high = _expected(found, q, z - reach)[0], _expected(found, q, z + reach)[0]

    tests = [_tests(observed, each) for each in (i, j)]
    is_thin = min(len(each) for each in _families(observed, tests)) < THIN
    measured = [set(observed.category[each].tolist()) for each in tests]
    shared = np.intersect1d(*tests, assume_unique=True)
    both = Counter(observed.category[place] for place in {observed.family[place]: place for place in shared}.values())
    shown = [number for number, slug in enumerate(observed.categories) if q[:, number].any() and slug not in drop]
    counted = [number for number in shown if number in measured[0] and number in measured[1]]
    w = np.zeros(len(observed.categories))
    w[counted] = [float(weights.get(observed.categories[number], 0)) for number in counted]
    overall: tuple = (None, None, None)
    middle = slope.mean(axis=0)
    if w.sum() > 0:
        w /= w.sum()
        sides = [_overall(value[s] @ w, math.sqrt((w * slope[s]) @ single[s] @ (w * slope[s]))) for s in (0, 1)]
        deviation = math.sqrt((w * middle) @ cov @ (w * middle))
        overall = (*sides, float(_phi((value[0] - value[1]) @ w / deviation)))
    sides = [_estimates(value[s], low[s], high[s]) for s in (0, 1)]
    return Pair(
        a=a,
        b=b,
        categories=tuple(
            CategoryPair(
                category=observed.categories[number],
                a=sides[0][number],
                b=sides[1][number],
                p=float(p[number]),
                label="too_thin" if is_thin else _label(both[number], number in counted),
                shared=both[number],
                weight=float(w[number]),
            )
            for number in shown
        ),
        overall_a=overall[0],
        overall_b=overall[1],
        p=overall[2],
        is_thin=is_thin,
        dz=dz,
        cov=cov,
        gap_cov=(cov * np.outer(middle, middle))[np.ix_(shown, shown)],
    )


def _label(shared: int, measured: bool) -> Label:
    if not measured:
        return "inferred"
    return "head_to_head" if shared >= SHARED else "partly" if shared else "bridged"


def _number(observed: Observations, model: str) -> int:
    place = bisect_left(observed.models, model)
    if observed.models[place : place + 1] != (model,):
        raise KeyError(model)
    return place


def _tests(observed: Observations, model: int) -> Array:
    """Numbers of the benchmarks that a model took."""
    return observed.benchmark[slice(*np.searchsorted(observed.model, [model, model + 1]))]


def _families(observed: Observations, tests: Iterable[Array]) -> list[set[int]]:
    """Distinct tests, near-copies once."""
    return [set(observed.family[each].tolist()) for each in tests]


@dataclass(frozen=True, slots=True)
class Standing:
    """One model on the leaderboard by estimated score; no rank under 3 tests. `best` and `worst` hold its rank nine times in ten."""

    model: str
    overall: Estimate
    categories: Mapping[str, Estimate]  # those it can do, in the basket
    tests: Mapping[str, int]  # distinct tests behind it by category; none where the category is inferred
    rank: int | None
    best: int | None
    worst: int | None


def standings(
    found: Fit,
    weights: Mapping[str, float],
    basket: Basket,
    *,
    drop: Mapping[str, Collection[str]] | None = None,
    ranges: Mapping[str, tuple[int, int]] | None = None,
    draws: int = DRAWS,
) -> list[Standing]:
    """Every model by overall score, the best first, those without a rank last; `drop` names categories that a model cannot do.

    Rank ranges are the 5th to the 95th percentile over seeded draws of all abilities at once, shared benchmarks included. Nothing is drawn
    where `ranges`, (best, worst) by model as an earlier call with the same weights found them, has every ranked model.
    """
    observed = found.observed
    q = _shares(observed, basket)
    known = np.array([float(weights.get(slug, 0)) for slug in observed.categories]) * q.any(axis=0)
    w = np.tile(known, (len(observed.models), 1))
    for model, categories in (drop or {}).items():
        if model in observed.models:
            w[_number(observed, model), [observed.categories.index(slug) for slug in categories]] = 0
    able = w > 0
    w /= np.maximum(w.sum(axis=1, keepdims=True), 1e-12)
    value, slope = _expected(found, q, found.z)
    variance, deviation = _doubt_of_all(found, w * slope)
    reach = Z90 * np.sqrt(STRETCH * variance)
    low, high = _expected(found, q, found.z - reach)[0], _expected(found, q, found.z + reach)[0]
    overall, tests = (value * w).sum(axis=1), _distinct(observed)
    thin = (tests.sum(axis=1) < THIN) | ~able.any(axis=1)
    order = sorted(range(len(overall)), key=lambda m: (thin[m], -overall[m], observed.models[m]))
    ranked = [m for m in order if not thin[m]]
    ends = [(ranges or {}).get(observed.models[m]) for m in ranked]
    if None in ends:
        ends = _rank_ranges(_drawn(found, q, w, draws)[ranked])
    places = {
        m: (rank, min(best, rank), max(worst, rank))
        for rank, (m, (best, worst)) in enumerate(zip(ranked, ends, strict=True), 1)
    }
    estimates = [_estimates(value[m], low[m], high[m]) for m in range(len(value))]
    return [
        Standing(
            observed.models[m],
            _overall(overall[m], deviation[m]),
            {observed.categories[c]: estimates[m][c] for c in np.flatnonzero(able[m])},
            {observed.categories[c]: int(tests[m, c]) for c in np.flatnonzero(tests[m])},
            *places.get(m, (None, None, None)),
        )
        for m in order
    ]


def _doubt_of_all(found: Fit, g: Array) -> tuple[Array, Array]:
    """Of every model: variances of its abilities (M x C) and deviation of its overall score (M), whose derivative in them is `g`."""
    models, kinds = found.z.shape
    variance, deviation = np.empty((models, kinds)), np.empty(models)
    for part in _parts(models):
        v, loadings = found.v[part], _loadings(found, part)
        variance[part] = np.diagonal(v, axis1=1, axis2=2) + _quadratic(loadings, found.p).reshape(-1, kinds)
        pull = (g[part, None] @ loadings.reshape(len(part), kinds, -1))[:, 0]
        deviation[part] = np.sqrt((g[part, None] @ v @ g[part, :, None])[:, 0, 0] + _quadratic(pull, found.p))
    return variance, deviation


def _drawn(found: Fit, q: Array, w: Array, draws: int) -> Array:
    """Draws of every model's overall score (M x draws): they share the doubt about the benchmarks, and are stretched as intervals are."""
    models, kinds = found.z.shape
    scores, random = np.zeros((models, draws)), np.random.default_rng(SEED)
    shared = np.linalg.cholesky(found.p) @ random.standard_normal((len(found.p), draws))
    grid = np.linspace(-12, 12, 2_401)
    curves = _expected(found, q, np.repeat(grid[:, None], kinds, axis=1))[0]
    for part in _parts(models):
        own = np.linalg.cholesky(found.v[part]) @ random.standard_normal((len(part), kinds, draws))
        z = found.z[part, :, None] + math.sqrt(STRETCH) * (own - (_loadings(found, part) @ shared).reshape(own.shape))
        for c in np.flatnonzero(w.any(axis=0)):
            scores[part] += w[part, c, None] * np.interp(z[:, c], grid, curves[:, c])
    return scores


def _parts(models: int) -> Iterator[Array]:
    """The numbers of all models, some at a time."""
    return (np.arange(first, min(first + CHUNK, models)) for first in range(0, models, CHUNK))


def _rank_ranges(drawn: Array) -> list[tuple[int, int]]:
    """(best, worst) rank of each model, from draws of their scores (M x draws)."""
    places, ranks = np.empty(drawn.shape, np.int32), np.arange(1, len(drawn) + 1)
    for place, scores in zip(places.T, drawn.T, strict=True):  # one draw of all models at a time: they may be many
        place[np.argsort(-scores, kind="stable")] = ranks
    return list(map(tuple, np.percentile(places, (5, 95), axis=1, method="nearest").astype(int).T.tolist()))


def _distinct(observed: Observations) -> Array:
    """Distinct tests (M x C), near-copies once."""
    models, kinds, families = len(observed.models), len(observed.categories), observed.family.max(initial=0) + 1
    cells = observed.model * kinds + observed.category[observed.benchmark]
    trios = np.sort(cells * families + observed.family[observed.benchmark])
    first = np.diff(trios, prepend=-1) > 0
    return np.bincount(trios[first] // families, minlength=models * kinds).reshape(models, kinds)


# --- one model, one score -------------------------------------------------------------------------------------------
def update(found: Fit, model: str, cells: Mapping[str, Cell], benchmarks: Mapping[str, Benchmark]) -> Fit:
    """The fit with all rows of one model replaced (or a model added), benchmarks as they are. Rows that the fit does not read are skipped.

    Within 0.02 of a full refit in nine cases of ten; the refit follows.
    """
    old = found.observed
    column = {slug: number for number, slug in enumerate(old.benchmarks)}
    read = sorted(
        (column[slug], float(cell.value))
        for slug, cell in cells.items()
        if slug in column and not cell.is_unconfirmed and is_read(benchmarks[slug])
    )
    bench, value = np.array([row[0] for row in read], int), np.array([row[1] for row in read], float)
    y, noise = measured_on(old.is_rating, old.low, old.high, bench, value)
    cat, a, s2, h = old.category[bench], found.a[bench], found.s2[bench], found.h[bench]
    sizes = Counter(old.family[bench].tolist())
    copies = np.array([1 / sizes[family] for family in old.family[bench].tolist()], float)
    e, scale, prior = y - found.mu[bench], s2 + noise, np.linalg.inv(found.sigma)
    inside = cat[:, None] == np.arange(len(prior))
    bends, pulls = inside * (a * a)[:, None], inside * (a * e)[:, None]

    def ability(w: Array) -> tuple[Array, Array]:
        precision = prior.copy()
        precision.flat[:: len(prior) + 1] += w @ bends
        v = np.linalg.inv(precision)
        return v @ (w @ pulls), v

    w, before = copies / scale, 0.0
    for _ in range(REWEIGHTINGS):
        z, v = ability(w)
        u = (NU + 1) / (NU + _squared(e - a * z[cat], z[cat], v.diagonal()[cat], a, h) / scale)
        w = copies * u / scale
        if np.abs(z - before).max() < TOLERANCE:
            break
        before = z
    z, w = ability(w)[0], WORTH * w
    _, v = ability(w)

    place = bisect_left(old.models, model)
    is_new = old.models[place : place + 1] != (model,)
    first, last = np.searchsorted(old.model, [place, place if is_new else place + 1])
    after = place if is_new else place + 1

    def spliced(rows: Array, own: Array) -> Array:
        return np.concatenate([rows[:first], own, rows[last:]])

    def placed(models: Array, own: Array) -> Array:
        return np.concatenate([models[:place], own[None], models[after:]])

    observed = replace(
        old,
        models=(*old.models[:place], model, *old.models[after:]),
        model=np.concatenate([old.model[:first], np.full(len(bench), place), old.model[last:] + is_new]),
        benchmark=spliced(old.benchmark, bench),
        value=spliced(old.value, value),
        y=spliced(old.y, y),
        noise=spliced(old.noise, noise),
        copies=spliced(old.copies, copies),
    )
    return replace(
        found,
        observed=observed,
        u=spliced(found.u, u),
        w=spliced(found.w, w),
        z=placed(found.z, z),
        v=placed(found.v, v),
    )


def plausible(found: Fit, model: str) -> tuple[Array, Array, Array]:
    """The scores that a model would be expected to get on each benchmark (value, low, high, each B), on the benchmark's own scale.

    Low and high bound nine in ten. KeyError for a model without an observation.
    """
    tests = np.arange(len(found.observed.benchmarks))
    y = predicted(found, np.full(len(tests), _number(found.observed, model)), tests)
    value, *ends = on_scale(found.observed, tests, np.stack(y))
    return value, np.minimum(*ends), np.maximum(*ends)


@dataclass(frozen=True, slots=True)
class OutOfLine:
    """A score too far from what the rest of the data expects, on the benchmark's own scale; `deviations` is signed, better is positive."""

    model: str
    benchmark: str
    value: float
    expected: float
    deviations: float


def out_of_line(found: Fit) -> list[OutOfLine]:
    """Scores with |y - mu - a z| / s above 2.5, the farthest first."""
    observed = found.observed
    bench = observed.benchmark
    y = found.mu[bench] + found.a[bench] * found.z[observed.model, observed.category[bench]]
    deviations = (observed.y - y) / np.sqrt(found.s2[bench] + observed.noise)
    expected = on_scale(observed, bench, y)
    return [
        OutOfLine(
            observed.models[observed.model[row]],
            observed.benchmarks[bench[row]],
            float(observed.value[row]),
            float(expected[row]),
            float(deviations[row]),
        )
        for row in np.argsort(-np.abs(deviations), kind="stable")
        if abs(deviations[row]) > OUT_OF_LINE
    ]


@dataclass(frozen=True, slots=True)
class Settling:
    """A test not yet taken by a model, and the share of the variance of the overall difference it is expected to remove."""

    model: str
    benchmark: str
    share: float


def settling(
    found: Fit, compared: Pair, basket: Basket, *, candidates: Collection[str] | None = None
) -> list[Settling]:
    """What would settle a pair: every not-yet-taken test of either model (all, or those of `candidates`), the most telling first.

    With D the overall difference and y the new score, y settles cov(D, y)^2 / var(y) of var(D); all three from the covariances of the fit.
    """
    observed = found.observed
    tests = len(observed.benchmarks)
    weight = {each.category: each.weight for each in compared.categories}
    w = np.array([weight.get(slug, 0.0) for slug in observed.categories])
    numbers = [_number(observed, each) for each in (compared.a, compared.b)]
    g = w * _expected(found, _shares(observed, basket), found.z[numbers])[1].mean(axis=0)
    variance = g @ compared.cov @ g / STRETCH
    if not variance > 0:
        return []
    loadings = [_loadings(found, np.array([each])) for each in numbers]
    doubt = (g @ (loadings[0] - loadings[1])) @ found.p
    rows = []
    for sign, number, loading in zip((1, -1), numbers, loadings, strict=True):
        taken = observed.family[_tests(observed, number)]
        free = np.flatnonzero(~np.isin(observed.family, taken))
        if candidates is not None:
            free = free[[observed.benchmarks[each] in candidates for each in free]]
        cat, slope = observed.category[free], found.a[free]
        line = -slope[:, None] * loading[cat]
        line[np.arange(len(free)), free] += 1
        line[np.arange(len(free)), tests + free] += found.z[number, cat]
        # D moves with the model's own error by g'V, with the benchmarks' by -g'T
        covariance = sign * slope * (g @ found.v[number])[cat] - line @ doubt
        y = found.mu[free] + slope * found.z[number, cat]
        own = _quadratic(line, found.p) + slope**2 * found.v[number, cat, cat]
        noise = (found.s2[free] + _noise_at(observed, free, y)) / WORTH
        shares = covariance**2 / (own + noise) / variance
        rows += [
            Settling(observed.models[number], observed.benchmarks[test], float(share))
            for test, share in zip(free, shares, strict=True)
        ]
    return sorted(rows, key=lambda row: (-row.share, row.model, row.benchmark))


def blanks(
    rows: Iterable[tuple[float, tuple[float, float], tuple[float, float]]],
) -> tuple[float, float] | None:
    """Lowest and highest lead of a over b in a category average, over plausible values of missing scores; None without weight.

    Rows are (weight, (low, high) of a, (low, high) of b) in points of 0 to 100; a known score is its own low and high.
    """
    rows = list(rows)
    total = sum(weight for weight, *_ in rows)
    if not total:
        return None
    worst = sum(weight * (a[0] - b[1]) for weight, a, b in rows) / total
    best = sum(weight * (a[1] - b[0]) for weight, a, b in rows) / total
    return worst, best


# --- storage --------------------------------------------------------------------------------------------------------
def pack(found: Fit) -> bytes:
    """One compressed blob that `unpack` reads back, bit by bit."""
    arrays = {f"fit.{each.name}": getattr(found, each.name) for each in fields(Fit) if each.name != "observed"}
    arrays |= {f"observed.{each.name}": getattr(found.observed, each.name) for each in fields(Observations)}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpack(blob: bytes) -> Fit:
    with np.load(io.BytesIO(blob), allow_pickle=False) as file:
        observed = {each.name: file[f"observed.{each.name}"] for each in fields(Observations)}
        estimates = {each.name: file[f"fit.{each.name}"] for each in fields(Fit) if each.name != "observed"}
    for name in ("models", "benchmarks", "categories"):
        observed[name] = tuple(observed[name].tolist())
    estimates |= {"steps": int(estimates["steps"]), "pool": float(estimates["pool"])}
    return Fit(Observations(**observed), **estimates)
