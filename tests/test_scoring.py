"""The published rules of scoring, each on the smallest rows that show it, and what must hold for any rows."""

import datetime
import itertools
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparisons import scoring
from comparisons.scoring import (
    Average,
    Category,
    Cell,
    Comparison,
    Flip,
    Result,
    Row,
    Scorecard,
    compare,
    leader_of,
    mean,
    normalise,
    pick,
    ranks,
    scorecard,
)
from tests.factories import bench, by_slug, result

D = Decimal
CODING, MATHS, WRITING = (
    Category("coding", "Coding", D("0.5"), 1),
    Category("maths", "Maths", D("0.3"), 2),
    Category("writing", "Writing", D("0.2"), 3),
)
CATEGORIES = (CODING, MATHS, WRITING)
DAY = datetime.date(2026, 4, 2)


def card(values: dict[str, object], *benchmarks, categories=CATEGORIES, source_kind: str = "vendor") -> Scorecard:
    pairs = [(slug, result(value, source_kind)) for slug, value in values.items()]
    return scorecard(pairs, by_slug(*benchmarks), categories)


def match(a: dict[str, object], b: dict[str, object], *benchmarks, categories=CATEGORIES) -> Comparison:
    cards = (card(values, *benchmarks, categories=categories) for values in (a, b))
    return compare(*cards, by_slug(*benchmarks), categories)


def category(comparison: Comparison, slug: str = "coding") -> scoring.CategoryResult:
    return next(each for each in comparison.categories if each.category.slug == slug)


# --- the number of a cell -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "fields", "expected"),
    [
        ("84.3", {}, "84.3"),
        ("0", {}, "0"),
        ("100", {}, "100"),
        ("54.6", {"direction": "lower"}, "45.4"),
        ("0", {"direction": "lower"}, "100"),
        ("62.5", {"floor": D(25)}, "50"),
        ("25", {"floor": D(25)}, "0"),
        ("12.5", {"floor": D(25)}, "-16.66666666666666666666666667"),
        ("3", {"ceiling": D(4)}, "75"),
        ("1", {"floor": D(-1), "ceiling": D(1)}, "100"),
        ("30", {"floor": D(10), "ceiling": D(60), "direction": "lower"}, "60"),
        ("1450", {"unit": "elo", "floor": None, "ceiling": None}, None),
        ("50", {"floor": None}, None),
        ("50", {"ceiling": None}, None),
        ("50", {"direction": "none"}, None),
    ],
)
def test_normalise_uses_the_bounds_and_direction_of_the_benchmark(value, fields, expected):
    assert normalise(D(value), bench("t", **fields)) == (None if expected is None else D(expected))


def test_pick_prefers_the_kind_of_source_over_date_and_value():
    by_kind = [
        result(90, "maintainer", reported_on=None),
        result(50, "independent", reported_on=DAY),
        result(40, "vendor", reported_on=DAY),
        result(30, "aggregator", reported_on=DAY + datetime.timedelta(1)),
    ]
    for order in itertools.permutations(by_kind):
        assert pick(order) == Cell(by_kind[0], tuple(by_kind[1:]))


def test_pick_prefers_the_latest_date_and_takes_no_date_as_the_oldest():
    newest = result(80, reported_on=DAY)
    older = result(70, reported_on=DAY - datetime.timedelta(1))
    undated = result(60)
    for order in itertools.permutations([newest, older, undated]):
        assert pick(order) == Cell(newest, (older, undated))


def test_pick_prefers_the_lower_value_of_one_kind_and_day():
    low, high = result("70.00", reported_on=DAY), result("70.01", reported_on=DAY)
    assert pick([high, low]) == pick([low, high]) == Cell(low, (high,))


def test_pick_decides_equal_results_by_setting_then_source():
    first = result(70, setting="no tools", source_url="https://b.example/")
    second = result(70, setting="tools", source_url="https://a.example/")
    third = result(70, setting="tools", source_url="https://b.example/")
    for order in itertools.permutations([third, first, second]):
        assert pick(order) == Cell(first, (second, third))


