"""Money and limits: how amounts print, and every row of the tradeoff table with known, zero and unknown sides."""

import datetime
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparisons.tradeoffs import (
    PER_MILLION,
    Facts,
    Offer,
    Runtime,
    TradeoffRow,
    Value,
    cheaper,
    day,
    larger,
    money,
    ordered,
    price_words,
    ratio,
    rows,
    tokens,
)
from tests.factories import TODAY, bundled

D = Decimal
ADA, BOB = Facts("Ada"), Facts("Bob")
DAY = datetime.date(2026, 4, 2)
LABELS = [
    "Input price",
    "Output price",
    "Cached input",
    "Batch",
    "Long prompts",
    "Output speed",
    "Time to first token",
    "Context",
    "Maximum output",
    "Reasoning",
    "Input modalities",
    "Licence",
    "Knowledge cutoff",
    "Released",
    "Retires",
]
NO_PRICES = ("unknown", "no two prices to compare", "not published", PER_MILLION)
NO_FIGURES = ("unknown", "no two figures to compare")
NO_SNAPSHOTS = ("unknown", "no two snapshots to compare", "N/A, no sourced snapshot")


def api(given_price: object, made: object, cached: object = None, **fields) -> Offer:
    """A paid offer of the maker; a price of None is not published."""
    prices = (None if price is None else D(str(price)) for price in (given_price, made, cached))
    known = {"host": "Host", "makers_own": True, "source_url": "https://host.example/"} | fields
    host = known.pop("host")
    return Offer(host, "api", *prices, **known)


def row(label: str, a: Facts, b: Facts) -> TradeoffRow:
    return next(each for each in rows(a, b, TODAY) if each.label == label)


# --- amounts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.000000", "$0.00"),
        ("2", "$2.00"),
        ("1.005", "$1.01"),
        ("1234.5", "$1,234.50"),
        ("1234567.891", "$1,234,567.89"),
        (".435", "$0.435"),
        ("0.5", "$0.50"),
        ("0.25", "$0.25"),
        ("0.250000", "$0.25"),
        ("0.0375", "$0.0375"),
        ("0.01", "$0.01"),
        ("0.999", "$0.999"),
        (".0023", "$0.0023"),
        ("0.00234567", "$0.00235"),
        ("0.009999", "$0.01"),
        ("0.0000001234", "$0.000000123"),
    ],
)
def test_money_keeps_what_a_reader_needs(amount, text):
    assert money(D(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1_047_576, "1M"),
        (1_048_576, "1M"),
        (1_000_000, "1M"),
        (2_097_152, "2M"),
        (1_500_000, "1.5M"),
        (10_000_000, "10M"),
        (999_999, "1M"),
        (999_499, "999K"),
        (262_144, "256K"),
        (128_000, "128K"),
        (131_072, "128K"),
        (200_000, "200K"),
        (204_800, "200K"),
        (32_768, "32K"),
        (65_536, "64K"),
        (8_192, "8K"),
        (1_024, "1K"),
        (1_500, "1.5K"),
        (1_000, "1K"),
        (512, "0.5K"),
    ],
)
def test_tokens_print_in_the_unit_they_are_sold_in(amount, text):
    assert tokens(amount) == text


@pytest.mark.parametrize(
    ("larger_one", "smaller_one", "text"),
    [
        ("8", "2", "4×"),
        ("5", "2", "2.5×"),
        ("3", "2", "1.5×"),
        ("2.99", "2", ""),
        ("1.49", "1", ""),
        ("40", "2", "20×"),
        ("40.01", "2", ""),
        ("10", "1", "10×"),
        ("10", "3", "3.3×"),
        ("15.5", "10", "1.6×"),
        ("1", "2", ""),
        ("8", "0", ""),
        ("0", "8", ""),
        ("0", "0", ""),
        ("8", None, ""),
        (None, "8", ""),
        (None, None, ""),
        ("-8", "-2", ""),
        ("8", "-2", ""),
        ("-8", "2", ""),
        ("Infinity", "2", ""),
    ],
)
def test_ratio_stands_only_between_two_known_positive_numbers(larger_one, smaller_one, text):
    assert ratio(*(None if each is None else D(each) for each in (larger_one, smaller_one))) == text


def test_day_is_written_out():
    assert day(datetime.date(2026, 4, 2)) == "2 Apr 2026"


