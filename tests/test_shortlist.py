"""Good enough, then cheapest: which models pass, which fail and on what, which nobody can tell; never two lists at once."""

import datetime
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from comparisons import forms, plain, pricing, tradeoffs
from comparisons.models import LanguageModel
from comparisons.pricing import Floors, judge
from comparisons.scoring import Average, Scorecard
from comparisons.tradeoffs import Facts, Offer, Runtime, Workload
from tests.factories import TODAY, bundled
from tests.test_pages import Outline, page, text_of

D = Decimal
CODING = next(c for c in bundled().categories if c.slug == "coding")
GPQA = bundled().benchmarks["gpqa"]
NOTHING = Scorecard({}, {}, None)
DAY = datetime.date(2026, 6, 1)
LOAD = Workload(1_000_000, 1, 0, 1, 0)  # a million tokens each way: the bill is the sum of both prices


def paid(given_price: object, made: object, host: str = "Host") -> Offer:
    return Offer(host, "api", *(None if price is None else D(str(price)) for price in (given_price, made)))


def first_token(seconds: str, kind: str = "") -> Runtime:
    return Runtime("Host", DAY, None, D(seconds), kind)


def scored(average: str, coverage: str) -> Scorecard:
    return replace(NOTHING, categories={"coding": Average(D(average), D(coverage), 3)})


# --- one floor ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("floors", "facts", "answer"),
    [
        (Floors(context=128_000), Facts("A", context_window=128_000), (True, "context 128K")),
        (Floors(context=128_001), Facts("A", context_window=128_000), (False, "context 128K")),
        (Floors(context=1), Facts("A"), (None, "context not known")),
        (Floors(licence="MIT"), Facts("A", licence="MIT"), (True, "MIT")),
        (Floors(licence="MIT"), Facts("A", licence="Proprietary"), (False, "Proprietary")),
        (Floors(licence="MIT"), Facts("A"), (None, "licence not known")),
        (Floors(modality="image"), Facts("A", input_modalities=("text", "image")), (True, "no image")),
        (Floors(modality="audio"), Facts("A", input_modalities=("text", "image")), (False, "no audio")),
        (Floors(modality="audio"), Facts("A"), (None, "modalities not known")),
        (Floors(weights="open"), Facts("A", open_weights=True), (True, "weights not open")),
        (Floors(weights="open"), Facts("A", open_weights=False), (False, "weights not open")),
        (Floors(weights="open"), Facts("A"), (None, "weights not known")),
        (Floors(within=D(1)), Facts("A"), (None, "no sourced time to first token")),
        (
            Floors(within=D(1)),
            Facts("A", reasoning="yes", runtimes=(first_token("2"),)),
            (False, "first token after 2 s at Host"),
        ),
        (
            Floors(within=D(2)),
            Facts("A", reasoning="no", runtimes=(first_token("2"),)),
            (True, "first token after 2 s at Host"),
        ),
        (
            Floors(within=D(2)),
            Facts("A", reasoning="yes", runtimes=(first_token("2", "first_token"),)),
            (None, "first token after 2 s at Host, but not known when the answer begins"),
        ),
        (
            Floors(within=D(2)),
            Facts("A", reasoning="yes", runtimes=(first_token("2", "first_answer_token"),)),
            (True, "first token after 2 s at Host"),
        ),
        (Floors(most=D(3)), Facts("A", offers=(paid(1, 2),)), (True, "")),
        (Floors(most=D(3)), Facts("A", offers=(paid(9, 9), paid(1, 2, "Low"))), (True, "")),
        (Floors(most=D("2.99")), Facts("A", offers=(paid(1, 2),)), (False, "bill $3.00")),
        (Floors(most=D(3)), Facts("A", offers=(paid(1, None),)), (None, "bill from $1.00")),
        (Floors(most=D("0.5")), Facts("A", offers=(paid(1, None),)), (False, "bill from $1.00")),
        (Floors(most=D(3)), Facts("A"), (None, "no paid offer on record")),
        (
            Floors(most=D(3)),
            Facts("A", offers=(Offer("G", "free_tier", D(0), D(0)),)),
            (None, "no paid offer on record"),
        ),
        (
            Floors(most=D(3)),
            Facts("A", offers=(paid(1, 1),), max_output=0, context_window=1),
            (False, "does not fit its context of 0K"),
        ),
    ],
)
def test_floor_is_reached_missed_or_not_known(floors, facts, answer):
    assert judge(floors, NOTHING, None, facts, LOAD) == [answer]


@pytest.mark.parametrize(
    ("card", "answer"),
    [
        (scored("60", "0.5"), (True, "Coding 60.0")),
        (scored("59.9", "1"), (False, "Coding 59.9")),
        (scored("99", "0.49"), (None, "Coding tested by 49 % of its weight")),
        (NOTHING, (None, "Coding not tested")),
    ],
)
def test_category_counts_with_half_of_its_weight_tested(card, answer):
    assert judge(Floors(category=CODING, average=D(60)), card, None, Facts("A"), LOAD) == [answer]