def test_cell_knows_its_spread_and_whether_anyone_confirms_it():
    alone = Cell(result(82, "aggregator"))
    beside = Cell(result(84, "vendor"), (result("86.1", "vendor"), result(82, "aggregator")))
    assert (alone.value, alone.spread, alone.is_unconfirmed) == (D(82), (D(82), D(82)), True)
    assert (beside.value, beside.spread, beside.is_unconfirmed) == (D(84), (D(82), D("86.1")), False)


def test_zero_is_a_value_and_missing_is_not_zero():
    benchmarks = bench("x", weight="0.5"), bench("y", weight="0.5")
    both, one, neither = card({"x": 0, "y": 80}, *benchmarks), card({"y": 80}, *benchmarks), card({}, *benchmarks)
    assert both.categories == {"coding": Average(D(40), D(1), 2)}
    assert one.categories == {"coding": Average(D(80), D("0.5"), 1)}
    assert neither == Scorecard({}, {}, None)
    assert card({"x": 0}, *benchmarks).overall == Average(D(0), D("0.5"), 1)


# --- averages -------------------------------------------------------------------------------------------------------
def test_mean_divides_by_the_weight_that_is_there():
    assert mean([(D("0.13"), D("54.6")), (D("0.20"), D(51))]) == D("52.418181818")
    assert mean([(D(1), D(0))]) == 0
    assert mean([(D(0), D(50))]) is None
    assert mean([]) is None


def test_mean_of_equal_fractions_is_equal_in_any_order():
    terms = [(D(1), D(10)), (D(1), D(20)), (D(1), D("70.1"))]
    assert {mean(order) for order in itertools.permutations(terms)} == {D("33.366666667")}


def test_scorecard_weighs_rows_inside_a_category_and_categories_in_the_overall():
    benchmarks = bench("x", weight="0.4"), bench("y", weight="0.6"), bench("z", "maths"), bench("w", "writing")
    found = card({"x": 50, "y": 100, "z": 20}, *benchmarks)
    assert found.categories == {"coding": Average(D(80), D(1), 2), "maths": Average(D(20), D(1), 1)}
    assert found.overall == Average(D("57.5"), D("0.8"), 3)  # (.5 x 80 + .3 x 20) / .8


def test_scorecard_coverage_is_the_share_of_weight_in_the_category_and_overall():
    benchmarks = bench("x", weight="0.2"), bench("y", weight="0.6"), bench("z", "maths", "0.3")
    found = card({"x": 50}, *benchmarks)
    assert found.categories["coding"].coverage == D("0.25")
    assert found.overall.coverage == D("0.5")


def test_scorecard_shows_rows_without_weight_and_never_counts_them():
    benchmarks = bench("x"), bench("shown", weight=0), bench("only", "maths", 0)
    found = card({"x": 50, "shown": 99, "only": 99}, *benchmarks)
    assert set(found.cells) == {"x", "shown", "only"}
    assert found.categories == {"coding": Average(D(50), D(1), 1)}
    assert found.overall == Average(D(50), D("0.5"), 1)


def test_scorecard_of_rows_without_weight_has_no_average():
    found = card({"shown": 99}, bench("shown", weight=0))
    assert (found.categories, found.overall, found.weighted_rows, found.is_ranked) == ({}, None, 0, False)


def test_scorecard_ignores_results_of_unknown_benchmarks():
    assert card({"x": 50, "gone": 10}, bench("x")) == card({"x": 50}, bench("x"))


def test_scorecard_reverses_where_lower_is_better():
    found = card({"errors": 30}, bench("errors", direction="lower"))
    assert found.cells["errors"].value == D(30)
    assert found.categories["coding"].value == D(70)


