"""The pricing page and bills on other pages, on the bundled catalogue: order, filters, addresses, the picture and its table."""

import re
from decimal import Decimal
from itertools import combinations, pairwise

import pytest

from comparisons import bills, forms, plain, pricing, tradeoffs
from comparisons.models import LanguageModel, Offer
from tests.factories import TODAY
from tests.test_pages import SEED, Outline, page, text_of

D = Decimal


@pytest.fixture
def whole(stored, db) -> plain.Whole:
    return plain.whole(TODAY)


def cells(html: str) -> list[list[str]]:
    """The rows of the table of offers, cell by cell."""
    table = re.search(r'<table class="board-table">.*?</table>', html, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table[0], re.DOTALL)[1:] if table else []
    return [[text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


# --- addresses ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "workload"),
    [
        ({}, tradeoffs.USUAL),
        ({"in": "3000", "out": "1", "calls": "5", "cached": "50"}, tradeoffs.Workload(5, 3000, 50, 1)),
        ({"think": "0", "batch": "100"}, tradeoffs.Workload(thinking=0, batch=100)),
        ({"think": "open"}, tradeoffs.Workload(thinking=None)),
        ({"think": ""}, tradeoffs.Workload(thinking=None)),
        ({"in": "-1", "out": "1e3", "calls": "0", "cached": "101", "batch": "x", "think": "nan"}, tradeoffs.USUAL),
        ({"in": "9" * 400, "out": "²", "calls": "", "cached": "5.5", "batch": "\0"}, tradeoffs.USUAL),
        ({"in": " 7 ", "calls": "1000000001"}, tradeoffs.Workload(prompt=7)),
    ],
)
def test_workload_is_read_from_the_address_or_is_the_usual_one(query, workload):
    assert forms.workload(query) == workload


@pytest.mark.parametrize("path", ["/pricing/?sort=-output&calls=5", "/pricing/?weights=open&cached=50&think=open"])
def test_fragment_is_the_panel_of_the_page_and_pushes_its_state(site, path):
    whole, response = page(site, path), site.get(path, headers={"HX-Request": "true"})
    part = response.content.decode()
    assert part.split("</title>", 1)[1].rsplit('<div data-hx-swap-oob="innerHTML:#status">', 1)[0].strip() in whole
    assert response.headers["HX-Push-Url"] == path


def test_address_of_a_plain_form_is_the_same_state(site):
    sent = "/pricing/?calls=100000&in=2000&cached=0&out=500&think=1000&batch=10&creator=openai&weights=&context=&price="
    response = site.get(sent, headers={"HX-Request": "true"})
    assert response.headers["HX-Push-Url"] == "/pricing/?creator=openai&batch=10"


@pytest.mark.parametrize("path", ["/pricing/", SEED, "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/"])
def test_every_swap_works_alone_and_ids_are_unique(site, path):
    html = page(site, path)
    outline = Outline(html)
    assert (outline.h1, outline.faults, all(outline.tables)) == (1, [], True)
    assert len(outline.ids) == len(set(outline.ids))
    for tag in re.findall(r"<(?:a|form)[^>]*data-hx-get=[^>]*>", html):
        found = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        assert found["data-hx-get"] == (found.get("href") or found.get("action")), tag
    assert all(f'<label for="{name}"' in html for name in re.findall(r'<(?:input|select) id="([^"]+)"', html))


def test_pricing_asks_the_database_nothing_for_what_is_kept(site, django_assert_max_num_queries):
    page(site, "/pricing/")
    with django_assert_max_num_queries(4):
        page(site, "/pricing/?calls=7&sort=-context")


# --- offers ---------------------------------------------------------------------------------------------------------
def test_every_current_offer_stands_once(site):
    html = page(site, "/pricing/")
    assert len(cells(html)) == Offer.objects.current(TODAY).count() == 118
    assert "118 offers in force" in html


def test_bill_is_that_of_the_workload_in_the_address(site):
    rows = {tuple(row[0].split()[:1]): row[1] for row in cells(page(site, "/pricing/?calls=1000&creator=openai"))}
    assert rows[("GPT-4.1",)] == "$8.00"  # 2M x 2 + 0.5M x 8
    long = {row[0]: row[1] for row in cells(page(site, "/pricing/?in=900000&calls=1&creator=anthropic"))}
    assert "does not fit its context of 200K" in long.values()


@pytest.mark.parametrize("name", pricing.COLUMNS)
def test_offers_sort_both_ways_with_blanks_last(whole, name):
    def sorted_keys(sort: str) -> list:
        return [row.key[name] for row in pricing.pricing_page(whole, tradeoffs.USUAL, {"sort": sort}, {}, "/").rows]

    for sort in (name, f"-{name}"):
        keys = sorted_keys(sort)
        known = [key for key in keys if key is not None]
        assert keys[: len(known)] == known == sorted(known, reverse=sort.startswith("-"))
        assert len(keys) == 118


def test_blanks_are_counted_under_the_table(whole):
    found = pricing.pricing_page(whole, tradeoffs.USUAL, {"sort": "input"}, {}, "/")
    blank = sum(row.key["input"] is None for row in found.rows)
    assert found.blanks == f"{blank} offers without a figure under “input” stand last in either order."
    assert blank == 19  # 18 self-hosted models and one free tier
    named = pricing.pricing_page(whole, tradeoffs.USUAL, {"sort": "name"}, {}, "/")
    assert named.blanks == "Every offer here has a figure under “model”."


def test_filters_leave_out_what_is_not_known_and_say_so(site):
    text = text_of(page(site, "/pricing/?price=1&weights=open"))
    shown = cells(page(site, "/pricing/?price=1&weights=open"))
    assert shown
    assert all(row[4].startswith("$0.") or row[4] == "$1.00" for row in shown)
    assert "offers left out because what you filter by is not known of them" in text
    assert "No offer meets these filters" in page(site, "/pricing/?price=0.000001&creator=openai")


@pytest.mark.parametrize("query", ["sort=__class__", "sort=-", "price=abc", "price=-1", "creator=%00", "context=7"])
def test_broken_filters_are_none(site, query):
    assert cells(page(site, f"/pricing/?{query}")) == cells(page(site, "/pricing/"))


# --- score against cost ---------------------------------------------------------------------------------------------
def brute(points: list) -> set[int]:
    return {
        i
        for i, (cost, score) in enumerate(points)
        if not any(c <= cost and s >= score and (c, s) != (cost, score) for c, s in points)
    }


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(1, 1)],
        [(1, 1), (1, 1)],
        [(1, 1), (1, 2), (2, 2), (2, 3), (3, 1)],
        [(5, 9), (4, 9), (4, 8), (4, 9)],
        [(c * 7 % 11, c * 5 % 13) for c in range(60)],
    ],
)
def test_front_is_the_brute_force_one(points):
    assert tradeoffs.front(points) == brute(points)


