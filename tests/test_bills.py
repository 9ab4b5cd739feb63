"""Bills of a workload, each computed by hand beside it: tiers, cache, batches, what nobody publishes."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from comparisons.bills import FIELDS, bill_panel, query
from comparisons.tradeoffs import (
    Bill,
    Facts,
    Offer,
    Tier,
    Workload,
    bill,
    cheapest,
    dollars,
    misfit,
    model_bill,
    spread,
)
from tests.factories import bundled

D = Decimal
TIERS = (Tier(272_000, D(4), D(12), D("0.4")),)


def api(given_price: object, made: object, cached: object = None, **fields) -> Offer:
    prices = (None if price is None else D(str(price)) for price in (given_price, made, cached))
    return Offer(fields.pop("host", "Maker"), "api", *prices, **{"makers_own": True} | fields)


def load(calls: int, prompt: int, output: int, cached: int = 0, batch: int = 0, thinking: int | None = 0) -> Workload:
    return Workload(calls, prompt, cached, output, thinking, batch)


GPT = api(2, 8, "0.5")  # dollars per million: input, output, cached input
LONG = api(2, 8, "0.2", tiers=TIERS)
STEPS = api(1, 4, tiers=(Tier(128_000, D(2), D(6)), Tier(512_000, D(3), D(9))))
HALF = api(2, 8, "0.5", batch_discount=D("0.5"))
TINY = api("0.0023", "0.0046")

BILLS = [  # offer, workload, kind of reasoning, what a month costs; the arithmetic is beside it
    (GPT, load(100_000, 2_000, 500), "no", "$800.00"),  # 200M x 2 = 400; 50M x 8 = 400
    (GPT, load(1, 1_000_000, 0), "no", "$2.00"),
    (GPT, load(1, 0, 1_000_000), "no", "$8.00"),
    (GPT, load(10_000, 3_333, 777), "no", "$128.82"),  # 33.33M x 2 = 66.66; 7.77M x 8 = 62.16
    (GPT, load(100_000, 2_000, 500, cached=50), "no", "$650.00"),  # 100M x 2 + 100M x 0.5 + 400
    (GPT, load(100_000, 2_000, 500, cached=100), "no", "$500.00"),  # 200M x 0.5 + 400
    (api(2, 8), load(100_000, 2_000, 500, cached=50), "no", "$600.00 to $800.00"),  # the cached 100M cost 0 to 200
    (LONG, load(10, 271_999, 1_000), "no", "$5.52"),  # 2.71999M x 2 = 5.43998; 0.01M x 8 = 0.08
    (LONG, load(10, 272_000, 1_000), "no", "$11.00"),  # 2.72M x 4 = 10.88; 0.01M x 12 = 0.12
    (LONG, load(10, 272_001, 1_000), "no", "$11.00"),  # 2.72001M x 4 = 10.88004; 0.12
    (LONG, load(100, 272_000, 0, cached=50), "no", "$59.84"),  # 13.6M x 4 = 54.4; 13.6M x 0.4 = 5.44
    (STEPS, load(1, 127_999, 1_000), "no", "$0.13"),  # 0.127999 + 0.004
    (STEPS, load(1, 128_000, 1_000), "no", "$0.26"),  # 0.256 + 0.006
    (STEPS, load(1, 511_999, 1_000), "no", "$1.03"),  # 1.023998 + 0.006
    (STEPS, load(1, 512_000, 1_000), "no", "$1.55"),  # 1.536 + 0.009 = 1.545
    (HALF, load(100_000, 2_000, 500, batch=100), "no", "$400.00"),  # (400 + 400) x 0.5
    (HALF, load(100_000, 2_000, 500, batch=50), "no", "$600.00"),  # 800 - 800 x 0.5 x 0.5
    (HALF, load(100_000, 2_000, 500, cached=50, batch=100), "no", "$350.00"),  # (200 + 400) x 0.5 + 50 of cache
    (GPT, load(100_000, 2_000, 500, batch=50), "no", "$400.00 to $800.00"),  # no discount published
    (GPT, load(100_000, 2_000, 500, batch=100), "no", "at most $800.00"),
    (GPT, load(100_000, 2_000, 500, thinking=1_000), "yes", "$1,600.00"),  # 800 + 100M x 8
    (GPT, load(100_000, 2_000, 500, thinking=1_000), "no", "$800.00"),
    (GPT, load(100_000, 2_000, 500, thinking=1_000), "hybrid", "$800.00 to $1,600.00"),
    (GPT, load(100_000, 2_000, 500, thinking=1_000), "", "$800.00 to $1,600.00"),
    (GPT, load(100_000, 2_000, 500, thinking=None), "yes", "from $800.00"),
    (GPT, load(100_000, 2_000, 500, thinking=None), "no", "$800.00"),
    (HALF, load(100_000, 2_000, 500, batch=100, thinking=1_000), "yes", "$800.00"),  # (400 + 400 + 800) x 0.5
    (api(2, None), load(100_000, 2_000, 500), "no", "from $400.00"),
    (api(None, 8), load(100_000, 2_000, 500), "no", "from $400.00"),
    (api(2, None), load(100_000, 2_000, 0), "no", "$400.00"),  # nothing of the unknown is used
    (api(2, None), load(100_000, 0, 500), "no", "not known"),
    (api(None, 8, "0.5"), load(100_000, 2_000, 500, cached=50), "no", "from $450.00"),  # 100M x 0.5 + 400
    (TINY, load(1, 1_000_000, 0), "no", "$0.0023"),
    (TINY, load(1, 1_000, 100), "no", "$0.00000276"),  # 0.0000023 + 0.00000046
    (TINY, load(1_000, 2_000, 500), "no", "$0.0069"),  # 2M x 0.0023 = 0.0046; 0.5M x 0.0046 = 0.0023
    (TINY, load(10_000, 2_000, 500), "no", "$0.07"),  # 0.046 + 0.023 = 0.069
    (GPT, load(100, 0, 0), "no", "no tokens, no bill"),
    (Offer("Google", "free_tier", D(0), D(0)), load(100_000, 2_000, 500), "no", "free tier, no bill"),
    (Offer("Self-hosted", "self_hosted", None, None), load(1, 1, 1), "yes", "self-hosted, no list price"),
]


@pytest.mark.parametrize(("offer", "workload", "reasoning", "text"), BILLS)
def test_bill_is_the_one_computed_by_hand(offer, workload, reasoning, text):
    assert bill(offer, workload, reasoning).text == text


def test_lines_name_count_rate_and_amount():
    found = bill(HALF, load(100_000, 2_000, 500, cached=25, batch=10, thinking=200), "yes")
    assert [(line.label, line.count, line.rate, line.text) for line in found.lines] == [
        ("Prompt", 150_000_000, D(2), "$300.00"),
        ("Prompt from cache", 50_000_000, D("0.5"), "$25.00"),
        ("Output", 50_000_000, D(8), "$400.00"),
        ("Reasoning", 20_000_000, D(8), "$160.00"),
        ("Batch discount", 0, None, "−$43.00"),  # (300 + 400 + 160) x 10 % x 0.5
    ]
    assert (found.text, found.open) == ("$842.00", ())


def test_open_lines_say_what_is_not_published():
    found = bill(api(2, 8), load(100_000, 2_000, 500, cached=50, batch=20, thinking=None), "yes")
    assert [(line.label, line.text, line.remark) for line in found.lines if line.low != line.high] == [
        ("Prompt from cache", "at most $200.00", "rate not published, at most that of fresh prompt"),
        ("Reasoning", "not known", "number of tokens not known"),
        ("Batch discount", "up to −$120.00", "not published; the sum is at most that without one"),
    ]
    assert found.open == ("prompt from cache", "reasoning", "batch discount")
    assert (found.text, found.cost) == ("from $480.00", None)


def test_free_tier_stands_beside_the_paid_offer_and_is_never_its_price():
    facts = Facts("Gem", offers=(Offer("Google", "free_tier", D(0), D(0), makers_own=True), api(1, 2, host="Host")))
    panel = bill_panel([facts, Facts("Other")], load(1_000_000, 1, 1))
    assert [(c.host, c.total, c.remark) for c in panel.columns] == [
        ("Host", "$3.00", "Google also has a free tier"),
        ("", "no offer on record", ""),
    ]
    assert panel.edge == ""


def test_hosts_from_is_one_host_by_its_whole_bill():
    hosts = [api(1, 9, host="Cheap input", makers_own=False), api(3, 4, host="Cheap output", makers_own=False)]
    facts = Facts("Ada", offers=(api(5, 10), *hosts))
    panel = bill_panel([facts, Facts("Bob", offers=(api(20, 10),))], load(1_000_000, 1, 1))
    assert [(c.total, c.hosts) for c in panel.columns] == [("$15.00", "$7.00 (Cheap output)"), ("$30.00", "")]
    assert panel.edge == "Ada costs less, by $15.00 a month (2×)."


@pytest.mark.parametrize(
    ("one", "other", "edge"),
    [
        (api(1, 1), api(1, 1), "Both bills are the same."),
        (api(1, 1), api(1, None), ""),
        (api(1, None), api(9, 9), ""),
        (Offer("Free", "free_tier", D(0), D(0)), api(1, 1), ""),
        (api(2, 2), api(1, 1), "Bob costs less, by $2.00 a month (2×)."),
        (api("0.01", "0.01"), api(1, 1), "Ada costs less, by $1.98 a month."),
    ],
)
def test_edge_needs_two_known_bills(one, other, edge):
    pair = [Facts("Ada", offers=(one,), reasoning="no"), Facts("Bob", offers=(other,), reasoning="no")]
    assert bill_panel(pair, load(1_000_000, 1, 1)).edge == edge


def test_edge_is_not_called_where_open_lines_overlap():
    pair = [Facts("Ada", offers=(api(2, 8),), reasoning="no"), Facts("Bob", offers=(api(2, 8, 1),), reasoning="no")]
    assert bill_panel(pair, load(1_000, 1_000, 1_000, cached=50)).edge.startswith("The bills overlap")


def test_call_that_does_not_fit_has_no_bill():
    small = Facts("Small", offers=(GPT,), context_window=128_000, max_output=4_096)
    assert misfit(small, load(1, 127_000, 1_000)) == ""
    assert model_bill(small, GPT, load(1, 127_500, 501)).text == "does not fit its context of 128K"
    assert model_bill(small, GPT, load(1, 10, 4_097)).text == "output above its limit of 4K"
    assert misfit(Facts("Unknown"), load(1, 10**7, 10**6)) == ""
    assert model_bill(small, GPT, load(1, 127_500, 501)).cost is None


def test_cheapest_puts_bills_without_an_upper_end_last():
    facts = Facts("Ada", reasoning="no")
    offers = [Offer("Self", "self_hosted", None, None), api(1, None, host="Half"), api(9, 9), api(3, 3, host="Low")]
    order = []
    while offers:
        best = cheapest(facts, load(1_000_000, 1, 1), offers)
        order.append(best.host)
        offers = [offer for offer in offers if offer.host != best.host]
    assert order == ["Low", "Maker", "Half", "Self"]
    assert cheapest(facts, Workload(), []) is None


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        ("0", "0", "$0.00"),
        ("1", None, "from $1.00"),
        ("0", None, "not known"),
        ("0", "5", "at most $5.00"),
        ("1.005", "2", "$1.01 to $2.00"),
        ("0.001234", "0.001234", "$0.00123"),
    ],
)
def test_unknown_end_is_never_printed_as_zero(low, high, text):
    assert spread(D(low), None if high is None else D(high)) == text


def test_dollars_are_printed_to_the_cent_and_below_it_to_three_digits():
    assert [dollars(D(x)) for x in ("1234567.891", "0.0149", "0.01", "0.009", "0.00012345", "0")] == [
        "$1,234,567.89", "$0.01", "$0.01", "$0.009", "$0.000123", "$0.00",
    ]  # fmt: skip


def test_workload_is_said_in_words():
    assert Workload().words() == (
        "100,000 calls a month, each with 2,000 prompt tokens and 500 output tokens; "
        "a model that reasons makes 1,000 reasoning tokens more"
    )
    assert load(1, 10, 5, cached=30, batch=20, thinking=None).words() == (
        "1 call a month, each with 10 prompt tokens (30 % of them cached) and 5 output tokens; "
        "the number of reasoning tokens is left open; 20 % of the calls in batches"
    )


def test_address_keeps_what_differs_from_the_default():
    assert query(Workload()) == {}
    assert query(Workload(calls=5, thinking=None, cached=50)) == {"calls": "5", "cached": "50", "think": "open"}
    assert set(FIELDS) == {"calls", "in", "cached", "out", "think", "batch"}


PRICES = st.sampled_from([None, D("0.05"), D(1), D("2.5"), D(75)])
OFFERS = st.builds(
    lambda given_price, made, cached, off, tiers: api(given_price, made, cached, batch_discount=off, tiers=tiers),
    PRICES,
    PRICES,
    st.sampled_from([None, D("0.01")]),
    st.sampled_from([None, D("0.5")]),
    st.sampled_from([(), TIERS, (Tier(1_000, None, D(3)),)]),
)
LOADS = st.builds(
    load,
    st.integers(1, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**4),
    st.integers(0, 100),
    st.integers(0, 100),
    st.sampled_from([None, 0, 2_000]),
)


@examples(max_examples=150, deadline=None, derandomize=True, database=None)
@given(OFFERS, LOADS, st.sampled_from(["yes", "no", "hybrid", ""]))
def test_bill_is_a_range_within_its_ends_and_never_below_nothing(offer, workload, reasoning):
    found = bill(offer, workload, reasoning)
    assert found.low >= 0
    assert found.high is None or found.low <= found.high
    assert (found.high is None) == any(line.high is None for line in found.lines)


@examples(max_examples=80, deadline=None, derandomize=True, database=None)
@given(OFFERS, LOADS)
def test_publishing_a_rate_only_narrows_the_bill(offer, workload):
    before = bill(offer, workload)
    after = bill(replace(offer, cached_input=D("0.01"), batch_discount=D("0.5"), tiers=()), workload)
    if offer.tiers == ():
        assert before.low <= after.low
        assert before.high is None or after.high <= before.high


def test_every_offer_of_the_catalogue_has_a_bill_or_says_why_not():
    found: list[Bill] = [
        model_bill(facts, offer, workload)
        for facts, workload in product(
            bundled().facts.values(), (Workload(), Workload(cached=80, batch=50, thinking=None))
        )
        for offer in facts.offers
    ]
    assert len(found) > 200
    for each in found:
        assert "$0.00" not in each.text
        assert each.text