@pytest.mark.parametrize(
    ("sources", "shown", "others"),
    [
        ("all", "independent", ("vendor", "aggregator")),
        ("confirmed", "independent", ("vendor",)),
        ("independent", "independent", ()),
    ],
)
def test_scorecard_reading_leaves_out_kinds_of_source(sources, shown, others):
    pairs = [("x", result(n, kind)) for n, kind in enumerate(("aggregator", "vendor", "independent"))]
    found = scorecard(pairs, by_slug(bench("x")), CATEGORIES, sources=scoring.SOURCES[sources])
    cell = found.cells["x"]
    assert (cell.shown.source_kind, tuple(each.source_kind for each in cell.others)) == (shown, others)


@pytest.mark.parametrize(
    ("sources", "kinds"),
    [
        ("all", {"maintainer", "independent", "vendor", "aggregator"}),
        ("confirmed", {"maintainer", "independent", "vendor"}),
        ("independent", {"maintainer", "independent"}),
    ],
)
def test_sources_readings_drop_aggregators_then_vendors(sources, kinds):
    assert scoring.SOURCES[sources] == kinds


def test_scorecard_reading_without_any_row_left_is_empty():
    pairs = [("x", result(50, "aggregator"))]
    found = scorecard(pairs, by_slug(bench("x")), CATEGORIES, sources=scoring.SOURCES["confirmed"])
    assert found == Scorecard({}, {}, None)


# --- ranks and dots -------------------------------------------------------------------------------------------------
def spread_over(rows: int, categories: int) -> Scorecard:
    """A scorecard of so many weighted rows over so many categories."""
    all_categories = tuple(Category(f"c{n}", f"C{n}", D("0.1"), n) for n in range(categories))
    benchmarks = [bench(f"b{n}", f"c{n % categories}") for n in range(rows)]
    return card({b.slug: 50 for b in benchmarks}, *benchmarks, categories=all_categories)


@pytest.mark.parametrize(
    ("rows", "categories", "is_ranked"),
    [(5, 3, True), (4, 3, False), (5, 2, False), (20, 2, False), (3, 3, False), (6, 4, True)],
)
def test_scorecard_is_ranked_by_5_weighted_rows_in_3_categories(rows, categories, is_ranked):
    assert spread_over(rows, categories).is_ranked is is_ranked


def test_scorecard_rank_counts_no_row_without_weight():
    benchmarks = bench("a"), bench("b"), bench("c", "maths"), bench("d", "writing"), bench("e", "writing", 0)
    assert card({b.slug: 50 for b in benchmarks}, *benchmarks).is_ranked is False


@pytest.mark.parametrize(
    ("rows", "categories", "dots"),
    [
        (20, 7, 4),
        (19, 7, 3),
        (20, 6, 3),
        (12, 5, 3),
        (11, 5, 2),
        (12, 4, 2),
        (8, 3, 2),
        (7, 3, 1),
        (8, 2, 1),
        (1, 1, 1),
    ],
)
def test_scorecard_confidence_counts_categories_and_results(rows, categories, dots):
    assert spread_over(rows, categories).confidence == dots


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([90, 80, 80, 70], [1, 2, 2, 4]),
        ([80, 80, 80], [1, 1, 1]),
        ([90, 80, 70], [1, 2, 3]),
        ([90, None, None], [1, None, None]),
        ([None, None], [None, None]),
        ([0], [1]),
        ([], []),
    ],
)
def test_ranks_are_shared_by_equal_values(values, expected):
    assert ranks([None if value is None else D(value) for value in values]) == expected


def test_ranks_compare_stored_values_not_formatted_ones():
    assert ranks([D("71.04"), D("71.03")]) == [1, 2]


