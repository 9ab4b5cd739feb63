"""What the pages say in words: every rule on two small scorecards, and every pair of the bundled catalogue."""

import math
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from comparisons import evidence, tradeoffs
from comparisons.scoring import Category, Comparison, Scorecard, compare, scorecard
from comparisons.tradeoffs import Facts, Offer
from comparisons.verdicts import FlipLine, Verdict, count, gap_words, joined, number, percent, score_text, verdict
from tests.factories import bench, bundled, by_slug, result

D = Decimal
CATEGORIES = (Category("coding", "Coding", D("0.6"), 1), Category("maths", "Maths", D("0.4"), 2))
CODING = [bench(f"c{n}", weight="0.25") for n in range(4)]
MATHS = [bench(f"m{n}", "maths", "0.25") for n in range(4)]
BENCHMARKS = by_slug(
    *CODING,
    *MATHS,
    bench("arena", "maths", 0, unit="elo", kind="preference", floor=None, ceiling=None),
)
ADA, BOB = Facts("Ada"), Facts("Bob")


def card(source_kind: str = "vendor", **values) -> Scorecard:
    pairs = [(slug, result(value, source_kind)) for slug, value in values.items()]
    return scorecard(pairs, BENCHMARKS, CATEGORIES)


def match(a: dict[str, object], b: dict[str, object]) -> Comparison:
    return compare(card(**a), card(**b), BENCHMARKS, CATEGORIES)


def level_but_for(points: object) -> Comparison:
    """Three shared tests of one category, Ada ahead by so many points on each."""
    return match({f"c{n}": D(50) + D(str(points)) for n in range(3)}, {f"c{n}": 50 for n in range(3)})


def priced(name: str, given: object, made: object, **fields) -> Facts:
    prices = (None if price is None else D(str(price)) for price in (given, made))
    return Facts(name, (Offer("Host", "api", *prices, makers_own=True),), **fields)


def whole(said: Verdict) -> str:
    """Everything a page prints of a verdict."""
    return "\n".join(
        [
            said.badge,
            said.gap_words,
            said.shared_words,
            said.pick,
            *said.sentences,
            said.overlap_note,
            said.unconfirmed_note,
            said.source_note,
            *(f"{flip.condition}. {flip.evidence} {flip.winner_text}" for flip in said.flips),
            *(f"{question} {answer}" for question, answer in said.questions),
        ]
    )


# --- figures in words -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "places", "text"),
    [("71.93", 0, "72"), ("0.5", 0, "1"), ("66.45", 1, "66.5"), ("80", 1, "80.0"), ("0", 0, "0"), ("2.5", 0, "3")],
)
def test_number_rounds_half_up(value, places, text):
    assert number(D(value), places) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("61", "percent", "61%"),
        ("54.60", "percent", "54.6%"),
        ("100", "percent", "100%"),
        ("0", "percent", "0%"),
        ("1450", "elo", "1450"),
        ("57.4", "index", "57.4"),
        ("5478.165", "usd", "$5,478.17"),
        ("2.125", "usd", "$2.13"),
        ("0", "usd", "$0.00"),
        ("12.5", "seconds", "12.5 s"),
        ("293", "minutes", "293 min"),
    ],
)
def test_score_text_prints_a_score_in_the_unit_of_its_benchmark(value, unit, text):
    assert score_text(D(value), unit) == text


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (None, "not comparable"),
        ("0", "level"),
        ("0.499", "level"),
        ("0.5", "a point apart"),
        ("1.499", "a point apart"),
        ("1.5", "a small lead"),
        ("3.499", "a small lead"),
        ("3.5", "clearly ahead"),
        ("50", "clearly ahead"),
    ],
)
def test_gap_words_judge_the_unrounded_gap_of_either_side(gap, words):
    assert gap_words(None if gap is None else D(gap)) == words
    assert gap_words(None if gap is None else -D(gap)) == words


def test_numbers_agree_in_number():
    assert [count(n, "test") for n in (0, 1, 2)] == ["0 tests", "1 test", "2 tests"]
    assert [count(n, "category", "categories") for n in (1, 2)] == ["1 category", "2 categories"]
    assert [joined(parts) for parts in (["x"], ["x", "y"], ["x", "y", "z"])] == ["x", "x and y", "x, y and z"]
    assert percent(D("0.4716")) == "47 %"


# --- the badge ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("points", "leader", "badge", "words"),
    [
        (0, "tie", "Level", "level"),
        ("0.49", "tie", "Level", "level"),
        ("-0.49", "tie", "Level", "level"),
        ("0.5", "a", "Winner", "a point apart"),
        ("-2", "b", "Winner", "a small lead"),
        (4, "a", "Winner", "clearly ahead"),
    ],
)
def test_badge_stands_beside_the_leader_from_half_a_point_on(points, leader, badge, words):
    said = verdict(level_but_for(points), ADA, BOB)
    assert (said.leader, said.badge, said.gap_words) == (leader, badge, words)