# --- offers ---------------------------------------------------------------------------------------------------------
FREE = Offer("Google", "free_tier", D(0), D(0), makers_own=True, source_url="https://google.example/prices")
OWN_HARDWARE = Offer("Anyone", "self_hosted", D(0), D(0))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (ADA, "no price on record"),
        (replace(ADA, offers=(api(2, 8),)), "Host asks $2.00 input and $8.00 output per million tokens"),
        (
            replace(ADA, offers=(api(2, None),)),
            "Host asks $2.00 input and an unpublished output price per million tokens",
        ),
        (replace(ADA, offers=(FREE,)), "Google offers a free tier, with no paid one on record"),
        (
            replace(ADA, offers=(FREE,), open_weights=True),
            "Google offers a free tier, with no paid one on record; self-hosting has no list price",
        ),
        (
            replace(ADA, offers=(FREE, api(2, 8)), open_weights=True),
            "Host asks $2.00 input and $8.00 output per million tokens; Google offers a free tier",
        ),
        (replace(ADA, open_weights=True), "self-hosting has no list price"),
        (replace(ADA, offers=(OWN_HARDWARE,)), "self-hosting has no list price"),
        (replace(ADA, open_weights=False), "no price on record"),
    ],
)
def test_price_words_tell_paid_free_and_self_hosted_apart(facts, words):
    assert price_words(facts) == words


def test_paid_offer_shown_first_is_the_makers_then_the_cheapest():
    makers = api(9, 9, host="Maker")
    cheap, dear, silent = (
        api(1, price, host=host, makers_own=False) for price, host in ((2, "Cheap"), (3, "Dear"), (None, "Silent"))
    )
    assert replace(ADA, offers=(silent, dear, cheap, makers, FREE)).paid == makers
    assert replace(ADA, offers=(silent, dear, cheap, FREE)).paid == cheap
    assert replace(ADA, offers=(silent, FREE)).paid == silent
    assert replace(ADA, offers=(FREE, OWN_HARDWARE)).paid is None


def test_offers_are_ordered_for_a_table():
    makers = api(9, 9, host="Maker")
    hosts = [api(price, 9, host=host, makers_own=False) for price, host in ((None, "A"), (3, "B"), (1, "D"), (1, "C"))]
    assert [offer.host for offer in ordered([*hosts, makers])] == ["Maker", "C", "D", "B", "A"]


@pytest.mark.parametrize(
    ("a", "b", "edge"),
    [
        ((1, 2), (2, 3), "a"),
        ((1, 2), (1, 3), "a"),
        ((2, 2), (1, 2), "b"),
        ((2, 2), ("2.0", "2.00"), "tie"),
        ((1, 3), (2, 2), "depends"),
        ((0, 0), (1, 1), "a"),
        ((1, None), (2, 3), "unknown"),
        ((1, 2), (None, 3), "unknown"),
    ],
)
def test_cheaper_needs_both_prices_of_both(a, b, edge):
    assert cheaper(replace(ADA, offers=(api(*a),)), replace(BOB, offers=(api(*b),))) == edge


@pytest.mark.parametrize("other", [(), (FREE,), (OWN_HARDWARE,)])
def test_cheaper_is_unknown_beside_what_has_no_list_price(other):
    paid = replace(ADA, offers=(api(1, 2),))
    assert cheaper(paid, replace(BOB, offers=other)) == cheaper(replace(BOB, offers=other), paid) == "unknown"


@pytest.mark.parametrize(
    ("a", "b", "edge"),
    [(2, 1, "a"), (1, 2, "b"), (1, 1, "tie"), (0, 0, "tie"), (None, 0, "unknown"), (0, None, "unknown")],
)
def test_larger_takes_zero_as_known(a, b, edge):
    assert larger(a, b) == edge


# --- the rows -------------------------------------------------------------------------------------------------------
def test_rows_of_nothing_known_say_so_in_words():
    nothing = Value("")
    assert rows(ADA, BOB, TODAY) == (
        *(TradeoffRow(label, nothing, nothing, *NO_PRICES) for label in LABELS[:3]),
        TradeoffRow("Batch", nothing, nothing, *NO_FIGURES, "not published"),
        TradeoffRow("Long prompts", nothing, nothing, *NO_FIGURES, "no tier on record"),
        *(TradeoffRow(label, nothing, nothing, *NO_SNAPSHOTS) for label in LABELS[5:7]),
        *(TradeoffRow(label, nothing, nothing, *NO_FIGURES) for label in LABELS[7:9]),
        *(TradeoffRow(label, nothing, nothing, "unknown", "no call") for label in LABELS[9:14]),
        TradeoffRow("Retires", nothing, nothing, "unknown", "no call", "no date announced"),
    )


