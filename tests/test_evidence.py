"""The ability fit on drawn data with known truth, and each rule around it on the smallest rows that show it."""

import json
from collections import Counter
from dataclasses import fields, replace
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from comparisons import evidence, heldout, scoring
from comparisons.evidence import Basket, Observations
from comparisons.scoring import Category, Cell
from tests.factories import bench, bundled, by_slug, result

CATEGORIES = tuple(
    Category(slug, slug.title(), Decimal(weight), order)
    for order, (slug, weight) in enumerate({"coding": "0.5", "reasoning": "0.3", "knowledge": "0.2"}.items())
)
WEIGHTS = {category.slug: float(category.weight) for category in CATEGORIES}
SIGMA = np.array([[1.0, 0.7, 0.6], [0.7, 0.9, 0.5], [0.6, 0.5, 0.8]])


def cell(value: object, source_kind: str = "vendor") -> Cell:
    return Cell(result(value, source_kind))


def cells(**models: dict[str, object]) -> dict[str, dict[str, Cell]]:
    return {model: {slug: cell(value) for slug, value in row.items()} for model, row in models.items()}


@cache
def drawn(seed: int, models: int = 60, tests: int = 42, share: float = 0.35, noise: float = 0.35):
    """Cells and benchmarks drawn from the model of the fit, and the abilities (models x 3) behind them."""
    random = np.random.default_rng(seed)
    z = random.multivariate_normal(np.zeros(3), SIGMA, models)
    mu, a = random.normal(0, 1, tests), np.maximum(random.normal(1, 0.3, tests), 0.2)
    benchmarks = by_slug(*(bench(f"t{t:02}", CATEGORIES[t % 3].slug) for t in range(tests)))
    taken = random.random((models, tests)) < share
    y = mu + a * z[:, np.arange(tests) % 3] + noise * random.standard_t(evidence.NU, (models, tests))
    points = 100 / (1 + np.exp(-y))
    rows = {
        f"m{m:02}": {f"t{t:02}": cell(round(points[m, t], 2)) for t in np.flatnonzero(taken[m])} for m in range(models)
    }
    return {model: row for model, row in rows.items() if row}, benchmarks, z


@cache
def fitted(seed: int):
    rows, benchmarks, z = drawn(seed)
    observed = evidence.observations(rows, benchmarks, CATEGORIES)
    return evidence.fit(observed), z[[int(model[1:]) for model in observed.models]]


def a_basket(seed: int = 0) -> Basket:
    found, _ = fitted(seed)
    return evidence.make_basket(found.observed, drawn(seed)[1], version=1, frozen_on="2026-11-25")


def same(one: Observations, other: Observations) -> bool:
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(Observations))


# --- what the fit reads ---------------------------------------------------------------------------------------------
def test_observations_read_confirmed_scores_of_skill_and_preference_that_enough_models_have():
    benchmarks = by_slug(
        bench("skill"),
        bench("arena", unit="elo", floor=None, ceiling=None, kind="preference"),
        bench("index", "reasoning", unit="index", floor=Decimal(20), ceiling=Decimal(60)),
        bench("errors", "reasoning", direction="lower"),
        bench("rare"),
        bench("composite", kind="composite"),
        bench("manners", kind="manners"),
        bench("neither", direction="none"),
        bench("dollars", unit="usd", floor=None, ceiling=None),
        bench("minutes", unit="minutes", floor=None, ceiling=None),
        bench("seconds", unit="seconds", floor=Decimal(0), ceiling=Decimal(9)),
    )
    everything = dict.fromkeys(benchmarks, 30)
    rows = cells(x=everything, y=everything, z=everything)
    del rows["x"]["rare"]
    rows["y"]["rare"] = cell(30, "aggregator")
    rows["w"] = {"skill": cell(90, "aggregator")}
    observed = evidence.observations(rows, benchmarks, CATEGORIES, minimum=2)
    assert observed.models == ("x", "y", "z")
    assert observed.benchmarks == ("arena", "errors", "index", "skill")
    assert len(observed.y) == 12
    assert evidence.observations(rows, benchmarks, CATEGORIES, minimum=4).benchmarks == ()