# --- outcomes -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 0, "a"),
        (0, 1, "b"),
        (0, 0, "tie"),
        ("70.0", "70", "tie"),
        ("70.001", "70", "a"),
        (None, 0, "unknown"),
        (0, None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_leader_of_ties_only_on_equal_stored_values(a, b, expected):
    assert leader_of(*(None if value is None else D(value) for value in (a, b))) == expected


@pytest.mark.parametrize(
    ("fields", "a", "b", "outcome", "gap"),
    [
        ({}, 70, 60, "a", 10),
        ({}, 60, 70, "b", -10),
        ({}, 70, 70, "tie", 0),
        ({}, None, 0, "unknown", None),
        ({}, 0, None, "unknown", None),
        ({"direction": "lower"}, 30, 20, "b", -10),
        ({"direction": "lower"}, 20, 30, "a", 10),
        ({"direction": "lower"}, 20, 20, "tie", 0),
        ({"floor": D(50)}, 80, 70, "a", 20),
        ({"direction": "none", "weight": 0}, 80, 70, "unknown", None),
        ({"weight": 0, "unit": "elo", "floor": None, "ceiling": None}, 1450, 1400, "a", 50),
        ({"weight": 0, "unit": "usd", "floor": None, "ceiling": None, "direction": "lower"}, 3, 5, "a", 2),
    ],
)
def test_row_outcome_needs_two_values_and_a_direction(fields, a, b, outcome, gap):
    values = [{"x": value} if value is not None else {} for value in (a, b)]
    [row] = match(*values, bench("x", **fields)).rows
    assert (row.outcome, row.gap, row.is_shared) == (outcome, None if gap is None else D(gap), None not in (a, b))


def test_rows_come_in_page_order_and_only_where_one_side_has_them():
    benchmarks = bench("m", "maths"), bench("b", weight="0.2"), bench("a", weight="0.2"), bench("c", weight="0.6")
    found = match({"m": 1, "a": 1, "c": 1}, {"b": 1}, *benchmarks, bench("untested", "writing"))
    assert [row.benchmark.slug for row in found.rows] == ["c", "a", "b", "m"]


@pytest.mark.parametrize(
    ("a", "b", "differ"),
    [
        ("", "", False),
        ("tools", "tools", False),
        ("Tools", "tools", False),
        ("tools", "no tools", True),
        ("tools", "", True),
    ],
)
def test_row_settings_differ_when_two_differ_or_one_is_unknown(a, b, differ):
    benchmarks = by_slug(bench("x"))
    cards = [scorecard([("x", result(50, setting=setting))], benchmarks, CATEGORIES) for setting in (a, b)]
    [row] = compare(*cards, benchmarks, CATEGORIES).rows
    assert row.settings_differ is differ


@pytest.mark.parametrize(
    ("items", "a", "b", "within"),
    [
        (100, 50, 61, True),  # the margin is 11.6 points
        (100, 50, 62, False),
        (30, "96.7", 90, True),
        (10_000, 50, 52, False),
        (100, 50, 50, False),  # a tie needs no excuse
        (None, 50, 51, False),
        (100, 100, 0, False),
    ],
)
def test_row_within_noise_is_a_mark_and_not_a_tie(items, a, b, within):
    [row] = match({"x": a}, {"x": b}, bench("x", items=items)).rows
    assert row.within_noise is within
    assert row.outcome == leader_of(D(a), D(b))


def test_row_within_noise_needs_percent_of_items():
    [row] = match({"x": 50}, {"x": 51}, bench("x", items=100, unit="index")).rows
    assert row.within_noise is False


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({}, {}, ("unknown", None, "none", 0, False)),
        ({"x": 50}, {}, ("unknown", None, "one_sided", 0, False)),
        ({}, {"x": 50}, ("unknown", None, "one_sided", 0, False)),
        ({"x": 50}, {"y": 40}, ("a", 10, "no_shared_test", 0, False)),
        ({"x": 50}, {"x": 60}, ("b", -10, "partly", 1, False)),
        ({"x": 50, "y": 50}, {"x": 60, "y": 40}, ("tie", 0, "partly", 2, False)),
        ({"x": 50, "y": 1, "z": 9}, {"x": 50, "y": 1, "z": 0}, ("a", 3, "head_to_head", 3, False)),
        ({"shown": 9}, {"shown": 8}, ("unknown", None, "partly", 1, True)),
        ({"shown": 9}, {}, ("unknown", None, "one_sided", 0, True)),
        ({"shown": 9}, {"x": 8}, ("unknown", None, "no_shared_test", 0, False)),
    ],
)
def test_category_leader_and_grade(a, b, expected):
    benchmarks = bench("x"), bench("y"), bench("z"), bench("shown", weight=0)
    found = category(match(a, b, *benchmarks))
    assert (found.leader, found.gap, found.grade, found.shared_tests, found.only_displayed) == expected