def test_rows_come_in_page_order():
    assert [each.label for each in rows(ADA, BOB, TODAY)] == LABELS


@pytest.mark.parametrize(
    ("label", "a", "b", "texts", "edge"),
    [
        ("Input price", (2, 8), (1, 8), ("$2.00", "$1.00"), ("b", "2× cheaper")),
        ("Output price", (2, 8), (2, 10), ("$8.00", "$10.00"), ("a", "cheaper")),
        ("Output price", (2, "0.3"), (2, 10), ("$0.30", "$10.00"), ("a", "cheaper")),
        ("Output price", (2, 8), (2, "8.0"), ("$8.00", "$8.00"), ("tie", "same price")),
        ("Output price", (2, 0), (2, 8), ("$0.00", "$8.00"), ("a", "cheaper")),
        ("Output price", (2, 0), (2, 0), ("$0.00", "$0.00"), ("tie", "same price")),
        ("Cached input", (2, 8, 0), (2, 8, "0.5"), ("$0.00", "$0.50"), ("a", "cheaper")),
        ("Cached input", (2, 8, "0.2"), (2, 8, "0.5"), ("$0.20", "$0.50"), ("a", "2.5× cheaper")),
    ],
)
def test_price_row_compares_two_known_prices(label, a, b, texts, edge):
    found = row(label, replace(ADA, offers=(api(*a),)), replace(BOB, offers=(api(*b),)))
    values = (Value(text, "Host", "https://host.example/") for text in texts)
    assert found == TradeoffRow(label, *values, *edge, unit=PER_MILLION)


def test_price_row_says_since_when_and_names_the_free_tier_beside_it():
    facts = replace(ADA, offers=(FREE, api(2, 8, "0.5", starts_on=DAY)))
    found = [row(label, facts, BOB).a for label in LABELS[:3]]
    assert found == [
        Value("$2.00", "Host, since 2 Apr 2026; Google has a free tier", "https://host.example/"),
        Value("$8.00", "Host, since 2 Apr 2026; Google has a free tier", "https://host.example/"),
        Value("$0.50", "Host, since 2 Apr 2026", "https://host.example/"),
    ]


def test_price_row_without_a_paid_offer_names_what_there_is():
    paid = replace(BOB, offers=(api(2, 8, "0.5"),))
    silent = Value("")
    free = Value("Free tier", "Google, no paid offer on record", "https://google.example/prices")
    both = replace(free, detail="Google, no paid offer on record; self-hosted, no list price")
    own = Value("Self-hosted", "no list price", "https://ada.example/")
    cases = {
        (): [silent] * 3,
        (FREE,): [free, free, silent],
        (OWN_HARDWARE,): [own, own, silent],
        (FREE, OWN_HARDWARE): [both, both, silent],
    }
    for offers, values in cases.items():
        facts = replace(ADA, offers=offers, url="https://ada.example/")
        found = [row(label, facts, paid) for label in LABELS[:3]]
        assert [each.a for each in found] == values
        assert {(each.edge, each.edge_text, each.missing, each.unit) for each in found} == {NO_PRICES}


def test_price_row_names_the_host_that_publishes_no_price():
    found = row("Cached input", replace(ADA, offers=(api(2, 8),)), replace(BOB, offers=(api(2, 8, 0),)))
    assert found == TradeoffRow(
        "Cached input",
        Value("", "Host does not publish one", "https://host.example/"),
        Value("$0.00", "Host", "https://host.example/"),
        *NO_PRICES,
    )


@pytest.mark.parametrize(
    ("a", "b", "texts", "edge"),
    [
        ("0.5", "0.5", ("50% off", "50% off"), ("tie", "same")),
        ("0.500", "0.25", ("50% off", "25% off"), ("a", "more off")),
        ("0.125", "0.5", ("12.5% off", "50% off"), ("b", "more off")),
        ("0.5", None, ("50% off", ""), NO_FIGURES),
        (None, "0.5", ("", "50% off"), NO_FIGURES),
        (None, None, ("", ""), NO_FIGURES),
    ],
)
def test_batch_row_gives_the_discount(a, b, texts, edge):
    facts = [
        replace(facts, offers=(api(2, 8, batch_discount=None if share is None else D(share)),))
        for facts, share in ((ADA, a), (BOB, b))
    ]
    values = (Value(text, "Host" if text else "") for text in texts)
    assert row("Batch", *facts) == TradeoffRow("Batch", *values, *edge, "not published")