@pytest.mark.parametrize(
    ("a", "b", "leader", "badge"),
    [
        ({"c0": 60, "c1": 60}, {"c0": 50, "c1": 50}, "a", "Ahead on its own tests"),  # two shared rows prove nothing
        ({"c0": 60}, {"c1": 50}, "a", "Ahead on its own tests"),
        ({"c0": 50, "c1": 50, "c2": 50, "c3": 99}, {"c0": 51, "c1": 51, "c2": 51}, "a", "Ahead on its own tests"),
        ({"c0": 50, "c1": 50, "c2": 50, "c3": 99}, {"c0": 50, "c1": 50, "c2": 50}, "a", "Winner"),  # not denied
        ({"c0": 50}, {}, "unknown", "No call"),
        ({"c0": 50}, {"arena": 1400}, "unknown", "No call"),
        ({}, {}, "unknown", "No call"),
    ],
)
def test_badge_says_winner_only_when_3_shared_rows_do_not_disagree(a, b, leader, badge):
    said = verdict(match(a, b), ADA, BOB)
    assert (said.leader, said.badge) == (leader, badge)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (0, "50.0 v 50.0, level"),
        ("0.4", "50.4 v 50.0, level"),
        ("0.8", "50.8 v 50.0, level within a point"),
        (1, "51.0 v 50.0, level within a point"),
        ("1.2", "51.2 v 50.0, a point apart"),
        ("-2", "48.0 v 50.0, a small lead"),
        (9, "59.0 v 50.0, clearly ahead"),
    ],
)
def test_shared_words_give_both_averages_and_their_gap(points, words):
    assert verdict(level_but_for(points), ADA, BOB).shared_words == words


def test_shared_words_say_when_nothing_weighted_is_shared():
    said = verdict(match({"c0": 50, "arena": 1}, {"c1": 50, "arena": 2}), ADA, BOB)
    assert said.shared_words == "no weighted test in common"


# --- the pick -------------------------------------------------------------------------------------------------------
def test_pick_gives_the_other_side_two_reasons_in_the_order_of_the_rule():
    thinker = priced("Ada", 2, 8, context_window=128_000, reasoning="yes")
    cheap = priced("Bob", 1, 4, context_window=1_000_000, reasoning="no")
    ahead = {"c0": 90, "c1": 90, "c2": 90}
    assert verdict(match(ahead | {"m0": 50}, {"c0": 50, "m0": 60}), thinker, cheap).pick == (
        "Pick Ada for the stronger benchmark profile. "
        "Pick Bob if Maths matters most to you or you want the lower token price."
    )
    assert verdict(match(ahead, {"c0": 50}), thinker, cheap).pick == (
        "Pick Ada for the stronger benchmark profile. "
        "Pick Bob if you want the lower token price or you need its larger 1M context window."
    )
    assert verdict(match(ahead, {"c0": 50}), replace(thinker, offers=(), context_window=None), cheap).pick == (
        "Pick Ada for the stronger benchmark profile. Pick Bob if you want answers without a thinking phase."
    )
    assert verdict(match({"c0": 50}, ahead), replace(thinker, offers=(), context_window=None), cheap).pick == (
        "Pick Bob for the stronger benchmark profile. Pick Ada if you want a reasoning model."
    )


def test_pick_says_when_nothing_speaks_for_the_other():
    assert verdict(level_but_for(5), ADA, BOB).pick == (
        "Pick Ada for the stronger benchmark profile. Nothing on record speaks for Bob instead."
    )


@pytest.mark.parametrize(
    ("a", "b", "aside"),
    [
        ({"c0": 90, "m0": 50}, {"c0": 50, "m1": 60}, " (no shared test)"),
        ({"c0": 90, "m0": 50, "m1": 10}, {"c0": 50, "m0": 40}, " (disputed by the shared tests)"),
        ({"c0": 90, "m0": 50}, {"c0": 50, "m0": 60}, ""),
    ],
)
def test_pick_says_what_a_reason_lacks(a, b, aside):
    assert verdict(match(a, b), ADA, BOB).pick == (
        f"Pick Ada for the stronger benchmark profile. Pick Bob if Maths matters most to you{aside}."
    )