@pytest.mark.parametrize(
    "workload", [tradeoffs.USUAL, tradeoffs.Workload(prompt=150_000), tradeoffs.Workload(1, 9, thinking=0)]
)
def test_picture_marks_the_front_of_the_catalogue(whole, workload):
    points = []
    for model in whole.models:
        score, bill = pricing.score_of(whole, model), pricing.best_bill(whole.facts[model.pk], workload)
        if score is not None and bill and bill.cost:
            points.append((bill.cost, score, model.name))
    best = {points[at][2] for at in brute([point[:2] for point in points])}
    found = pricing.picture(whole, workload)
    assert {point.name for point in found.front} == best
    assert len(found.points) == len(points) > 20
    assert [point.place for point in found.front] == list(range(1, len(best) + 1))
    assert all(point.beaten_by in best for point in found.others)
    xs, ys = [float(point.x) for point in found.front], [float(point.y) for point in found.front]
    assert all(one <= other for one, other in pairwise(xs))
    assert all(one >= other for one, other in pairwise(ys))
    assert all(0 < float(p.x) < 100 and 0 < float(p.y) < 100 for p in found.points)


def test_picture_is_for_the_eye_and_its_table_holds_the_same(site):
    html = page(site, "/pricing/")
    svg = re.search(r'<svg class="chart" aria-hidden="true">.*?\n</svg>', html, re.DOTALL)[0]
    assert "viewBox" not in svg
    assert "style=" not in svg
    tables = re.findall(r'<table class="plain front-table">.*?</table>', html, re.DOTALL)
    assert [svg.count('<use class="ma"'), svg.count('<circle class="dot"')] == [
        len(re.findall('<th scope="row">', table)) for table in tables
    ]


# --- bills beside other facts ---------------------------------------------------------------------------------------
def test_pair_bills_the_usual_month_and_the_readers_own(site):
    text = text_of(page(site, SEED))
    assert "Of our example month, until you say yours: 100,000 calls a month" in text
    assert "Together free tier, no bill $800.00" in text
    own = text_of(page(site, SEED + "?calls=1000&cached=50&show=shared"))
    assert "Of your month: 1,000 calls a month, each with 2,000 prompt tokens (50 % of them cached)" in own
    assert "Together free tier, no bill $6.50" in own  # 1M x 2 + 1M x 0.5 + 0.5M x 8


def test_every_link_and_form_of_a_pair_keeps_the_bill(site):
    html = page(site, SEED + "?calls=7&cached=50&show=shared&w=coding:3")
    for link in re.findall(r'<a id="(?:show|rows|w|flip)[^"]*" href="([^"]+)"', html):
        assert link.endswith("cached=50") and "calls=7" in link, link
    assert html.count('<input type="hidden" name="calls" value="7">') == 2  # picker and weights
    load = re.search(r'<form class="load".*?</form>', html, re.DOTALL)[0]
    assert '<input type="hidden" name="show" value="shared">' in load
    assert '<input type="hidden" name="w" value="coding:3">' in load
    assert '<link rel="canonical" href="http://127.0.0.1:8000' + SEED + '">' in html