def test_tier_row_gives_the_first_step_for_long_prompts():
    one = replace(ADA, offers=(api(2, 8, tiers=((200_000, D(4), None), (500_000, D(6), D(20)))),))
    two = replace(BOB, offers=(api(2, 8, tiers=((128_000, D(3), D(12)),)),))
    first = Value(
        "$4.00 / not published", "input / output, whole request from 200,000 prompt tokens", "https://host.example/"
    )
    second = Value(
        "$3.00 / $12.00", "input / output, whole request from 128,000 prompt tokens", "https://host.example/"
    )
    label, missing = "Long prompts", "no tier on record"
    assert row(label, one, BOB) == TradeoffRow(label, first, Value(""), *NO_FIGURES, missing)
    assert row(label, one, two) == TradeoffRow(label, first, second, "depends", "depends on the length", missing)
    assert row(label, two, two) == TradeoffRow(label, second, second, "tie", "same", missing)


@pytest.mark.parametrize(
    ("a", "b", "edge"),
    [
        ("104", "80.5", ("a", "faster")),
        ("80.5", "104", ("b", "faster")),
        ("104", "104.000", ("tie", "same")),
        ("104", None, NO_SNAPSHOTS[:2]),
        (None, None, NO_SNAPSHOTS[:2]),
    ],
)
def test_speed_row_needs_two_snapshots(a, b, edge):
    facts = [
        replace(facts, runtimes=(Runtime("Host", DAY, D(speed)),) if speed else ())
        for facts, speed in ((ADA, a), (BOB, b))
    ]
    values = (
        Value(f"{speed.removesuffix('.000')} tokens/s", "Host, 2 Apr 2026") if speed else Value("") for speed in (a, b)
    )
    assert row("Output speed", *facts) == TradeoffRow("Output speed", *values, *edge, NO_SNAPSHOTS[2])


@pytest.mark.parametrize(
    ("a", "b", "edge"),
    [
        (("0.74", "first_token"), ("1.709", "first_token"), ("a", "sooner")),
        (("1.709", ""), ("0.74", ""), ("b", "sooner")),
        (("0.74", ""), ("0.740", ""), ("tie", "same")),
        (("0.74", "first_token"), ("0.5", "first_answer_token"), NO_SNAPSHOTS[:2]),
        (("0.74", "first_token"), ("0.5", ""), NO_SNAPSHOTS[:2]),
        (("0.74", "first_token"), None, NO_SNAPSHOTS[:2]),
    ],
)
def test_latency_row_compares_only_the_same_first_token(a, b, edge):
    kinds = {
        "first_token": "first token",
        "first_answer_token": "first answer token",
        "": "first token of unstated kind",
    }
    facts, values = [], []
    for each, snapshot in ((ADA, a), (BOB, b)):
        seconds, kind = snapshot or (None, "")
        known = seconds is not None
        facts.append(replace(each, runtimes=(Runtime("Host", DAY, None, D(seconds), kind),) if known else ()))
        values.append(Value(f"{seconds.rstrip('0')} s", f"{kinds[kind]}, Host, 2 Apr 2026") if known else Value(""))
    label = "Time to first token"
    assert row(label, *facts) == TradeoffRow(label, *values, *edge, NO_SNAPSHOTS[2])


def test_snapshot_shown_is_the_first_with_the_figure():
    runtimes = Runtime("Old", DAY, None, D(1)), Runtime("New", DAY, D(90), D(2))
    facts = replace(ADA, runtimes=runtimes)
    assert [row(label, facts, BOB).a.text for label in LABELS[5:7]] == ["90 tokens/s", "1 s"]


@pytest.mark.parametrize(
    ("a", "b", "values", "edge"),
    [
        (262_144, 1_047_576, (("256K", "262,144 tokens"), ("1M", "1,047,576 tokens")), ("b", "4× larger")),
        (200_000, 204_800, (("200K", "200,000 tokens"), ("200K", "204,800 tokens")), ("b", "larger")),
        (10_000_000, 8_192, (("10M", "10,000,000 tokens"), ("8K", "8,192 tokens")), ("a", "larger")),
        (32_768, 32_768, (("32K", "32,768 tokens"), ("32K", "32,768 tokens")), ("tie", "same")),
        (32_768, None, (("32K", "32,768 tokens"), ("",)), NO_FIGURES),
        (None, None, (("",), ("",)), NO_FIGURES),
    ],
)
def test_limit_rows_say_how_much_larger(a, b, values, edge):
    for label, part in (("Context", "context_window"), ("Maximum output", "max_output")):
        found = row(label, replace(ADA, **{part: a}), replace(BOB, **{part: b}))
        assert found == TradeoffRow(label, *(Value(*value) for value in values), *edge)