def test_observations_put_every_unit_on_a_scale_where_more_is_better():
    benchmarks = by_slug(
        bench("skill"),
        bench("index", unit="index", floor=Decimal(20), ceiling=Decimal(60)),
        bench("errors", direction="lower"),
        bench("arena", unit="elo", floor=None, ceiling=None),
        bench("golf", unit="elo", floor=None, ceiling=None, direction="lower"),
    )
    rows = cells(
        x={"skill": 80, "index": 30, "errors": 10, "arena": 1000, "golf": 1000},
        y={"skill": 50, "index": 50, "errors": 40, "arena": 1100, "golf": 1100},
        z={"skill": 100, "index": 60, "errors": 100, "arena": 1400, "golf": 1400},
    )
    observed = evidence.observations(rows, benchmarks, CATEGORIES)
    y = {
        (observed.models[m], observed.benchmarks[b]): value
        for m, b, value in zip(observed.model, observed.benchmark, observed.y, strict=True)
    }
    for (model, slug), value in y.items():
        share = scoring.normalise(rows[model][slug].value, benchmarks[slug])
        if share is not None:
            p = min(max(float(share) / 100, 0.004), 0.996)
            assert value == pytest.approx(np.log(p / (1 - p)))
    deviation = np.std([1000, 1100, 1400])
    assert [y[model, "arena"] for model in "xyz"] == pytest.approx([-100 / deviation, 0, 300 / deviation])
    assert [y[model, "golf"] for model in "xyz"] == pytest.approx([100 / deviation, 0, -300 / deviation])
    back = evidence.on_scale(observed, observed.benchmark, observed.y)
    inside = (observed.y > -5.5) & (observed.y < 5.5)
    assert back[inside] == pytest.approx(observed.value[inside])
    assert np.all(observed.noise[observed.is_rating[observed.benchmark]] == 0)
    assert observed.noise[~observed.is_rating[observed.benchmark]].min() == pytest.approx(0.002 / 0.25)


def test_near_copies_share_the_weight_of_one():
    benchmarks = by_slug(bench("hle", family="hle"), bench("hle-tools", family="hle"), bench("gpqa"))
    rows = cells(x={"hle": 10, "hle-tools": 20, "gpqa": 30}, y={"hle": 11, "gpqa": 31}, z={"hle-tools": 12, "gpqa": 32})
    observed = evidence.observations(rows, benchmarks, CATEGORIES, minimum=1)
    assert observed.copies.tolist() == [1, 0.5, 0.5, 1, 1, 1, 1]
    assert evidence.keep(observed, observed.benchmark != 2).copies.tolist() == [1, 1, 1, 1, 1]


def test_order_of_what_is_read_does_not_matter():
    rows, benchmarks, _ = drawn(0)
    backwards = {model: dict(reversed(row.items())) for model, row in reversed(rows.items())}
    one = evidence.observations(rows, benchmarks, CATEGORIES)
    other = evidence.observations(backwards, dict(reversed(benchmarks.items())), CATEGORIES)
    assert same(one, other)
    moved = evidence.fit(evidence.observations(rows, benchmarks, CATEGORIES[::-1]))
    assert moved.z[:, ::-1] == pytest.approx(fitted(0)[0].z, abs=1e-6)


def test_nothing_to_fit_is_said():
    with pytest.raises(ValueError, match="no model has a score"):
        evidence.fit(evidence.observations({}, {}, CATEGORIES))


# --- the fit against the truth --------------------------------------------------------------------------------------
def test_intervals_of_category_differences_hold_nine_times_in_ten():
    inside = []
    for seed in range(8):
        found, z = fitted(seed)
        a, b = np.triu_indices(len(z), 1)
        for category in range(3):
            dz, variance = evidence.difference(found, a, b, np.full(len(a), category))
            truth = z[a, category] - z[b, category]
            inside.append(np.abs(truth - dz) < evidence.Z90 * np.sqrt(variance))
    assert 0.87 <= np.concatenate(inside).mean() <= 0.93


def test_model_is_seldom_clearly_better_than_its_own_twin():
    false, called = 0, 0
    for seed in range(4):
        rows, benchmarks, _ = drawn(seed, share=0.6)
        random = np.random.default_rng(seed)
        halves = dict(rows)
        cut = sorted(rows)[:12]
        for model in cut:
            row = rows[model]
            first = {slug: shown for slug, shown in row.items() if random.random() < 0.5}
            halves |= {model: first, f"{model}~": {slug: row[slug] for slug in row if slug not in first}}
        found = evidence.fit(evidence.observations(halves, benchmarks, CATEGORIES))
        for model in cut:
            pair = evidence.pair(found, model, f"{model}~", WEIGHTS, a_basket())
            said = [each.p for each in pair.categories if each.label == "bridged"] + [pair.p]
            called += len(said)
            false += sum(evidence.call(p) == "clear" for p in said)
    assert called > 150
    assert false / called < 0.1