def test_pick_splits_a_tie_with_reasons_for_each_side():
    tied = match({"c0": 60, "m0": 40}, {"c0": 50, "m0": 55})
    assert tied.leader == "tie"
    assert verdict(tied, replace(ADA, context_window=8_192), replace(BOB, context_window=4_096)).pick == (
        "A split decision: the two averages are level. "
        "Pick Ada if Coding matters most to you or you need its larger 8K context window; Bob if Maths matters most to you."
    )
    assert verdict(level_but_for(0), ADA, BOB).pick == (
        "A split decision: the two averages are level. Nothing on record separates them."
    )


def test_pick_without_two_averages_rests_on_the_facts():
    said = verdict(match({"c0": 60}, {}), priced("Ada", 1, 2), priced("Bob", 2, 3))
    assert said.pick == (
        "No pick on quality: there is no average for both. Pick Ada if you want the lower token price."
    )


# --- the sentences --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("points", "said"),
    [
        (0, "The averages of their own tests are level, 50 to 50."),
        (1, "Ada is a point ahead, a close call, on the average of its own tests, 51 to 50."),
        (-1, "Bob is a point ahead, a close call, on the average of its own tests, 50 to 49."),
        (3, "Ada is ahead by a small but real lead, on the average of its own tests, 53 to 50."),
        (9, "Ada is clearly ahead on the average of its own tests, 59 to 50."),
    ],
)
def test_aggregate_sizes_the_lead(points, said):
    cards = [card(**{b.slug: v for b in (*CODING, *MATHS)}) for v in (D(50) + points, 50)]
    assert verdict(compare(*cards, BENCHMARKS, CATEGORIES), ADA, BOB).sentences[0] == said


def test_aggregate_says_what_the_lead_does_not_prove():
    assert verdict(match({"c0": 60}, {"c0": 50}), ADA, BOB).sentences[0] == (
        "Ada is clearly ahead on the average of its own tests, 60 to 50, which the tests both took do not prove."
    )
    assert verdict(match({"c0": 60}, {"c1": 50}), ADA, BOB).sentences[0] == (
        "Ada is clearly ahead on the average of its own tests, 60 to 50, with no weighted test in common to prove it."
    )
    on_maths_alone = [{f"m{n}": value for n in range(3)} for value in (60, 50)]
    assert verdict(match(*on_maths_alone), ADA, BOB).sentences[0] == (
        "Ada is clearly ahead on the average of its own tests, 60 to 50, on less than half of the weight."
    )


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("0.3", "On the 3 weighted tests both took they are level: 50.3 to 50.0."),
        ("0.8", "On the 3 weighted tests both took they are within a point: 50.8 to 50.0."),
        ("1.3", "On the 3 weighted tests both took they are a point apart: 51.3 to 50.0."),
        ("-2", "On the 3 weighted tests both took, Bob is ahead by a small lead: 50.0 to 48.0."),
        (9, "On the 3 weighted tests both took, Ada is clearly ahead: 59.0 to 50.0."),
    ],
)
def test_aggregate_reads_the_shared_tests_beside_it(points, said):
    assert verdict(level_but_for(points), ADA, BOB).sentences[1] == said


def test_aggregate_says_when_the_shared_tests_say_the_contrary():
    said = verdict(match({"c0": 50, "c1": 99}, {"c0": 60}), ADA, BOB).sentences
    assert said[:2] == (
        "Ada is clearly ahead on the average of its own tests, 75 to 60, which the tests both took do not prove.",
        "On the 1 weighted test both took, Bob is clearly ahead instead: 60.0 to 50.0.",
    )


def test_where_names_each_sides_widest_category_and_the_widest_shared_row():
    said = verdict(match({"c0": 90, "m0": 50}, {"c0": 50, "m0": 60}), ADA, BOB).sentences
    assert said[2:5] == (
        "Ada wins Coding by most, averaging 90.0 against 50.0.",
        "Bob wins Maths by most, averaging 60.0 against 50.0.",
        "The widest gap on a test both took is C0: 90% for Ada, 50% for Bob.",
    )