REASONING = {
    "yes": Value("Yes", "helps on hard tests, costs time and tokens"),
    "no": Value("No", "answers at once"),
    "hybrid": Value("Hybrid", "thinking can be switched"),
    "": Value(""),
}


@pytest.mark.parametrize("a", REASONING)
@pytest.mark.parametrize("b", REASONING)
def test_reasoning_row_leaves_the_choice_to_the_job(a, b):
    edge = ("unknown", "no call") if not (a and b) else ("tie", "same") if a == b else ("depends", "depends on the job")
    found = row("Reasoning", replace(ADA, reasoning=a), replace(BOB, reasoning=b))
    assert found == TradeoffRow("Reasoning", REASONING[a], REASONING[b], *edge)


@pytest.mark.parametrize(
    ("label", "a", "b", "values", "edge"),
    [
        (
            "Input modalities",
            {"input_modalities": ("text", "image")},
            {"input_modalities": ("text",)},
            (Value("text, image"), Value("text")),
            ("depends", "depends on the job"),
        ),
        (
            "Licence",
            {"licence": "MIT", "open_weights": True},
            {"licence": "Proprietary", "open_weights": False},
            (Value("MIT", "open weights"), Value("Proprietary", "API only")),
            ("depends", "depends on the job"),
        ),
        (
            "Licence",
            {"licence": "MIT"},
            {"open_weights": True},
            (Value("MIT", "weights not known"), Value("")),
            ("unknown", "no call"),
        ),
        (
            "Knowledge cutoff",
            {"knowledge_cutoff": "2024-06"},
            {"knowledge_cutoff": "2025-01"},
            (Value("Jun 2024"), Value("Jan 2025")),
            ("b", "later"),
        ),
        (
            "Knowledge cutoff",
            {"knowledge_cutoff": "2024-12"},
            {"knowledge_cutoff": "2024-12"},
            (Value("Dec 2024"), Value("Dec 2024")),
            ("tie", "same"),
        ),
        (
            "Knowledge cutoff",
            {"knowledge_cutoff": "2024-12"},
            {},
            (Value("Dec 2024"), Value("")),
            ("unknown", "no call"),
        ),
        (
            "Released",
            {"released_on": datetime.date(2026, 4, 2)},
            {"released_on": datetime.date(2025, 4, 14)},
            (Value("2 Apr 2026"), Value("14 Apr 2025")),
            ("a", "12 months newer"),
        ),
        (
            "Released",
            {"released_on": datetime.date(2026, 4, 2)},
            {"released_on": datetime.date(2026, 5, 2)},
            (Value("2 Apr 2026"), Value("2 May 2026")),
            ("b", "1 month newer"),
        ),
        (
            "Released",
            {"released_on": datetime.date(2026, 4, 2)},
            {"released_on": datetime.date(2026, 4, 1)},
            (Value("2 Apr 2026"), Value("1 Apr 2026")),
            ("a", "days newer"),
        ),
        (
            "Released",
            {"released_on": DAY},
            {"released_on": DAY},
            (Value("2 Apr 2026"), Value("2 Apr 2026")),
            ("tie", "same"),
        ),
        ("Released", {"released_on": DAY}, {}, (Value("2 Apr 2026"), Value("")), ("unknown", "no call")),
    ],
)
def test_word_rows_compare_what_is_known(label, a, b, values, edge):
    assert row(label, replace(ADA, **a), replace(BOB, **b)) == TradeoffRow(label, *values, *edge)


def test_retires_row_tells_announced_from_retired():
    past, future = TODAY, TODAY + datetime.timedelta(1)
    label, missing = "Retires", "no date announced"
    gone, going = Value("25 Nov 2026", "retired"), Value("26 Nov 2026", "announced")
    a, b = replace(ADA, retires_on=past), replace(BOB, retires_on=future)
    assert row(label, a, b) == TradeoffRow(label, gone, going, "b", "later", missing)
    assert row(label, a, a) == TradeoffRow(label, gone, gone, "tie", "same", missing)
    assert row(label, a, BOB) == TradeoffRow(label, gone, Value(""), "unknown", "no call", missing)