def test_hidden_scores_are_predicted_and_covered():
    rows, benchmarks, _ = drawn(0)
    observed = evidence.observations(rows, benchmarks, CATEGORIES)
    held = heldout.self_test(observed, seeds=2)
    assert (held.accuracy > 0.75, held.brier < 0.17, held.calibration_error < 0.08) == (True, True, True)
    assert 0.85 < held.coverage < 0.95
    assert heldout.self_test(observed, seeds=2) == held


def test_self_test_without_hidden_pairs_has_no_figures():
    observed = evidence.observations(cells(x={"t": 50}), by_slug(bench("t")), CATEGORIES, minimum=1)
    held = heldout.self_test(observed, seeds=1)
    assert (held.accuracy, held.pairs) == (None, 0)


def test_hidden_scores_weigh_the_same_in_total():
    observed = evidence.observations(
        cells(a={"x": 1, "y": 5}, b={"x": 2, "y": 6}, c={"x": 3}, d={"x": 4}), by_slug(bench("x"), bench("y")), CATEGORIES, minimum=1
    )  # fmt: skip
    i, j, weight = heldout.hidden_pairs(observed, np.arange(len(observed.y)))
    assert Counter(observed.benchmark[i].tolist()) == {0: 6, 1: 1}
    assert np.bincount(np.concatenate([i, j]), np.concatenate([weight, weight])).tolist() == pytest.approx([1] * 6)


def test_measure_scores_silence_as_one_half_and_certainty_in_full():
    outcome, weight, covered = np.array([True, False]), np.ones(2), np.array([True, False])
    silent = heldout.measure(np.array([0.5, 0.5]), outcome, weight, covered)
    assert (silent.accuracy, silent.brier, silent.coverage) == (0.5, 0.25, 0.5)
    right = heldout.measure(np.array([1.0, 0.0]), outcome, weight, covered)
    assert (right.accuracy, right.brier, right.log_loss, right.calibration_error) == (1, 0, 0, 0)
    wrong = heldout.measure(np.array([0.1, 0.9]), outcome, weight, covered)
    assert (wrong.accuracy, wrong.calibration_error) == (0, pytest.approx(0.9))


def test_rows_of_other_models_hardly_move_a_lead():
    found, _ = fitted(0)
    observed, basket, kept = found.observed, a_basket(), []
    for seed in range(4):
        random = np.random.default_rng(seed)
        chosen = random.permutation(len(observed.models))[:20]
        others = np.flatnonzero(~np.isin(observed.model, chosen))
        again = evidence.fit(
            evidence.keep(observed, np.delete(np.arange(len(observed.y)), random.permutation(others)[:20]))
        )
        for a, b in chosen.reshape(-1, 2):
            before, after = (
                evidence.pair(each, observed.models[a], observed.models[b], WEIGHTS, basket) for each in (found, again)
            )
            lead, later = (each.overall_a.value - each.overall_b.value for each in (before, after))
            w = np.array([each.weight for each in before.categories])
            kept.append(abs(later - lead) < evidence.Z90 * np.sqrt(w @ before.gap_cov @ w))
    assert np.mean(kept) >= 0.99


# --- two models -----------------------------------------------------------------------------------------------------
def test_swapping_two_models_mirrors_everything():
    found, _ = fitted(0)
    for a, b in (("m00", "m01"), ("m02", "m30"), ("m10", "m11")):
        one, other = (evidence.pair(found, *names, WEIGHTS, a_basket()) for names in ((a, b), (b, a)))
        assert one.p + other.p == pytest.approx(1, abs=1e-12)
        assert (one.overall_a, one.overall_b) == (other.overall_b, other.overall_a)
        assert one.dz == pytest.approx(-other.dz)
        assert one.cov == pytest.approx(other.cov)
        for left, right in zip(one.categories, other.categories, strict=True):
            assert left.p + right.p == pytest.approx(1, abs=1e-12)
            assert replace(left, p=0) == replace(right, a=right.b, b=right.a, p=0)
    i, j, test = np.array([0, 5]), np.array([1, 9]), np.array([3, 4])
    assert evidence.p_higher(found, i, j, test) + evidence.p_higher(found, j, i, test) == pytest.approx([1, 1])