def test_category_grade_counts_near_copies_of_one_test_once():
    benchmarks = [bench(f"aime-{year}", family="aime") for year in (2023, 2024, 2025)]
    values = {b.slug: 50 for b in benchmarks}
    found = category(match(values, values, *benchmarks))
    assert (found.grade, found.shared_tests, found.shared_rows) == ("partly", 1, 3)


def test_category_grade_counts_tests_of_skill_and_preference_alone():
    benchmarks = [bench(kind, kind=kind) for kind in ("skill", "preference", "composite", "manners")]
    values = {b.slug: 50 for b in benchmarks}
    found = category(match(values, values, *benchmarks))
    assert (found.grade, found.shared_tests, found.shared_rows) == ("partly", 2, 4)


def test_category_is_disputed_when_the_shared_tests_lead_the_other_way():
    benchmarks = bench("both", weight="0.2"), bench("own", weight="0.8")
    found = match({"both": 40, "own": 90}, {"both": 60}, *benchmarks)
    each = category(found)
    assert (each.leader, each.shared_leader, each.is_disputed) == ("a", "b", True)
    assert (each.a.value, each.b.value, each.shared_a, each.shared_b) == (80, 60, 40, 60)
    assert found.disputed == (each,)


@pytest.mark.parametrize(("a", "b"), [(60, 60), (61, 60)])
def test_category_is_not_disputed_by_a_tie_or_by_agreement(a, b):
    benchmarks = bench("both", weight="0.2"), bench("own", weight="0.8")
    assert match({"both": a, "own": 90}, {"both": b}, *benchmarks).disputed == ()


def test_category_is_not_disputed_without_a_weighted_shared_test():
    benchmarks = bench("x"), bench("y"), bench("shown", weight=0)
    found = category(match({"x": 90, "shown": 10}, {"y": 50, "shown": 60}, *benchmarks))
    assert (found.leader, found.shared_leader, found.shared_a, found.is_disputed) == ("a", "unknown", None, False)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([60], [50], None),
        ([60, 70], [50, 55], None),
        ([60, 45], [50], ((45, 60), (50, 50))),
        ([60, 50], [50], ((50, 60), (50, 50))),  # the other source makes it a tie
        ([50], [50], None),
        ([50, 50], [50], None),
        ([50, 51], [50], ((50, 51), (50, 50))),
        ([40], [50, 30], ((40, 40), (30, 50))),
        ([40], [50, 60], None),
    ],
)
def test_category_tells_when_another_source_would_change_its_leader(a, b, expected):
    benchmarks = by_slug(bench("x"))
    cards = [
        scorecard(
            [("x", result(value, reported_on=DAY - datetime.timedelta(n))) for n, value in enumerate(values)],
            benchmarks,
            CATEGORIES,
        )
        for values in (a, b)
    ]
    assert category(compare(*cards, benchmarks, CATEGORIES)).source_choice == expected


def test_category_source_choice_reverses_where_lower_is_better():
    benchmarks = by_slug(bench("x", direction="lower"))
    a = scorecard([("x", result(20, reported_on=DAY)), ("x", result(35))], benchmarks, CATEGORIES)
    b = scorecard([("x", result(30))], benchmarks, CATEGORIES)
    found = category(compare(a, b, benchmarks, CATEGORIES))
    assert (found.leader, found.source_choice) == ("a", ((65, 80), (70, 70)))