def test_row_is_a_difference_when_text_or_detail_differ():
    one, other = Value("200K", "200,000 tokens"), Value("200K", "204,800 tokens")
    assert TradeoffRow("Context", one, other, "b", "larger").is_difference
    assert not TradeoffRow("Context", one, one, "tie", "same").is_difference
    assert [Value("").is_known, Value("0").is_known] == [False, True]


def test_seed_pair_compares_a_free_tier_with_a_price_without_a_ratio():
    facts = bundled().facts
    found = {
        each.label: (each.a.text, each.b.text, each.edge_text)
        for each in rows(facts["gemma-4-31b"], facts["gpt-4-1"], TODAY)
    }
    assert found == {
        "Input price": ("Free tier", "$2.00", "no two prices to compare"),
        "Output price": ("Free tier", "$8.00", "no two prices to compare"),
        "Cached input": ("", "$0.50", "no two prices to compare"),
        "Batch": ("", "", "no two figures to compare"),
        "Long prompts": ("", "", "no two figures to compare"),
        "Output speed": ("", "", "no two snapshots to compare"),
        "Time to first token": ("", "", "no two snapshots to compare"),
        "Context": ("256K", "1M", "4× larger"),
        "Maximum output": ("32K", "32K", "same"),
        "Reasoning": ("Yes", "No", "depends on the job"),
        "Input modalities": ("text, image", "text, image, pdf", "depends on the job"),
        "Licence": ("Apache-2.0", "Proprietary", "depends on the job"),
        "Knowledge cutoff": ("", "Apr 2024", "no call"),
        "Released": ("2 Apr 2026", "14 Apr 2025", "12 months newer"),
        "Retires": ("", "", "no call"),
    }


# --- what holds for any facts ---------------------------------------------------------------------------------------
PRICES = st.sampled_from([None, D(0), D("0.0023"), D("0.435"), D(2), D(8), D("1234.5")])
OFFERS = st.builds(
    Offer,
    host=st.sampled_from(["Host", "Other"]),
    basis=st.sampled_from(["api", "api", "free_tier", "self_hosted"]),
    input=PRICES,
    output=PRICES,
    cached_input=PRICES,
    batch_discount=st.sampled_from([None, D("0.25"), D("0.5")]),
    makers_own=st.booleans(),
    tiers=st.sampled_from([(), ((200_000, D(4), D(12)),), ((128_000, D(4), None),)]),
)
SNAPSHOTS = st.builds(
    Runtime,
    host=st.just("Host"),
    measured_on=st.just(DAY),
    output_tokens_per_second=PRICES,
    ttft_seconds=PRICES,
    ttft_kind=st.sampled_from(["", "first_token", "first_answer_token"]),
)
DAYS = st.sampled_from([None, DAY, TODAY, datetime.date(2027, 1, 1)])
FACTS = st.builds(
    Facts,
    name=st.sampled_from(["Ada", "Bob"]),
    offers=st.lists(OFFERS, max_size=2).map(tuple),
    runtimes=st.lists(SNAPSHOTS, max_size=1).map(tuple),
    context_window=st.sampled_from([None, 8_192, 200_000, 204_800, 1_047_576]),
    max_output=st.sampled_from([None, 8_192, 32_768]),
    reasoning=st.sampled_from(["", "yes", "no", "hybrid"]),
    open_weights=st.sampled_from([None, True, False]),
    licence=st.sampled_from(["", "MIT"]),
    input_modalities=st.sampled_from([(), ("text",), ("text", "image")]),
    released_on=DAYS,
    retires_on=DAYS,
    knowledge_cutoff=st.sampled_from(["", "2024-06", "2025-01"]),
)
MIRROR = {"a": "b", "b": "a", "tie": "tie", "unknown": "unknown", "depends": "depends"}


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(FACTS, FACTS)
def test_rows_mirror_when_the_models_are_swapped(a, b):
    mirrored = tuple(replace(each, a=each.b, b=each.a, edge=MIRROR[each.edge]) for each in rows(a, b, TODAY))
    assert rows(b, a, TODAY) == mirrored
    assert cheaper(b, a) == MIRROR[cheaper(a, b)]


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(FACTS, FACTS)
def test_rows_never_print_a_broken_value(a, b):
    found = rows(a, b, TODAY)
    assert not re.search(
        r"\b(infinity|inf|nan|none|null)\b|E[+-]\d", str([(r.a, r.b, r.edge_text) for r in found]), re.I
    )
    assert all((each.edge == "unknown") or (each.a.is_known and each.b.is_known) for each in found)