def test_pair_agrees_with_differences_many_at_a_time():
    found, _ = fitted(0)
    pair = evidence.pair(found, "m03", "m07", WEIGHTS, a_basket())
    dz, variance = evidence.difference(found, np.full(3, 3), np.full(3, 7), np.arange(3))
    assert (pair.dz, np.diag(pair.cov)) == (pytest.approx(dz), pytest.approx(variance))
    for each, z, v in zip(pair.categories, dz, variance, strict=True):
        assert each.p == pytest.approx(evidence._phi(z / np.sqrt(v)))
        assert (each.gap > 0) == (each.p > 0.5)
        assert 0 <= each.a.low < each.a.value < each.a.high <= 100


def appended(found: evidence.Fit, rows: list[tuple[int, int]]) -> evidence.Fit:
    """The fit with scores added just where it expects them, all estimates and robustness weights held."""
    observed = found.observed
    model, test = (np.array(side) for side in zip(*rows, strict=True))
    y = found.mu[test] + found.a[test] * found.z[model, observed.category[test]]
    columns = {
        "model": model,
        "benchmark": test,
        "value": evidence.on_scale(observed, test, y),
        "y": y,
        "noise": evidence._noise_at(observed, test, y),
        "copies": np.ones(len(rows)),
    }
    order = np.lexsort((np.append(observed.benchmark, test), np.append(observed.model, model)))
    more = replace(observed, **{name: np.append(getattr(observed, name), own)[order] for name, own in columns.items()})
    return evidence._with_doubt(replace(found, observed=more, u=np.append(found.u, np.ones(len(rows)))[order]))


def test_added_shared_test_does_not_widen_the_difference():
    found, _ = fitted(0)
    taken = set(zip(found.observed.model.tolist(), found.observed.benchmark.tolist(), strict=True))
    a, b = 3, 7
    free = [t for t in range(len(found.mu)) if (a, t) not in taken and (b, t) not in taken]
    assert len(free) > 5
    every = np.arange(3)
    _, before = evidence.difference(found, np.full(3, a), np.full(3, b), every)
    for test in free:
        _, after = evidence.difference(appended(found, [(a, test), (b, test)]), np.full(3, a), np.full(3, b), every)
        assert np.all(after < before)


def test_what_would_settle_is_what_the_score_would_take_from_the_variance():
    found, _ = fitted(0)
    basket = a_basket()
    pair = evidence.pair(found, "m03", "m07", WEIGHTS, basket)
    ranked = evidence.settling(found, pair, basket)
    assert [each.share for each in ranked] == sorted((each.share for each in ranked), reverse=True)
    taken = set(zip(found.observed.model.tolist(), found.observed.benchmark.tolist(), strict=True))
    w = np.array([each.weight for each in pair.categories])
    for each in (ranked[0], ranked[4], ranked[-1]):
        row = found.observed.models.index(each.model), found.observed.benchmarks.index(each.benchmark)
        assert row not in taken
        later = evidence.pair(appended(found, [row]), "m03", "m07", WEIGHTS, basket)
        assert each.share == pytest.approx(1 - (w @ later.gap_cov @ w) / (w @ pair.gap_cov @ w), abs=1e-9)
    only = evidence.settling(found, pair, basket, candidates=[ranked[4].benchmark])
    assert {each.benchmark for each in only} == {ranked[4].benchmark}


LABELLED = by_slug(
    *(bench(f"c{n}") for n in range(4)),
    *(bench(f"r{n}", "reasoning") for n in range(4)),
    bench("r3-again", "reasoning", family="r3"),
    *(bench(f"k{n}", "knowledge") for n in range(4)),
)


def labelled() -> evidence.Fit:
    rows = cells(
        full=dict.fromkeys(LABELLED, 50),
        other={"c0": 40, "c1": 41, "c2": 42, "r3": 43, "r3-again": 44},
        apart={"c3": 60, "r0": 61, "k0": 62},
        few={"c0": 10, "c1": 11},
        copies={"r3": 10, "r3-again": 11, "c0": 12},
        far={"r1": 50, "r2": 50, "r0": 51},
    )
    return evidence.fit(evidence.observations(rows, LABELLED, CATEGORIES, minimum=1))