def test_where_is_silent_without_a_category_or_a_shared_row():
    said = verdict(match({"c0": 50}, {"m0": 50}), ADA, BOB).sentences
    assert said == (
        "The averages of their own tests are level, 50 to 50.",
        "Price: for Ada, no price on record; for Bob, no price on record.",
    )


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ((2, 8), (2, 8), "Both cost $2.00 input and $8.00 output per million tokens."),
        (
            (2, 8),
            (1, 2),
            "Ada costs $2.00 input and $8.00 output per million tokens, Bob $1.00 input and $2.00 output; "
            "Ada is 4× as dear on output.",
        ),
        (
            (2, 8),
            (2, 7),
            "Ada costs $2.00 input and $8.00 output per million tokens, Bob $2.00 input and $7.00 output.",
        ),
        (
            ("0.1", "0.3"),
            (10, 30),
            "Ada costs $0.10 input and $0.30 output per million tokens, Bob $10.00 input and $30.00 output.",
        ),
        (
            (0, 0),
            (10, 30),
            "Ada costs $0.00 input and $0.00 output per million tokens, Bob $10.00 input and $30.00 output.",
        ),
        (
            (2, None),
            (1, 2),
            "Price: for Ada, Host asks $2.00 input and an unpublished output price per million tokens; "
            "for Bob, Host asks $1.00 input and $2.00 output per million tokens.",
        ),
    ],
)
def test_price_sentence_gives_both_and_a_multiple_only_of_known_positive_numbers(a, b, said):
    assert verdict(level_but_for(0), priced("Ada", *a), priced("Bob", *b)).sentences[-1] == said


def test_price_sentence_compares_stored_prices_not_formatted_ones():
    said = verdict(level_but_for(0), priced("Ada", "1.234", "8"), priced("Bob", "1.231", "8"))
    assert said.sentences[-1] == (
        "Ada costs $1.23 input and $8.00 output per million tokens, Bob $1.23 input and $8.00 output."
    )


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (
            "yes",
            "no",
            "Ada thinks before it answers and Bob does not: that helps on hard tests and costs latency and extra "
            "output tokens.",
        ),
        (
            "no",
            "yes",
            "Bob thinks before it answers and Ada does not: that helps on hard tests and costs latency and extra "
            "output tokens.",
        ),
        ("hybrid", "no", "Ada can think before it answers, when asked to, and Bob does not."),
        ("yes", "hybrid", "Ada always thinks before it answers, Bob only when asked to."),
    ],
)
def test_kind_sentence_names_the_difference(a, b, said):
    sentences = verdict(level_but_for(0), replace(ADA, reasoning=a), replace(BOB, reasoning=b)).sentences
    assert sentences[-1] == said


@pytest.mark.parametrize(("a", "b"), [("yes", "yes"), ("hybrid", "hybrid"), ("", "yes"), ("no", ""), ("", "")])
def test_kind_sentence_is_silent_when_alike_or_unknown(a, b):
    said = verdict(level_but_for(0), replace(ADA, reasoning=a), replace(BOB, reasoning=b)).sentences
    assert said == verdict(level_but_for(0), ADA, BOB).sentences


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (262_144, 128_000, "Ada takes the longer prompt: 256K tokens of context against 128K."),
        (128_000, 1_047_576, "Bob takes the longer prompt: 1M tokens of context against 128K."),
        (204_800, 200_000, "Ada takes the longer prompt: 204,800 tokens of context against 200,000."),
        (1_000_000, 1_048_576, "Bob takes the longer prompt: 1,048,576 tokens of context against 1,000,000."),
    ],
)
def test_context_sentence_prints_two_different_figures(a, b, said):
    facts = replace(ADA, context_window=a), replace(BOB, context_window=b)
    assert verdict(level_but_for(0), *facts).sentences[-1] == said


@pytest.mark.parametrize(("a", "b"), [(128_000, 128_000), (None, 128_000), (128_000, None)])
def test_context_sentence_is_silent_when_alike_or_unknown(a, b):
    said = verdict(level_but_for(0), replace(ADA, context_window=a), replace(BOB, context_window=b))
    assert said.sentences == verdict(level_but_for(0), ADA, BOB).sentences


# --- doubts ---------------------------------------------------------------------------------------------------------
def test_overlap_note_counts_few_shared_tests():
    five = {b.slug: 50 for b in (*CODING, MATHS[0])}
    four = {b.slug: 50 for b in CODING}
    tail = "taken by both, so most averages compare different tests."
    assert verdict(match(five, five), ADA, BOB).overlap_note == ""
    assert verdict(match(five, four), ADA, BOB).overlap_note == f"Low overlap: only 4 tests of 5 were {tail}"
    assert verdict(match(five, {"c0": 50}), ADA, BOB).overlap_note == f"Low overlap: only 1 test of 5 was {tail}"
    assert verdict(match(five, {"m1": 50}), ADA, BOB).overlap_note == f"Low overlap: no test was {tail}"


def test_overlap_note_names_each_disputed_category():
    a = {"c0": 40, "c1": 40, "c2": 40, "c3": 99, "m0": 1, "m1": 2}
    b = {"c0": 50, "c1": 50, "c2": 50, "m0": 1, "m1": 2}
    assert verdict(match(a, b), ADA, BOB).overlap_note == (
        "In Coding the average and the shared tests disagree: Ada has the higher average, Bob leads on what both took."
    )