def test_comparison_counts_wins_comparable_categories_and_those_on_shared_tests():
    benchmarks = bench("x"), bench("y"), bench("z", "maths"), bench("w", "writing")
    found = match({"x": 80, "z": 50, "w": 3}, {"y": 70, "z": 60}, *benchmarks)
    assert (found.wins_a, found.wins_b, len(found.comparable), found.on_shared_tests) == (1, 1, 2, 1)


def test_comparison_reads_its_own_tests_and_the_shared_ones_side_by_side():
    benchmarks = bench("x", weight="0.5"), bench("y", weight="0.5"), bench("z", "maths")
    found = match({"x": 80, "y": 20, "z": 60}, {"x": 70, "z": 40}, *benchmarks)
    assert (found.a.overall.value, found.b.overall.value, found.leader) == (D("53.75"), D("58.75"), "b")
    assert (found.shared_a, found.shared_b, found.shared_leader, found.shared_rows) == (D("72.5"), D("58.75"), "a", 2)
    assert found.gap == -5


def test_comparison_without_a_shared_weighted_row_has_no_second_reading():
    found = match({"x": 80}, {"y": 70, "shown": 1}, bench("x"), bench("y"), bench("shown", weight=0))
    assert (found.leader, found.shared_a, found.shared_b, found.shared_leader, found.shared_rows) == (
        "a",
        None,
        None,
        "unknown",
        0,
    )


@pytest.mark.parametrize(("a", "b"), [({}, {}), ({"x": 50}, {}), ({}, {"x": 50})])
def test_comparison_with_an_empty_side_is_unknown(a, b):
    found = match(a, b, bench("x"))
    assert (found.leader, found.gap, found.comparable_leader, found.flips, found.widest) == (
        "unknown",
        None,
        "unknown",
        (),
        None,
    )


def test_comparison_overall_is_a_tie_on_equal_averages_only():
    benchmarks = bench("x"), bench("y")
    assert match({"x": 70}, {"y": 70}, *benchmarks).leader == "tie"
    assert match({"x": "70.001"}, {"y": 70}, *benchmarks).leader == "a"


def test_widest_is_the_largest_gap_in_percent_of_any_weight():
    benchmarks = (
        bench("counted"),
        bench("shown", weight=0),
        bench("elo", weight=0, unit="elo", floor=None, ceiling=None),
        bench("alone"),
    )
    found = match(
        {"counted": 60, "shown": 30, "elo": 1500, "alone": 99}, {"counted": 50, "shown": 45, "elo": 1400}, *benchmarks
    )
    assert (found.widest.benchmark.slug, found.widest.gap) == ("shown", -15)


def test_widest_is_the_first_of_the_page_on_equality_and_nothing_without_a_gap():
    benchmarks = bench("x", weight="0.6"), bench("y", weight="0.4")
    assert match({"x": 50, "y": 50}, {"x": 60, "y": 40}, *benchmarks).widest.benchmark.slug == "x"
    assert match({"x": 50}, {"x": 50}, *benchmarks).widest is None
    assert match({"x": 50}, {"y": 50}, *benchmarks).widest is None


def test_comparison_counts_unconfirmed_cells_of_both_sides():
    benchmarks = by_slug(bench("x"), bench("y"))
    a = scorecard([("x", result(1, "aggregator")), ("y", result(1))], benchmarks, CATEGORIES)
    b = scorecard([("x", result(1, "aggregator")), ("y", result(1, "aggregator"))], benchmarks, CATEGORIES)
    assert compare(a, b, benchmarks, CATEGORIES).unconfirmed_rows == 3


# --- what would flip the answer -------------------------------------------------------------------------------------
def in_categories(a: tuple, b: tuple) -> Comparison:
    """One test a category, in the order coding .5, maths .3, writing .2."""
    benchmarks = [bench(c.slug, c.slug) for c in CATEGORIES]
    values = [{c.slug: v for c, v in zip(CATEGORIES, side, strict=True) if v is not None} for side in (a, b)]
    return match(*values, *benchmarks)