def test_overall_floor_is_about_ranked_models():
    floors = Floors(average=D(60))
    assert judge(floors, NOTHING, D(60), Facts("A"), LOAD) == [(True, "average 60.0")]
    assert judge(floors, NOTHING, None, Facts("A"), LOAD) == [(None, "not ranked: too few tests")]


def test_benchmark_floor_turns_round_where_lower_is_better():
    card = bundled().card("gpt-4-1")
    value = card.cells["gpqa"].value
    for direction, floor, reached in (
        ("higher", value, True),
        ("higher", value + 1, False),
        ("lower", value, True),
        ("lower", value - 1, False),
    ):
        floors = Floors(benchmark=replace(GPQA, direction=direction), score=floor)
        assert judge(floors, card, None, Facts("A"), LOAD)[0][0] is reached
    assert judge(Floors(benchmark=GPQA), NOTHING, None, Facts("A"), LOAD) == [(None, f"{GPQA.name} not tested")]
    assert judge(Floors(benchmark=GPQA), card, None, Facts("A"), LOAD)[0][0] is True


# --- three lists ----------------------------------------------------------------------------------------------------
QUERIES = [
    "",
    "category=coding&average=70",
    "average=60&context=200000&weights=open",
    "benchmark=gpqa&score=80&most=500&think=open",
    "licence=MIT&modality=image",
    "within=1&most=1000&cached=50&batch=50",
    "category=mathematics&most=0.01&in=900000",
    "average=100",
]


@pytest.mark.parametrize("query", QUERIES)
def test_lists_never_overlap_and_hold_every_published_model(site, query):
    html = page(site, f"/shortlist/?{query}")
    tables = re.findall(r'<table class="plain candidates">.*?</table>', html, re.DOTALL)
    named = [slug for table in tables for slug in re.findall(r'<th scope="row"><a href="/models/([^/]+)/"', table)]
    assert sorted(named) == sorted(LanguageModel.objects.published().values_list("slug", flat=True))


def test_lists_are_ordered_by_the_bill_those_without_one_last(site):
    whole = plain.whole(TODAY)
    found = pricing.candidate_page(whole, tradeoffs.USUAL, Floors(context=200_000))
    by_slug = {model.slug: whole.facts[model.pk] for model in whole.models}
    assert min(len(found.passes), len(found.unknown), len(found.fails)) > 0
    for rows in (found.passes, found.unknown, found.fails):
        bills = [pricing.best_bill(by_slug[row.slug], tradeoffs.USUAL) for row in rows]
        costs = [bill.cost if bill else None for bill in bills]
        known = [cost for cost in costs if cost is not None]
        assert costs[: len(known)] == known == sorted(known)
    assert all(row.remarks == () for row in found.passes)
    assert all(row.remarks for row in (*found.unknown, *found.fails))


def test_draft_is_in_no_list(site):
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="draft")
    assert "/models/gpt-4-1/" not in page(site, "/shortlist/")


def test_page_says_the_floors_and_compares_the_first_that_pass(site):
    html = page(site, "/shortlist/?average=60&weights=open&most=5000&calls=1000")
    text = text_of(html)
    assert "Average of its own tests 60 or more; open weights; at most $5,000.00 a month." in text
    href = re.search(r'<a href="(/compare/[^"]+)">Compare the first 4 that pass</a>', html)[1]
    assert site.get(href).status_code == 200
    assert '<option value="open" selected>' in html
    assert 'name="calls" type="number" min="1" max="1000000000" step="1" value="1000"' in html


def test_page_is_well_formed_and_its_swap_pushes_the_state(site):
    path = "/shortlist/?category=coding&average=70&calls=5"
    html, response = page(site, path), site.get(path, headers={"HX-Request": "true"})
    outline = Outline(html)
    assert (outline.h1, outline.faults, all(outline.tables)) == (1, [], True)
    assert len(outline.ids) == len(set(outline.ids))
    assert '<meta name="robots" content="noindex,follow">' in html
    assert response.headers["HX-Push-Url"] == path
    part = response.content.decode().split("</title>", 1)[1].rsplit('<div data-hx-swap-oob="innerHTML:#status">', 1)[0]
    assert part.strip() in html


@pytest.mark.parametrize(
    "query",
    [
        "category=nope",
        "benchmark=%00",
        "average=101",
        "average=x",
        "context=-5",
        "licence=<b>",
        "within=1e999",
        "most=-1",
    ],
)
def test_broken_floors_are_none(site, query):
    assert "No floor set: every model, the lowest bill first." in page(site, f"/shortlist/?{query}")


def test_form_knows_only_what_is_on_record():
    form = forms.FloorForm({"category": "coding", "average": "5"}, plain.Rulebook((), {}), [])
    assert form.floors() == Floors(average=D(5))