def unconfirmed(a: list[tuple], b: list[tuple]) -> str:
    pairs = [[(slug, result(value, kind)) for slug, value, kind in side] for side in (a, b)]
    comparisons = []
    for kinds in ({"vendor", "aggregator"}, {"vendor"}):
        cards = [scorecard(side, BENCHMARKS, CATEGORIES, sources=kinds) for side in pairs]
        comparisons.append(compare(*cards, BENCHMARKS, CATEGORIES))
    return verdict(comparisons[0], ADA, BOB, comparisons[1]).unconfirmed_note


def test_unconfirmed_note_says_what_confirmed_rows_give():
    assert unconfirmed([("c0", 60, "vendor")], [("c0", 50, "vendor"), ("c1", 90, "aggregator")]) == (
        "1 score on this page is unconfirmed and decides a leader: with all rows 60 v 70, wins 0 v 1; "
        "on confirmed rows 60 v 50, wins 1 v 0."
    )
    assert unconfirmed([("c0", 60, "aggregator"), ("m0", 1, "aggregator")], [("c0", 50, "vendor")]) == (
        "2 scores on this page are unconfirmed and decide a leader: with all rows 36 v 50, wins 1 v 0; "
        "on confirmed rows no average v 50, wins 0 v 0."
    )


def test_unconfirmed_note_is_silent_when_nothing_changes():
    assert unconfirmed([("c0", 60, "vendor"), ("c1", 60, "aggregator")], [("c0", 50, "vendor")]) == ""
    assert unconfirmed([("c0", 60, "vendor")], [("c0", 50, "vendor")]) == ""
    assert verdict(level_but_for(3), ADA, BOB).unconfirmed_note == ""


def test_source_note_names_categories_that_another_source_would_change():
    pairs = [("c0", result(60, "independent")), ("c0", result(40)), ("m0", result(9, "independent")), ("m0", result(1))]
    a = scorecard(pairs, BENCHMARKS, CATEGORIES)
    one, both = card(c0=50), card(c0=50, m0=5)
    assert verdict(compare(a, one, BENCHMARKS, CATEGORIES), ADA, BOB).source_note == (
        "Sources disagree: choosing others would change who wins Coding."
    )
    assert verdict(compare(a, both, BENCHMARKS, CATEGORIES), ADA, BOB).source_note == (
        "Sources disagree: choosing others would change who wins Coding and Maths."
    )


# --- what would flip it ---------------------------------------------------------------------------------------------
def flips(comparison: Comparison, a: Facts = ADA, b: Facts = BOB) -> tuple[FlipLine, ...]:
    return verdict(comparison, a, b).flips


def test_flips_give_the_share_of_each_category_against_the_leader():
    assert flips(match({"c0": 60, "m0": 50}, {"c0": 50, "m0": 60}))[0] == FlipLine(
        "Maths counts for more than 50 %", "It is 40 % of the comparable weight now.", "b", "Bob"
    )


@pytest.mark.parametrize(
    ("behind", "share", "now"),
    [("10", "50", "40"), ("0.04", "99.6", "40.0"), ("14.9", "40.2", "40.0"), ("14.98", "40.03", "40.00")],
)
def test_flips_print_decimals_where_rounding_would_lie(behind, share, now):
    """Neither `more than 100 %` nor two equal figures of which one is said to be larger."""
    categories = (*CATEGORIES, Category("art", "Art", D("0.5"), 3))
    benchmarks = BENCHMARKS | by_slug(bench("art0", "art"))
    pairs = [("c0", 60), ("m0", 50), ("art0", 90)], [("c0", 50), ("m0", D(50) + D(behind))]
    cards = [scorecard([(slug, result(v)) for slug, v in side], benchmarks, categories) for side in pairs]
    found = flips(compare(*cards, benchmarks, categories))[0]
    assert (found.condition, found.evidence) == (
        f"Maths counts for more than {share} %",
        f"It is {now} % of the comparable weight now.",
    )


def estimated(gaps: dict[str, float], weights: dict[str, float], sd: float = 1.0) -> evidence.Pair:
    """Two models whose leads of Ada over Bob are known with the same error in each category, apart from one another."""
    middle = evidence.Estimate(50, 45, 55)
    p = {slug: 0.5 * (1 + math.erf(gap / sd / math.sqrt(2))) for slug, gap in gaps.items()}
    categories = tuple(
        evidence.CategoryPair(
            slug, evidence.Estimate(50 + gap, 45 + gap, 55 + gap), middle, p[slug], "partly", 1, weights[slug]
        )
        for slug, gap in gaps.items()
    )
    lead = sum(weights[slug] * gap for slug, gap in gaps.items())
    error = sd * math.sqrt(sum(weight**2 for weight in weights.values()))
    overall = 0.5 * (1 + math.erf(lead / error / math.sqrt(2)))
    none, own = np.zeros(len(gaps)), np.eye(len(gaps)) * sd**2
    return evidence.Pair(
        "ada", "bob", categories, evidence.Estimate(50 + lead, 45, 55), middle, overall, False, none, own, own
    )