@pytest.mark.parametrize(
    ("a", "b", "labels", "shared", "counted"),
    [
        ("full", "other", ("head_to_head", "partly", "inferred"), (3, 1, 0), ("coding", "reasoning")),
        ("apart", "other", ("bridged", "bridged", "inferred"), (0, 0, 0), ("coding", "reasoning")),
        ("full", "few", ("too_thin",) * 3, (2, 0, 0), ("coding",)),
        ("full", "copies", ("too_thin",) * 3, (1, 1, 0), ("coding", "reasoning")),
        ("far", "few", ("too_thin",) * 3, (0, 0, 0), ()),
    ],
)
def test_labels_say_what_a_comparison_rests_on(a, b, labels, shared, counted):
    found = labelled()
    basket = evidence.make_basket(found.observed, LABELLED, version=1, frozen_on="")
    for names in ((a, b), (b, a)):
        pair = evidence.pair(found, *names, WEIGHTS, basket)
        assert tuple(each.label for each in pair.categories) == labels
        assert tuple(each.shared for each in pair.categories) == shared
        assert pair.is_thin == (labels[0] == "too_thin")
        total = sum(WEIGHTS[slug] for slug in counted)
        expected = [WEIGHTS[slug] / total if slug in counted else 0 for slug in WEIGHTS]
        assert [each.weight for each in pair.categories] == pytest.approx(expected)
        assert (pair.p is None, pair.overall_a is None) == (not counted, not counted)


def test_overall_is_the_weighted_sum_of_what_counts():
    found, _ = fitted(0)
    pair = evidence.pair(found, "m03", "m07", WEIGHTS, a_basket())
    for side, overall in (("a", pair.overall_a), ("b", pair.overall_b)):
        assert overall.value == pytest.approx(sum(each.weight * getattr(each, side).value for each in pair.categories))
    lead = pair.overall_a.value - pair.overall_b.value
    w = np.array([each.weight for each in pair.categories])
    assert pair.p == pytest.approx(evidence._phi(lead / np.sqrt(w @ pair.gap_cov @ w)))
    dropped = evidence.pair(found, "m03", "m07", WEIGHTS, a_basket(), drop=["reasoning"])
    assert [(each.category, round(each.weight, 3)) for each in dropped.categories] == [
        ("coding", 0.714),
        ("knowledge", 0.286),
    ]
    assert dropped.gap_cov.shape == (2, 2)
    assert evidence.pair(found, "m03", "m07", {}, a_basket()).p is None


def test_unknown_model_has_no_pair():
    with pytest.raises(KeyError):
        evidence.pair(fitted(0)[0], "m03", "nobody", WEIGHTS, a_basket())


@pytest.mark.parametrize(
    ("p", "said"),
    [(0.95, "clear"), (0.05, "clear"), (0.949, "likely"), (0.8, "likely"), (0.2, "likely"), (0.79, "close"), (0.5, "close")],
)  # fmt: skip
def test_call_has_three_words(p, said):
    assert evidence.call(p) == said


# --- the basket -----------------------------------------------------------------------------------------------------
def test_basket_lists_bounded_tests_that_eight_models_have_or_the_best_covered():
    benchmarks = by_slug(
        bench("many", weight="0.4"),
        bench("eight", weight=0),
        bench("seven", weight=1),
        bench("arena", unit="elo", floor=None, ceiling=None),
        bench("r1", "reasoning", weight="0.1"),
        bench("r2", "reasoning", weight="0.1"),
    )
    takers = {"many": 9, "eight": 8, "seven": 7, "arena": 9, "r1": 5, "r2": 4}
    rows = {f"m{m}": {slug: cell(50 + m) for slug, count in takers.items() if m < count} for m in range(9)}
    observed = evidence.observations(rows, benchmarks, CATEGORIES)
    basket = evidence.make_basket(observed, benchmarks, version=2, frozen_on="2026-11-25", note="why")
    assert basket == Basket(
        2, "2026-11-25", "why", {"coding": {"eight": 0.02, "many": pytest.approx(0.42)}, "reasoning": {"r1": pytest.approx(0.12)}}
    )  # fmt: skip
    text = evidence.write_basket(basket)
    assert (json.loads(text)["version"], evidence.read_basket(text)) == (2, basket)