def test_hosts_stand_beside_the_makers_offer(site):
    model = LanguageModel.objects.get(slug="gpt-4-1")
    for host, given, made in (("Cheap In", "1", "9"), ("Cheap Out", "1.5", "4")):
        Offer.objects.create(
            model=model, host=host, input=D(given), output=D(made), starts_on=TODAY, source_url="https://h.example/p"
        )
    text = text_of(page(site, SEED))
    assert "hosts from $1.50 (Cheap Out)" in text
    assert "hosts from $4.00 (Cheap Out)" in text
    assert "Other hosts from none on record $500.00 (Cheap Out)" in text


def test_three_models_have_their_bills(site):
    text = text_of(page(site, "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/?think=0"))
    assert "Together $2,250.00 free tier, no bill $800.00" in text  # 200M x 5 + 50M x 25


# --- no ratio with a zero or an unknown side ------------------------------------------------------------------------
def test_no_pair_of_the_catalogue_prints_a_ratio_without_two_known_sides(whole):
    parts = ("input", "output", "cached_input")
    alike = {f.paid and tuple(getattr(f.paid, part) for part in parts): f for f in whole.facts.values()}
    seen = 0
    for a, b in combinations(alike.values(), 2):
        prices = [[getattr(facts.paid, part) if facts.paid else None for part in parts] for facts in (a, b)]
        for row, one, other in zip(tradeoffs.rows(a, b, TODAY)[:3], *prices, strict=True):
            if "×" in row.edge_text:
                seen += 1
                assert one and other
        one, other = (facts.paid and tradeoffs.model_bill(facts, facts.paid, tradeoffs.USUAL) for facts in (a, b))
        if "×" in bills.bill_panel([a, b], tradeoffs.USUAL).edge:
            assert one.low == one.high > 0
            assert other.low == other.high > 0
    assert seen > 500


def test_no_page_of_the_catalogue_prints_a_ratio_or_price_of_zero(site):
    paths = ["/pricing/", "/pricing/?think=open&cached=50&batch=50", "/shortlist/", "/shortlist/?most=100&within=1"]
    paths += [f"/models/{slug}/" for slug in LanguageModel.objects.published().values_list("slug", flat=True)[::12]]
    slugs = sorted(LanguageModel.objects.published().values_list("slug", flat=True))
    paths += [f"/compare/{a}-vs-{b}/" for a, b in list(pairwise(slugs))[::20]]
    for path in paths:
        text = text_of(page(site, path))
        assert not re.search(r"(?<![\d.,])0(\.0+)?×|\b(inf|infinity|infinityx|nan)\b", text.lower()), path
        assert not re.search(r"\$0(\.0+)?(?![\d.])", text), path


# --- one model over time --------------------------------------------------------------------------------------------
def test_price_history_is_drawn_as_steps_and_listed(site):
    html = page(site, "/models/deepseek-v4-pro/")
    text = text_of(html)
    assert "24 Apr 2026 23 May 2026 $1.74 $3.48 $0.145" in text
    assert "17 Aug 2026 now $0.66 $1.98 $0.022" in text
    svg = re.search(r'<svg class="chart steps".*?</svg>', html, re.DOTALL)[0]
    assert [svg.count(f'class="front {part}"') for part in ("input", "output")] == [5, 5]  # three prices, two jumps
    assert "Price history" not in page(site, "/models/gpt-4-1/")


def test_snapshots_say_host_date_method_and_which_token(site):
    text = text_of(page(site, "/models/claude-sonnet-4-6/"))
    assert "Anthropic 104 tokens/s 0.74 s, kind not stated 24 Jun 2026 not stated" in text
    assert "2.12 s" not in text  # measured without a date
    assert "N/A: no sourced snapshot of this exact model." in text_of(page(site, "/models/gemma-4-31b/"))


def test_announced_retirement_names_the_nearest_replacements(site):
    assert "no date announced" in text_of(page(site, "/models/gpt-4-1/"))
    heir = LanguageModel.objects.get(slug="gpt-5-4")
    LanguageModel.objects.filter(slug="gpt-4-1").update(retires_on=TODAY.replace(year=2027), successor=heir)
    LanguageModel.objects.filter(slug="gpt-5-5").update(retires_on=TODAY)
    text = text_of(page(site, "/models/gpt-4-1/"))
    assert "Retirement announced for 25 Nov 2027 Nearest replacements: GPT-5.4 successor named by the maker" in text
    assert "GPT-5.5 newer" not in text
    assert text.count("newer, of the same maker") == 3