def flips_of_estimate(gaps: dict[str, float], weights: dict[str, float], sd: float = 1.0) -> list[FlipLine]:
    everything = (*CATEGORIES, Category("art", "Art", D("0.5"), 3))
    slugs = {"coding": "c0", "maths": "m0", "art": "art0"}
    benchmarks = BENCHMARKS | by_slug(bench("art0", "art"))
    cards = [
        scorecard(
            [(slugs[slug], result(D(50) + D(str(gap * side)))) for slug, gap in gaps.items()], benchmarks, everything
        )
        for side in (1, 0)
    ]
    said = verdict(compare(*cards, benchmarks, everything), ADA, BOB, None, estimated(gaps, weights, sd))
    return [flip for flip in said.flips if "averages" not in flip.condition]


def test_flips_of_the_estimate_name_one_weight_the_end_of_the_call_and_the_smallest_move():
    weight = "of the weight of the categories both were measured in."
    assert flips_of_estimate({"coding": 10, "maths": -6, "art": 2}, {"coding": 0.5, "maths": 0.3, "art": 0.2}) == [
        FlipLine("Maths counts for more than 56 %", f"It is 30 % {weight}", "b", "Bob"),
        FlipLine(
            "Maths counts for more than 52 %",
            f"It is 30 % {weight} From there on the lead is within the error.",
            "tie",
            "Too close to call",
        ),
        FlipLine(
            "23 % of the weight moves to Maths",
            "Taken from Coding. No smaller change of the weights turns the answer.",
            "b",
            "Bob",
        ),
    ]


def test_flips_of_the_estimate_print_decimals_where_rounding_would_lie():
    assert flips_of_estimate({"coding": 10, "maths": -10}, {"coding": 0.502, "maths": 0.498}, sd=0.001)[0] == FlipLine(
        "Coding counts for less than 50.0 %",
        "It is 50.2 % of the weight of the categories both were measured in.",
        "b",
        "Bob",
    )


def test_flips_say_that_no_weighting_flips_it():
    assert flips(match({"c0": 60, "m0": 60}, {"c0": 50, "m0": 60}))[0] == FlipLine(
        "No weighting of the comparable categories flips it",
        "Ada is not behind in any of the 2 categories both were tested in.",
        "a",
        "Ada",
    )
    assert flips(match({"c0": 60}, {"c0": 50}))[0] == FlipLine(
        "No weighting of the comparable categories flips it",
        "Coding is the one category both were tested in.",
        "a",
        "Ada",
    )


def test_flips_say_when_the_comparable_categories_lead_the_other_way():
    assert flips(match({"c0": 50, "m0": 99}, {"c0": 60}))[0] == FlipLine(
        "You weigh only the one category both were tested in",
        "Over those Bob is ahead; the overall averages also count categories that only one was tested in.",
        "b",
        "Bob",
    )
    assert flips(match({"c0": 60, "m0": 99}, {"c0": 60}))[0] == FlipLine(
        "You weigh only the one category both were tested in",
        "Over those neither is ahead; the overall averages also count categories that only one was tested in.",
        "tie",
        "Level",
    )


def test_flips_stay_silent_about_comparable_categories_without_weight():
    weightless = (replace(CATEGORIES[0], weight=D(0)), CATEGORIES[1], Category("art", "Art", D(1), 3))
    benchmarks = BENCHMARKS | by_slug(bench("art0", "art"))
    pairs = [("c0", 60), ("m0", 90)], [("c0", 50), ("art0", 80)]
    cards = [scorecard([(slug, result(v)) for slug, v in side], benchmarks, weightless) for side in pairs]
    assert flips(compare(*cards, benchmarks, weightless)) == ()


def test_flips_name_context_weights_and_shared_tests():
    a = replace(ADA, context_window=200_000, open_weights=False)
    b = replace(BOB, context_window=204_800, open_weights=True, licence="MIT")
    assert flips(match({"c0": 50, "c1": 99}, {"c0": 60}), a, b)[1:] == (
        FlipLine(
            "A prompt needs more than 200,000 tokens",
            "Context window: 204,800 tokens against 200,000.",
            "b",
            "Bob",
        ),
        FlipLine(
            "You must host it yourself",
            "Open weights under MIT; Ada is reached by API only.",
            "b",
            "Bob, the only option",
        ),
        FlipLine("You trust only the tests both took", "1 weighted test, 50.0 v 60.0.", "b", "Bob"),
    )