def test_basket_tests_that_a_fit_does_not_know_are_left_to_the_others():
    found, _ = fitted(0)
    alone = Basket(1, "", "", {"coding": {"t00": 0.3}})
    with_unknown = Basket(1, "", "", {"coding": {"t00": 0.3, "gone": 0.7}, "knowledge": {"gone": 1.0}})
    one, other = (evidence.pair(found, "m00", "m01", WEIGHTS, each) for each in (alone, with_unknown))
    assert one.categories == other.categories
    assert [each.category for each in one.categories] == ["coding"]


# --- ranks ----------------------------------------------------------------------------------------------------------
def test_standings_order_models_and_bound_their_ranks():
    found, z = fitted(0)
    board = evidence.standings(found, WEIGHTS, a_basket())
    ranked = [each for each in board if each.rank]
    assert [each.rank for each in ranked] == list(range(1, len(ranked) + 1))
    assert [each.overall.value for each in ranked] == sorted((each.overall.value for each in ranked), reverse=True)
    assert all(each.best <= each.rank <= each.worst for each in ranked)
    assert board == evidence.standings(found, WEIGHTS, a_basket())
    truth = np.argsort(np.argsort(-(z @ list(WEIGHTS.values())))) + 1
    held = [each.best <= truth[found.observed.models.index(each.model)] <= each.worst for each in ranked]
    assert np.mean(held) > 0.8
    pair = evidence.pair(found, "m00", "m01", WEIGHTS, a_basket())
    mine = next(each for each in board if each.model == "m00")
    assert mine.overall.value == pytest.approx(pair.overall_a.value)
    assert mine.overall.low == pytest.approx(pair.overall_a.low)
    assert mine.categories["coding"].low == pytest.approx(pair.categories[0].a.low)
    assert sum(mine.tests.values()) == len(drawn(0)[0]["m00"])


def test_known_rank_ranges_spare_the_draws_if_they_are_known_of_all():
    found, _ = fitted(0)
    board = evidence.standings(found, WEIGHTS, a_basket())
    known = {each.model: (each.best, each.worst) for each in board if each.rank}
    assert evidence.standings(found, WEIGHTS, a_basket(), ranges=known, draws=0) == board
    first, *others = known
    assert evidence.standings(found, WEIGHTS, a_basket(), ranges={each: known[each] for each in others}) == board
    far = evidence.standings(found, WEIGHTS, a_basket(), ranges=known | {first: (40, 50)}, draws=0)
    mine = next(each for each in far if each.model == first)
    assert (mine.rank, mine.best, mine.worst) == (1, 1, 50)


def test_standings_leave_thin_models_unranked_and_drop_what_a_model_cannot_do():
    found = labelled()
    basket = evidence.make_basket(found.observed, LABELLED, version=1, frozen_on="")
    board = evidence.standings(found, WEIGHTS, basket, drop={"other": ["knowledge"], "stranger": ["coding"]}, draws=50)
    assert {each.model for each in board[-2:]} == {"few", "copies"}
    assert {(each.rank, each.best, each.worst) for each in board[-2:]} == {(None, None, None)}
    other = next(each for each in board if each.model == "other")
    assert (list(other.categories), other.tests) == (["coding", "reasoning"], {"coding": 3, "reasoning": 1})
    expected = (0.5 * other.categories["coding"].value + 0.3 * other.categories["reasoning"].value) / 0.8
    assert other.overall.value == pytest.approx(expected)


# --- one model, one score -------------------------------------------------------------------------------------------
def test_update_comes_close_to_a_refit():
    rows, benchmarks, _ = drawn(1)
    full = evidence.fit(evidence.observations(rows, benchmarks, CATEGORIES))
    again = evidence.update(full, "m05", rows["m05"], benchmarks)
    assert same(again.observed, full.observed)
    assert again.z == pytest.approx(full.z, abs=5e-3)
    assert again.v == pytest.approx(full.v, abs=5e-3)
    moved = []
    for model in sorted(rows)[:6]:
        some = dict(list(rows[model].items())[:-1])
        before = evidence.fit(evidence.observations(rows | {model: some}, benchmarks, CATEGORIES))
        moved.append(np.abs(evidence.update(before, model, rows[model], benchmarks).z - full.z).max())
    assert np.median(moved) < 0.02
    assert max(moved) < 0.1