def test_flips_give_the_share_at_which_the_lead_is_zero():
    found = in_categories((60, 50, 50), (50, 60, 50))
    assert found.comparable_leader == "a"
    # without maths a leads by (.5 x 10 + .2 x 0) / .7 = 7.142857143, so the share is 7.142857143 / 17.142857143
    assert found.flips == (Flip(MATHS, D("7.142857143") / D("17.142857143"), D("0.3"), "b"),)


def test_flips_come_nearest_first():
    found = in_categories((80, 50, 50), (50, 60, 51))
    assert [flip.category for flip in found.flips] == [MATHS, WRITING]
    assert [flip.share > flip.now for flip in found.flips] == [True, True]


def test_flips_are_none_when_every_gap_has_the_leaders_sign():
    found = in_categories((60, 60, 50), (50, 50, 50))
    assert (found.comparable_leader, found.flips) == ("a", ())


def test_flips_look_only_at_categories_that_both_have():
    found = in_categories((60, 50, None), (50, 60, 99))
    assert [flip.category for flip in found.flips] == [MATHS]
    assert found.flips[0].now == D("0.375")
    assert (found.comparable_leader, found.leader) == ("a", "b")


def test_flips_are_none_on_a_level_lead():
    found = in_categories((53, 45, 50), (50, 50, 50))
    assert (found.comparable_leader, found.flips) == ("tie", ())


def test_flips_do_not_divide_by_categories_without_weight():
    weightless = Category("coding", "Coding", D(0), 1)
    benchmarks = bench("x"), bench("z", "maths"), bench("w", "writing")
    found = match({"x": 60, "z": 90}, {"x": 50, "w": 80}, *benchmarks, categories=(weightless, MATHS, WRITING))
    assert (found.leader, found.comparable_leader, found.flips) == ("a", "unknown", ())
    behind = match({"x": 40, "z": 90}, {"x": 50, "z": 80}, *benchmarks, categories=(weightless, MATHS, WRITING))
    assert (behind.leader, behind.comparable_leader, behind.flips) == ("a", "a", ())


# --- what holds for any rows ----------------------------------------------------------------------------------------
BENCHMARKS = by_slug(
    bench("a", weight="0.5", family="one", items=100),
    bench("b", weight="0.3", family="one"),
    bench("c", weight="0.2", direction="lower", floor=D(10), ceiling=D(90)),
    bench("d", "maths", "0.7", floor=D(25)),
    bench("e", "maths", "0.3"),
    bench("f", "maths", 0, unit="elo", kind="preference", floor=None, ceiling=None),
    bench("g", "writing", 1, ceiling=D(10), unit="index"),
    bench("h", "writing", 0, direction="none"),
)
LOW = {slug: b.floor if b.floor is not None else D(1000) for slug, b in BENCHMARKS.items()}
HIGH = {slug: b.ceiling if b.ceiling is not None else D(2000) for slug, b in BENCHMARKS.items()}
MIRROR = {"a": "b", "b": "a", "tie": "tie", "unknown": "unknown"}


POOL = [  # (benchmark slug, result) pairs: one draw a row keeps the properties fast
    (slug, Result(LOW[slug] + (HIGH[slug] - LOW[slug]) * share / 16, kind, reported_on=day, setting=setting))
    for slug in BENCHMARKS
    for share in (0, 1, 5, 8, 11, 16)
    for kind in scoring.SOURCE_ORDER
    for day, setting in ((None, ""), (DAY, ""), (DAY, "tools"))
]
ROWS = st.lists(st.sampled_from(POOL), max_size=12)


def compared(a: list, b: list) -> Comparison:
    return compare(*(scorecard(rows, BENCHMARKS, CATEGORIES) for rows in (a, b)), BENCHMARKS, CATEGORIES)


def negated(gap: Decimal | None) -> Decimal | None:
    return None if gap is None else -gap