@pytest.mark.parametrize(
    ("points", "text"), [("0.6", "Level within a point"), (1, "Level within a point"), ("1.3", "A point apart")]
)
def test_flips_call_shared_tests_level_that_lie_close(points, text):
    [_, found] = flips(level_but_for(points))
    assert (found.condition, found.winner, found.winner_text) == ("You trust only the tests both took", "tie", text)


def test_flips_name_the_price_when_the_other_side_is_cheaper():
    said = flips(level_but_for(9), priced("Ada", 2, 8), priced("Bob", 2, 7))[-1]
    assert said == FlipLine(
        "The token price decides",
        "Ada costs $2.00 input and $8.00 output per million tokens, Bob $2.00 input and $7.00 output.",
        "b",
        "Bob",
    )
    assert len(flips(level_but_for(9), priced("Ada", 2, 7), priced("Bob", 2, 8))) == 1


def test_flips_of_a_tie_are_facts_alone():
    assert flips(level_but_for(0)) == ()


# --- questions ------------------------------------------------------------------------------------------------------
def answers(comparison: Comparison, a: Facts = ADA, b: Facts = BOB) -> dict[str, str]:
    return dict(verdict(comparison, a, b).questions)


def test_questions_answer_which_is_better_with_the_winners_count_first():
    ahead, behind = {"c0": 60, "m0": 60}, {"c0": 50, "m0": 50}
    wins = "It is 2 to 0 in category wins, 2 comparable, 2 of them with a shared test."
    question = "Which is better, Ada or Bob?"
    assert answers(match(ahead, behind))[question] == f"Ada, by the average of its own tests. {wins}"
    assert answers(match(behind, ahead))[question] == f"Bob, by the average of its own tests. {wins}"
    assert answers(match(ahead, ahead))[question] == (
        "Neither, on the averages of their own tests. "
        "It is 0 to 0 in category wins, 2 comparable, 2 of them with a shared test."
    )
    assert answers(match({"c0": 50}, {"m0": 40}))[question] == (
        "Ada, by the average of its own tests. No category is comparable."
    )
    assert answers(match({}, {}))[question] == (
        "The scores on record cannot say: at least one of the two has no weighted score."
    )


def test_questions_answer_each_comparable_category():
    found = answers(match({"c0": 60, "m0": 50, "m1": 90}, {"c1": 50, "m0": 60}))
    assert [question for question in found if "better for" in question] == [
        "Which is better for Coding?",
        "Which is better for Maths?",
    ]
    assert found["Which is better for Coding?"] == (
        "Ada, 60.0 to 50.0 on average. The two took different tests, so nothing backs this head to head."
    )
    assert found["Which is better for Maths?"] == (
        "Ada, 70.0 to 60.0 on average. But on M0, which both took, Bob is ahead, 60% to 50%."
    )
    assert answers(match({"m0": 50, "m1": 50}, {"m0": 60, "m1": 40}))["Which is better for Maths?"] == (
        "Neither: both average 50.0. On M1, which both took, Ada is ahead, 50% to 40%."
    )
    assert answers(match({"c0": 50}, {"c0": 50}))["Which is better for Coding?"] == "Neither: both average 50.0."


def test_questions_weigh_points_before_ratings_of_another_scale():
    found = answers(match({"m0": 60, "arena": 1400}, {"m0": 50, "arena": 1500}))
    assert found["Which is better for Maths?"] == (
        "Ada, 60.0 to 50.0 on average. On M0, which both took, Ada is ahead, 60% to 50%."
    )
    found = answers(match({"m0": 60, "arena": 1400}, {"m1": 50, "arena": 1500}))
    assert found["Which is better for Maths?"] == (
        "Ada, 60.0 to 50.0 on average. But on ARENA, which both took, Bob is ahead, 1500 to 1400."
    )


@pytest.mark.parametrize(
    ("a", "b", "answer"),
    [
        ((1, 2), (2, 3), "Ada, on input and output both."),
        ((2, 3), (2, 2), "Bob."),
        ((2, 3), (2, 3), "Neither: their list prices are the same."),
        ((1, 3), (2, 2), "It depends on the mix: one is cheaper on input, the other on output."),
    ],
)
def test_questions_answer_which_is_cheaper(a, b, answer):
    found = answers(level_but_for(0), priced("Ada", *a), priced("Bob", *b))
    assert found["Which is cheaper?"] == answer


