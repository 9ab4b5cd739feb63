"""Six pairs worked out by hand from the published weights: every figure of a comparison, and the words of the first."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from comparisons import verdicts
from comparisons.scoring import Comparison
from comparisons.verdicts import FlipLine
from tests.factories import SEED_SCORES, bundled

SEED = ("gemma-4-31b", "gpt-4-1")


def rounded(value: Decimal | None, places: str = "0.001") -> str | None:
    return None if value is None else str(value.quantize(Decimal(places), ROUND_HALF_UP))


def averages(comparison: Comparison) -> dict[str, tuple]:
    """By category: both averages, who leads, weighted rows in common, averages over those."""
    return {
        each.category.name: (
            rounded(each.a and each.a.value),
            rounded(each.b and each.b.value),
            each.leader,
            each.shared_rows,
            rounded(each.shared_a, "0.1"),
            rounded(each.shared_b, "0.1"),
        )
        for each in comparison.categories
    }


def totals(comparison: Comparison) -> dict[str, object]:
    c = comparison
    return {
        "overall": (rounded(c.a.overall.value, "0.01"), rounded(c.b.overall.value, "0.01")),
        "coverage": (c.a.overall.coverage, c.b.overall.coverage),
        "wins": (c.wins_a, c.wins_b, len(c.comparable)),
        "like for like": (rounded(c.shared_a, "0.01"), rounded(c.shared_b, "0.01"), c.shared_rows),
        "widest": (c.widest.benchmark.name, c.widest.a.value, c.widest.b.value, c.widest.gap),
        "shared": len(c.shared),
        "another source": {
            each.category.name: tuple(tuple(rounded(end, "0.1") for end in ends) for ends in each.source_choice)
            for each in c.categories
            if each.source_choice
        },
    }


def seed() -> Comparison:
    return bundled(SEED_SCORES).compare(*SEED)


def test_seed_rows_are_those_of_the_bundled_catalogue():
    own, whole = bundled(SEED_SCORES).results, bundled().results
    assert own == {model: whole[model] for model in SEED}
    assert [len(own[model]) for model in SEED] == [8, 15]


def test_seed_pair_averages_every_category_as_worked_out():
    assert averages(seed()) == {
        "Agentic": (None, "64.700", "unknown", 0, None, None),
        "Coding": ("80.000", "52.418", "a", 0, None, None),
        "Multimodal & Grounded": ("76.900", "73.600", "a", 1, "76.9", "70.0"),
        "Reasoning": ("66.400", "80.909", "b", 1, "66.4", "82.0"),
        "Knowledge": ("61.325", "63.120", "b", 1, "84.3", "66.3"),
        "Instruction Following": (None, "87.400", "unknown", 0, None, None),
        "Multilingual": (None, "69.000", "unknown", 0, None, None),
        "Mathematics": (None, None, "unknown", 0, None, None),
    }


def test_seed_pair_adds_up_as_worked_out():
    assert totals(seed()) == {
        "overall": ("71.93", "67.45"),
        "coverage": (Decimal("0.61"), Decimal("0.95")),
        "wins": (2, 2, 4),
        "like for like": ("74.71", "73.89", 3),
        "widest": ("GPQA", Decimal("84.3"), Decimal("66.3"), Decimal(18)),
        "shared": 3,
        "another source": {},
    }


def test_seed_pair_is_the_same_by_its_own_rows_and_in_the_whole_catalogue():
    assert seed() == bundled().compare(*SEED)


def test_seed_pair_grades_its_categories_by_shared_tests():
    found = {each.category.name: (each.grade, each.is_disputed, each.only_displayed) for each in seed().categories}
    assert found == {
        "Agentic": ("one_sided", False, False),
        "Coding": ("no_shared_test", False, False),
        "Multimodal & Grounded": ("partly", False, False),
        "Reasoning": ("partly", False, False),
        "Knowledge": ("partly", True, False),
        "Instruction Following": ("one_sided", False, False),
        "Multilingual": ("one_sided", False, False),
        "Mathematics": ("one_sided", False, True),
    }


def test_seed_pair_flips_at_47_percent_of_reasoning():
    assert [
        (flip.category.name, rounded(flip.share, "0.0001"), rounded(flip.now), flip.winner) for flip in seed().flips
    ] == [
        ("Reasoning", "0.4716", "0.279", "b"),
        ("Knowledge", "0.7966", "0.197", "b"),
    ]


def test_seed_pair_counts_its_unconfirmed_rows():
    comparison = seed()
    assert (comparison.unconfirmed_rows, len(comparison.rows), comparison.on_shared_tests) == (12, 20, 3)


PAIRS = {
    ("gemini-3-pro", "kimi-k2-5"): (
        {
            "Agentic": ("56.123", "54.585", "a", 2, "56.1", "49.9"),
            "Coding": ("54.961", "74.458", "b", 2, "55.0", "61.7"),
            "Multimodal & Grounded": ("81.000", "78.500", "a", 1, "81.0", "78.5"),
            "Reasoning": ("59.356", "38.636", "a", 2, "51.3", "38.6"),
            "Knowledge": ("72.968", "71.774", "a", 4, "73.0", "71.8"),
            "Instruction Following": ("93.500", "93.900", "b", 1, "93.5", "93.9"),
            "Multilingual": (None, None, "unknown", 0, None, None),
            "Mathematics": ("96.749", "96.559", "a", 3, "96.7", "96.6"),
        },
        {
            "overall": ("66.04", "65.62"),
            "coverage": (Decimal("0.93"), Decimal("0.93")),
            "wins": (5, 2, 7),
            "like for like": ("64.58", "61.76", 15),
            "widest": ("SimpleQA Verified", Decimal("72.9"), Decimal("33.9"), Decimal(39)),
            "shared": 38,
            "another source": {"Agentic": (("56.1", "57.8"), ("54.6", "57.6"))},
        },
    ),
    ("gpt-5-4", "claude-opus-4-6"): (
        {
            "Agentic": ("76.965", "71.530", "a", 3, "77.0", "71.5"),
            "Coding": ("59.100", "76.892", "b", 1, "59.1", "51.9"),
            "Multimodal & Grounded": ("68.600", "73.900", "b", 1, "81.2", "73.9"),
            "Reasoning": ("74.000", "76.400", "b", 1, "74.0", "68.8"),
            "Knowledge": ("74.437", "74.511", "b", 3, "74.4", "74.5"),
            "Instruction Following": (None, None, "unknown", 0, None, None),
            "Multilingual": (None, None, "unknown", 0, None, None),
            "Mathematics": (None, "95.600", "unknown", 0, None, None),
        },
        {
            "overall": ("70.48", "75.79"),
            "coverage": (Decimal("0.83"), Decimal("0.88")),
            "wins": (1, 4, 5),
            "like for like": ("72.30", "67.01", 9),
            "widest": ("CharXiv Reasoning", Decimal("82.8"), Decimal("61.5"), Decimal("21.3")),
            "shared": 27,
            "another source": {},
        },
    ),
    ("claude-opus-4-6", "claude-sonnet-4-6"): (
        {
            "Agentic": ("71.530", "67.690", "a", 3, "71.5", "67.7"),
            "Coding": ("76.892", "75.200", "a", 1, "78.7", "75.2"),
            "Multimodal & Grounded": ("73.900", "74.500", "b", 1, "73.9", "74.5"),
            "Reasoning": ("76.400", "71.600", "a", 2, "76.4", "71.6"),
            "Knowledge": ("74.511", "87.400", "b", 1, "88.8", "87.4"),
            "Instruction Following": (None, None, "unknown", 0, None, None),
            "Multilingual": (None, None, "unknown", 0, None, None),
            "Mathematics": ("95.600", "95.600", "tie", 1, "95.6", "95.6"),
        },
        {
            "overall": ("75.79", "75.35"),
            "coverage": (Decimal("0.88"), Decimal("0.88")),
            "wins": (3, 2, 6),
            "like for like": ("78.15", "75.35", 9),
            "widest": ("FrontierMath (Tier 4)", Decimal("22.9"), Decimal("8.3"), Decimal("14.6")),
            "shared": 24,
            "another source": {"Coding": (("76.9", "78.7"), ("75.2", "79.6"))},
        },
    ),
    ("gpt-5-2", "gpt-5-2-high"): (
        {
            "Agentic": ("54.605", None, "unknown", 0, None, None),
            "Coding": ("70.504", "73.800", "b", 1, "80.0", "73.8"),
            "Multimodal & Grounded": ("79.500", None, "unknown", 0, None, None),
            "Reasoning": ("63.156", "43.300", "a", 1, "52.9", "43.3"),
            "Knowledge": ("70.514", "88.200", "b", 1, "91.4", "88.2"),
            "Instruction Following": ("94.800", None, "unknown", 0, None, None),
            "Multilingual": (None, None, "unknown", 0, None, None),
            "Mathematics": ("99.743", "98.330", "a", 0, None, None),
        },
        {
            "overall": ("69.44", "69.67"),
            "coverage": (Decimal("0.93"), Decimal("0.54")),
            "wins": (2, 2, 4),
            "like for like": ("73.39", "66.74", 3),
            "widest": ("Extended NYT Connections", Decimal("88.6"), Decimal("77.5"), Decimal("11.1")),
            "shared": 8,
            "another source": {"Coding": (("70.5", "77.5"), ("73.8", "73.8"))},
        },
    ),
    ("deepseek-v4-pro", "deepseek-v4-flash"): (
        {
            "Agentic": ("73.862", "63.169", "a", 2, "73.9", "63.2"),
            "Coding": ("65.327", "63.000", "a", 2, "65.3", "63.0"),
            "Multimodal & Grounded": (None, None, "unknown", 0, None, None),
            "Reasoning": (None, None, "unknown", 0, None, None),
            "Knowledge": ("72.189", "70.016", "a", 3, "72.2", "70.0"),
            "Instruction Following": (None, None, "unknown", 0, None, None),
            "Multilingual": (None, None, "unknown", 0, None, None),
            "Mathematics": (None, None, "unknown", 0, None, None),
        },
        {
            "overall": ("70.33", "64.63"),
            "coverage": (Decimal("0.54"), Decimal("0.54")),
            "wins": (3, 0, 3),
            "like for like": ("70.33", "64.63", 7),
            "widest": ("SimpleQA Verified", Decimal("57.9"), Decimal("34.1"), Decimal("23.8")),
            "shared": 17,
            "another source": {},
        },
    ),
}


@pytest.mark.parametrize("pair", PAIRS, ids=" v ".join)
def test_golden_pair_averages_every_category_as_worked_out(pair):
    assert averages(bundled().compare(*pair)) == PAIRS[pair][0]


@pytest.mark.parametrize("pair", PAIRS, ids=" v ".join)
def test_golden_pair_adds_up_as_worked_out(pair):
    assert totals(bundled().compare(*pair)) == PAIRS[pair][1]


def test_golden_cells_show_the_source_that_the_rule_picks():
    cards = {model: bundled().card(model) for model in ("gemini-3-pro", "kimi-k2-5", "claude-opus-4-6")}
    picked = {
        (model, benchmark): [(each.value, each.source_kind) for each in (cell.shown, *cell.others)]
        for model, benchmark in (
            ("gemini-3-pro", "terminal-bench-2"),
            ("gemini-3-pro", "gpqa"),
            ("kimi-k2-5", "swe-bench-pro"),
            ("claude-opus-4-6", "swe-bench-pro"),
        )
        for cell in [cards[model].cells[benchmark]]
    }
    assert picked == {
        ("gemini-3-pro", "terminal-bench-2"): [(Decimal("54.2"), "maintainer"), (Decimal("56.9"), "vendor")],
        ("gemini-3-pro", "gpqa"): [(Decimal("92.6"), "independent"), (Decimal("91.9"), "vendor")],
        ("kimi-k2-5", "swe-bench-pro"): [(Decimal("53.8"), "vendor"), (Decimal("50.7"), "vendor")],
        ("claude-opus-4-6", "swe-bench-pro"): [
            (Decimal("51.9"), "maintainer"),
            (Decimal("57.3"), "vendor"),
            (Decimal("53.4"), "vendor"),
        ],
    }


def seed_verdict() -> verdicts.Verdict:
    catalogue = bundled(SEED_SCORES)
    return verdicts.verdict(
        catalogue.compare(*SEED), *(catalogue.facts[model] for model in SEED), catalogue.compare(*SEED, "confirmed")
    )


def test_seed_verdict_names_the_winner_and_says_how_sure():
    verdict = seed_verdict()
    assert (verdict.leader, verdict.badge, verdict.gap_words, verdict.shared_words) == (
        "a",
        "Winner",
        "clearly ahead",
        "74.7 v 73.9, level within a point",
    )


def test_seed_verdict_picks_in_60_words():
    pick = seed_verdict().pick
    assert pick == (
        "Pick Gemma 4 31B for the stronger benchmark profile. "
        "Pick GPT-4.1 if Reasoning matters most to you or you need its larger 1M context window."
    )
    assert len(pick.split()) <= 60


def test_seed_verdict_says_each_thing_once():
    assert seed_verdict().sentences == (
        "Gemma 4 31B is clearly ahead on the average of its own tests, 72 to 67.",
        "On the 3 weighted tests both took they are within a point: 74.7 to 73.9.",
        "Gemma 4 31B wins Coding by most, averaging 80.0 against 52.4 (no shared test).",
        "GPT-4.1 wins Reasoning by most, averaging 80.9 against 66.4.",
        "The widest gap on a test both took is GPQA: 84.3% for Gemma 4 31B, 66.3% for GPT-4.1.",
        "Price: for Gemma 4 31B, Google offers a free tier, with no paid one on record; self-hosting has no list price; "
        "for GPT-4.1, OpenAI asks $2.00 input and $8.00 output per million tokens.",
        "Gemma 4 31B thinks before it answers and GPT-4.1 does not: that helps on hard tests and costs latency and "
        "extra output tokens.",
        "GPT-4.1 takes the longer prompt: 1M tokens of context against 256K.",
    )


def test_seed_verdict_adds_its_doubts():
    verdict = seed_verdict()
    assert (verdict.overlap_note, verdict.unconfirmed_note, verdict.source_note) == (
        "Low overlap: only 3 tests of 20 were taken by both, so most averages compare different tests. "
        "In Knowledge the average and the shared tests disagree: GPT-4.1 has the higher average, "
        "Gemma 4 31B leads on what both took.",
        "12 scores on this page are unconfirmed and decide a leader: with all rows 72 v 67, wins 2 v 2; "
        "on confirmed rows 72 v 63, wins 1 v 1.",
        "",
    )


def test_seed_verdict_says_what_would_flip_it():
    assert seed_verdict().flips == (
        FlipLine("Reasoning counts for more than 47 %", "It is 28 % of the comparable weight now.", "b", "GPT-4.1"),
        FlipLine("Knowledge counts for more than 80 %", "It is 20 % of the comparable weight now.", "b", "GPT-4.1"),
        FlipLine(
            "A prompt needs more than 256K tokens",
            "Context window: 1,047,576 tokens against 262,144.",
            "b",
            "GPT-4.1",
        ),
        FlipLine(
            "You must host it yourself",
            "Open weights under Apache-2.0; GPT-4.1 is reached by API only.",
            "a",
            "Gemma 4 31B, the only option",
        ),
        FlipLine(
            "You trust only the tests both took",
            "3 weighted tests, 74.7 v 73.9.",
            "tie",
            "Level within a point",
        ),
    )


def test_seed_verdict_answers_its_questions():
    assert seed_verdict().questions == (
        (
            "Which is better, Gemma 4 31B or GPT-4.1?",
            "Gemma 4 31B, by the average of its own tests. "
            "It is 2 to 2 in category wins, 4 comparable, 3 of them with a shared test.",
        ),
        (
            "Which is better for Coding?",
            "Gemma 4 31B, 80.0 to 52.4 on average. The two took different tests, so nothing backs this head to head.",
        ),
        (
            "Which is better for Multimodal & Grounded?",
            "Gemma 4 31B, 76.9 to 73.6 on average. On MMMU-Pro, which both took, Gemma 4 31B is ahead, 76.9% to 70%.",
        ),
        (
            "Which is better for Reasoning?",
            "GPT-4.1, 80.9 to 66.4 on average. On MRCRv2, which both took, GPT-4.1 is ahead, 82% to 66.4%.",
        ),
        (
            "Which is better for Knowledge?",
            "GPT-4.1, 63.1 to 61.3 on average. But on GPQA, which both took, Gemma 4 31B is ahead, 84.3% to 66.3%.",
        ),
        (
            "Which is cheaper?",
            "The prices on record cannot be compared: for Gemma 4 31B, Google offers a free tier, with no paid one on "
            "record; self-hosting has no list price; for GPT-4.1, OpenAI asks $2.00 input and $8.00 output per "
            "million tokens.",
        ),
        ("Which has the larger context window?", "GPT-4.1, with 1,047,576 tokens."),
    )


def test_seed_verdict_has_no_word_of_a_broken_number():
    assert not re.search(r"\b(infinity|inf|nan|null|none)\b", str(seed_verdict()), re.IGNORECASE)