def mirrored(c: Comparison) -> Comparison:
    """The same comparison read from the other side."""
    return replace(
        c,
        a=c.b,
        b=c.a,
        rows=tuple(replace(row, a=row.b, b=row.a, outcome=MIRROR[row.outcome], gap=negated(row.gap)) for row in c.rows),
        categories=tuple(
            replace(
                each,
                a=each.b,
                b=each.a,
                leader=MIRROR[each.leader],
                gap=negated(each.gap),
                shared_a=each.shared_b,
                shared_b=each.shared_a,
                shared_leader=MIRROR[each.shared_leader],
                source_choice=each.source_choice and each.source_choice[::-1],
            )
            for each in c.categories
        ),
        leader=MIRROR[c.leader],
        gap=negated(c.gap),
        shared_a=c.shared_b,
        shared_b=c.shared_a,
        shared_leader=MIRROR[c.shared_leader],
        wins_a=c.wins_b,
        wins_b=c.wins_a,
        flips=tuple(replace(flip, winner=MIRROR[flip.winner]) for flip in c.flips),
        comparable_leader=MIRROR[c.comparable_leader],
    )


QUICK = settings(max_examples=50, deadline=None, derandomize=True, database=None)


@QUICK
@given(ROWS, ROWS)
def test_swapping_the_models_mirrors_the_whole_result(a, b):
    assert compared(b, a) == mirrored(compared(a, b))


@QUICK
@given(ROWS, ROWS, st.data())
def test_row_of_one_side_alone_never_changes_the_shared_tests(a, b, data):
    alone = sorted(set(BENCHMARKS) - {slug for slug, _ in b})
    if not alone:
        return
    before, after = (
        compared(a, b),
        compared([*a, data.draw(st.sampled_from([pair for pair in POOL if pair[0] in alone]))], b),
    )
    shared = [(c.shared_a, c.shared_b, c.shared_leader, c.shared_rows, c.shared) for c in (before, after)]
    assert shared[0] == shared[1]
    per_category = [
        [(each.shared_tests, each.shared_a, each.shared_b, each.shared_leader) for each in c.categories]
        for c in (before, after)
    ]
    assert per_category[0] == per_category[1]


@QUICK
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_benchmarks_and_results_changes_nothing(a, b, random):
    shuffled = [random.sample(each, len(each)) for each in (a, b)]
    benchmarks = dict(random.sample(list(BENCHMARKS.items()), len(BENCHMARKS)))
    cards = (scorecard(rows, benchmarks, CATEGORIES) for rows in shuffled)
    assert compare(*cards, benchmarks, CATEGORIES) == compared(a, b)


@QUICK
@given(ROWS)
def test_averages_and_coverage_stay_within_their_bounds(rows):
    found = scorecard(rows, BENCHMARKS, CATEGORIES)
    averages = [*found.categories.values(), *([found.overall] if found.overall else [])]
    assert all(0 <= average.value <= 100 and 0 < average.coverage <= 1 for average in averages)
    assert (found.overall is None) == (not found.categories)


@QUICK
@given(ROWS, ROWS)
def test_flips_lie_between_todays_share_and_the_whole(a, b):
    found = compared(a, b)
    assert all(0 < flip.now < flip.share < 1 for flip in found.flips)
    assert {flip.winner for flip in found.flips} <= {MIRROR[found.comparable_leader]}


@QUICK
@given(ROWS, ROWS)
def test_outcome_is_unknown_exactly_where_a_value_is_missing(a, b):
    found = compared(a, b)
    assert all((row.gap is None) == (row.outcome == "unknown") for row in found.rows)
    assert all((each.leader == "unknown") == (not each.is_comparable) for each in found.categories)
    assert {row.outcome for row in found.rows if not row.is_shared} <= {"unknown"}


def test_row_is_what_a_benchmark_and_two_cells_say():
    [row] = match({"x": 70}, {"x": 60}, bench("x")).rows
    assert row == Row(
        bench("x"), Cell(result(70)), Cell(result(60)), "a", D(10), within_noise=False, settings_differ=False
    )