def test_questions_answer_which_has_the_larger_context():
    question = "Which has the larger context window?"
    small, large = replace(ADA, context_window=128_000), replace(BOB, context_window=1_047_576)
    assert answers(level_but_for(0), small, large)[question] == "Bob, with 1,047,576 tokens."
    assert answers(level_but_for(0), small, replace(small, name="Bob"))[question] == (
        "Neither: both take 128,000 tokens."
    )
    assert question not in answers(level_but_for(0), small, BOB)


# --- every pair of the catalogue ------------------------------------------------------------------------------------
NUMERAL = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
WORD = re.compile("[a-z]+")
BROKEN = {"nan", "inf", "infinity", "none", "null", "true", "false", "decimal"}
score_figure = cache(lambda value: f"{value.normalize():f}")
as_number = cache(number)
as_shares = cache(lambda share: frozenset(number(share * 100, places) for places in (0, 1, 2, 3)))


@cache
def facts_figures(facts: Facts) -> frozenset[str]:
    """Every numeral that the facts of one model can print."""
    figures = set()
    if facts.context_window is not None:
        figures |= {tradeoffs.tokens(facts.context_window).rstrip("KM"), f"{facts.context_window:,}"}
    if facts.paid:
        figures |= {
            tradeoffs.money(price).lstrip("$") for price in (facts.paid.input, facts.paid.output) if price is not None
        }
    return frozenset(figures)


def multiples(a: Facts, b: Facts) -> set[str]:
    """The one multiple that a price sentence may print."""
    if not (a.paid and b.paid and a.paid.output and b.paid.output):
        return set()
    return {tradeoffs.ratio(max(a.paid.output, b.paid.output), min(a.paid.output, b.paid.output)).rstrip("×")}


def figures_of(c: Comparison) -> set[str]:
    """Every numeral that a comparison can print, by the functions that print them."""
    averages = [average.value for card in (c.a, c.b) for average in card.categories.values()]
    averages += [value for value in (c.shared_a, c.shared_b) if value is not None]
    overall = [card.overall.value for card in (c.a, c.b) if card.overall]
    cells = [score_figure(cell.value) for row in c.shared for cell in (row.a, row.b)]
    shares = [share for flip in c.flips for share in (flip.share, flip.now)]
    counts = {len(c.rows), len(c.shared), c.shared_rows, c.wins_a, c.wins_b, len(c.comparable), c.on_shared_tests}
    return (
        {as_number(value, 1) for value in averages}
        | {as_number(value, 0) for value in overall}
        | set(cells)
        | {figure for share in shares for figure in as_shares(share)}
        | {str(amount) for amount in counts}
    )


def test_every_pair_of_the_catalogue_is_put_in_words_that_its_figures_support():
    """About 7,000 pairs: nothing raises, no broken value is printed, and every numeral is one of the result object's."""
    catalogue = bundled()
    models = sorted(catalogue.results)
    cards = {model: catalogue.card(model) for model in models}
    confirmed = {model: catalogue.card(model, "confirmed") for model in models}
    in_doubt = {model for model in models if cards[model] != confirmed[model]}
    hosts = {offer.host for facts in catalogue.facts.values() for offer in facts.offers}
    names = (
        {b.name for b in catalogue.benchmarks.values()} | {facts.licence for facts in catalogue.facts.values()} | hosts
    )
    named = re.compile(
        "|".join(re.escape(name) for name in sorted(filter(re.compile(r"\d").search, names), key=len, reverse=True))
    )
    faults = []
    for a, b in combinations(models, 2):
        comparison = compare(cards[a], cards[b], catalogue.benchmarks, catalogue.categories)
        checked = comparison
        if {a, b} & in_doubt:
            checked = compare(confirmed[a], confirmed[b], catalogue.benchmarks, catalogue.categories)
        facts = catalogue.facts[a], catalogue.facts[b]
        said = verdict(comparison, *facts, checked)
        text = whole(said)
        for name in sorted((each.name for each in facts), key=len, reverse=True):
            text = text.replace(name, "†")
        found = set(NUMERAL.findall(named.sub("†", text)))
        known = figures_of(comparison) | facts_figures(facts[0]) | facts_figures(facts[1])
        if said.unconfirmed_note:
            known |= figures_of(checked) | {str(comparison.unconfirmed_rows)}
        unknown = found - known - multiples(*facts)
        lower = text.lower()
        broken = BROKEN.intersection(WORD.findall(lower)) if any(word in lower for word in BROKEN) else set()
        broken.update(slip for slip in ("  ", "..", " ,") if slip in text)
        if unknown or broken or len(said.pick.split()) > 60:
            faults.append((a, b, unknown, broken, said.pick))
    assert len(models) > 100
    assert faults == []