def test_update_adds_a_new_model_and_skips_what_the_fit_does_not_read():
    rows, benchmarks, _ = drawn(1)
    others = {model: row for model, row in rows.items() if model != "m05"}
    before = evidence.fit(evidence.observations(others, benchmarks, CATEGORIES))
    extra = rows["m05"] | {"unknown": cell(3)}
    unconfirmed = dict.fromkeys(set(benchmarks) - set(rows["m05"]), cell(99, "aggregator"))
    after = evidence.update(before, "m05", extra | unconfirmed, benchmarks | by_slug(bench("unknown")))
    full = evidence.fit(evidence.observations(rows, benchmarks, CATEGORIES))
    assert after.observed.models == full.observed.models
    assert np.array_equal(after.observed.value, full.observed.value)
    assert np.abs(after.z - full.z).max() < 0.1
    assert evidence.pair(after, "m05", "m06", WEIGHTS, a_basket()).p is not None


def test_score_out_of_line_is_found_with_what_was_expected():
    rows, benchmarks, _ = drawn(0)
    slug = next(iter(rows["m04"]))
    value = float(rows["m04"][slug].value)
    odd = 99.0 if value < 60 else 1.0
    changed = rows | {"m04": rows["m04"] | {slug: cell(odd)}}
    found = evidence.out_of_line(evidence.fit(evidence.observations(changed, benchmarks, CATEGORIES)))
    (row,) = [each for each in found if (each.model, each.benchmark) == ("m04", slug)]
    assert (row.value, abs(row.expected - value) < 30, (row.deviations > 0) == (odd > value)) == (odd, True, True)
    assert all(abs(each.deviations) > 2.5 for each in found)
    assert len(found) < 0.15 * sum(map(len, rows.values()))


def test_plausible_score_is_on_the_scale_of_its_benchmark():
    benchmarks = by_slug(*(bench(f"t{n}") for n in range(5)), bench("errors", direction="lower"))
    rows = {f"m{m}": {f"t{n}": cell(20 + 6 * m + n) for n in range(5)} | {"errors": cell(80 - 6 * m)} for m in range(8)}
    del rows["m7"]["errors"]
    found = evidence.fit(evidence.observations(rows, benchmarks, CATEGORIES))
    value, low, high = evidence.plausible(found, "m7")
    assert [each.shape for each in (value, low, high)] == [(6,)] * 3
    assert (np.all(low < value), np.all(value < high)) == (True, True)
    errors = found.observed.benchmarks.index("errors")
    assert (abs(value[errors] - 38) < 8, low[errors] < 38 < high[errors]) == (True, True)
    with pytest.raises(KeyError):
        evidence.plausible(found, "m9")


def test_blanks_give_the_worst_and_the_best_lead():
    known, blank = (80.0, 80.0), (40.0, 70.0)
    assert evidence.blanks([(0.5, known, (60.0, 60.0)), (0.5, blank, (50.0, 50.0))]) == (5, 20)
    assert evidence.blanks([(1, known, blank)]) == (10, 40)
    assert evidence.blanks([]) is None
    assert evidence.blanks([(0, known, known)]) is None


# --- storage and the bundled catalogue ------------------------------------------------------------------------------
def test_packed_fit_comes_back_bit_by_bit():
    found, _ = fitted(0)
    back = evidence.unpack(evidence.pack(found))
    assert same(back.observed, found.observed)
    assert (back.steps, back.pool, back.observed.models) == (found.steps, found.pool, found.observed.models)
    for name in ("mu", "a", "s2", "sigma", "u", "w", "z", "v", "h", "p"):
        assert np.array_equal(getattr(back, name), getattr(found, name))


def test_bundled_catalogue_puts_gpt_4o_above_phi_4():
    catalogue = bundled()
    rows = {model: catalogue.card(model).cells for model in catalogue.results}
    observed = evidence.observations(rows, catalogue.benchmarks, catalogue.categories)
    found = evidence.fit(observed)
    basket = evidence.make_basket(observed, catalogue.benchmarks, version=1, frozen_on="2026-11-25")
    weights = {category.slug: float(category.weight) for category in catalogue.categories}
    pair = evidence.pair(found, "gpt-4o", "phi-4", weights, basket)
    assert (pair.overall_a.value > pair.overall_b.value, pair.p > 0.8, pair.is_thin) == (True, True, False)
    assert set(basket.tests) == set(weights)
    assert not {"aggregator"} & {
        rows[observed.models[m]][observed.benchmarks[b]].shown.source_kind
        for m, b in zip(observed.model, observed.benchmark, strict=True)
    }
