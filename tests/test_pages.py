"""Public pages through the client, on the bundled catalogue: what stands on them, how they answer, what they refuse."""

import datetime
import io
import re
import zipfile
from collections import defaultdict
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from benchlm import pagestore
from comparisons import estimates
from comparisons.models import Benchmark, CatalogueVersion, Creator, FeaturedPair, Fit, LanguageModel, ModelAlias, Score
from tests.factories import BUNDLED

SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
PAGES = [
    "/",
    "/compare/",
    SEED,
    "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/",
    "/leaderboard/",
    "/leaderboard/coding/",
    "/models/",
    "/models/gpt-4-1/",
    "/benchmarks/",
    "/benchmarks/gpqa/",
    "/pricing/",
    "/methodology/",
    "/changes/",
    "/data/",
    "/search/",
    "/privacy/",
]
SWAPPED = [SEED, PAGES[3], "/leaderboard/", "/leaderboard/coding/"]


class Outline(HTMLParser):
    """Links, headings, tables and scripts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links, self.ids, self.h1, self.tables, self.heads, self.faults = [], [], 0, [], [], []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.h1 += tag == "h1"
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "table":
            self.tables.append(False)
        if tag == "caption":
            self.tables[-1] = True
        if tag == "th" and given.get("scope") not in ("col", "row", "rowgroup"):
            self.faults.append("a table head without scope")
        is_code = tag == "script" and "src" not in given and given.get("type") != "application/ld+json"
        if tag == "style" or "style" in given or is_code:
            self.faults.append(f"inline style or script: {tag}")
        self.faults += [f"{tag} has {name}" for name in given if name.startswith("on")]


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def page(client: Client, path: str, **headers) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, path
    return response.content.decode()


# --- every page -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PAGES)
def test_page_is_well_formed_public_and_cacheable(site, path):
    response = site.get(path)
    html = response.content.decode()
    outline = Outline(html)
    assert (response.status_code, outline.h1, outline.faults, all(outline.tables)) == (200, 1, [], True)
    assert sorted(outline.ids) == sorted(set(outline.ids))
    assert text_of(re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)[1])
    assert re.search(r"<title>[^<|]{3,} \| BenchLM</title>", html)
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{path}">' in html
    moment = re.compile(r"20\d\d-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")  # HTML knows no more than three digits of a second
    assert [each for each in re.findall(r'datetime="([^"]*)"', html) if not moment.fullmatch(each)] == []
    assert "csrf" not in html
    assert not response.cookies
    assert response.headers["Cache-Control"] == "public, max-age=0, must-revalidate, s-maxage=60"
    assert response.headers["Vary"] == "Accept-Encoding, HX-Request"
    again = site.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["Vary"]) == (304, b"", "Accept-Encoding, HX-Request")


@pytest.mark.parametrize("path", PAGES)
def test_page_never_prints_what_arithmetic_left_over(site, path):
    html = re.sub(r"<code>.*?</code>", "", page(site, path))  # the data page names the null of JSON
    words = set(re.findall(r"[a-z]+", text_of(html).lower()))
    assert not words & {"nan", "infinity", "inf", "infinityx", "null", "undefined"}
    assert not re.search(r"\bNone\b", text_of(html))


def test_every_internal_link_answers_200_or_one_redirect(site):
    """Of each kind of address, by route and names of parameters, the first three are asked for; of the others, their models and tests exist."""
    links = {link.partition("#")[0] for path in PAGES for link in Outline(page(site, path)).links}
    inside = sorted(
        link.removeprefix("http://127.0.0.1:8000") for link in links if link.startswith(("/", "http://127.0.0.1:8000/"))
    )
    slugs = {"models": set(LanguageModel.objects.published().values_list("slug", flat=True))}
    slugs |= {"benchmarks": set(Benchmark.objects.values_list("slug", flat=True))}
    kinds = defaultdict(list)
    for link in inside:
        url = urlsplit(link)
        match = resolve(url.path)
        kinds[match.view_name, tuple(sorted(parse_qs(url.query, keep_blank_values=True)))].append(link)
        suffix = f".{match.kwargs['twin']}" if "twin" in match.kwargs else ""
        where, *named = [*url.path.removesuffix(suffix).strip("/").split("/"), ""][:2]
        if where == "compare" and named[0]:
            assert set(named[0].split("-vs-")) <= slugs["models"], link
        elif where in slugs and named[0] and "slug" in match.kwargs:
            assert named[0] in slugs[where], link
    for path in [link for same in kinds.values() for link in same[:3]]:
        response = site.get(path)
        if response.status_code in (301, 302):
            response = site.get(response.headers["Location"])
        assert response.status_code == 200, path
    assert (len(inside) > 240, len(kinds) > 30) == (True, True)


@pytest.mark.parametrize(
    ("path", "most"),
    [(SEED, 0), (f"{SEED}?w=coding:3", 0), ("/leaderboard/", 2), ("/leaderboard/coding/?sort=name", 2)],
)
def test_page_made_from_what_is_kept_asks_little(site, path, most):
    """Beside the catalogue version, which `freshness` asks for once a second."""
    for _ in range(2):
        pagestore.memory.clear()
        with CaptureQueriesContext(connection) as asked:
            page(site, path)
    assert len([each for each in asked if CatalogueVersion._meta.db_table not in each["sql"]]) <= most


@pytest.mark.parametrize("path", PAGES)
def test_page_reads_the_database_a_fixed_number_of_times(site, path, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        page(site, path)


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
@pytest.mark.parametrize("path", [SEED, "/", "/leaderboard/", "/compare/", "/data/scores.csv"])
def test_page_is_only_read(site, path, method):
    assert getattr(site, method)(path).status_code == 405


def test_head_has_the_headers_and_no_body(site):
    head, got = site.head(SEED), site.get(SEED)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", got.headers["ETag"])


def test_edit_shows_at_once_and_changes_the_validator(site):
    before = site.get(SEED)
    LanguageModel.objects.filter(slug="gpt-4-1").update(context_window=2_000_000)
    after = site.get(SEED, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "2,000,000 tokens" in after.content.decode()


# --- the pair -------------------------------------------------------------------------------------------------------
GOLDEN = (
    "Wins 2/8 v 2/8 categories on those averages; 4 comparable, 3 of them on shared tests; Coding without a shared test",
    "12 scores on this page are unconfirmed",
    "20 benchmarks on record, 3 run on both models. Newest score 7 Apr 2026.",
    "Weighted, tests both took 74.7 73.9 +0.8",
    "In Knowledge the average and the shared tests disagree",
    "Side-by-side comparison across Agentic, Coding, Multimodal &amp; Grounded, Reasoning, Knowledge",
    "OpenAI, since 11 Jun 2025",
    "80.0 52.4 Gemma 4 31B wins by +27.6 no shared test",
    "76.9 73.6 Gemma 4 31B wins by +3.3",
    "66.4 80.9 GPT-4.1 wins by +14.5",
    "61.3 63.1 GPT-4.1 wins by +1.8",
    "no score 64.7 GPT-4.1: only",
    "no score no score no call",
)


def test_seed_pair_prints_the_golden_figures_beside_the_estimate(site):
    text = text_of(page(site, SEED))
    for said in (
        *GOLDEN,
        "Average of its own tests: 72 (winner) v 67, 8 v 15 tests",
        "Tests both took (3): 74.7 v 73.9, level within a point",
        "66 Winner Estimated score, likely range 60 to 71; wins 2/8 categories ; 8 tests, tested in 4 of 8 categories (61 % by importance)",
        "50 Estimated score, likely range 43 to 56; wins 2/8 categories ; 15 tests, tested in 7 of 8 categories (95 % by importance)",
        "Coding no shared test; compared through other models averages 80.0 v 52.4 68 60 to 75 51 42 to 59 99 % 80.0 52.4",
        "Knowledge 1 test in common, 84.3 v 66.3; average and shared test disagree averages 61.3 v 63.1 62",
        "The estimate leaves them out; with them it would say",
        "Reasoning counts for more than 47 % (by the averages)",
        "Pick Gemma 4 31B: it is clearly the stronger one by the estimated score.",
        "Could the blanks overturn this?",
    ):
        assert said in text, said


def test_three_models_have_their_estimates_side_by_side(site):
    text = text_of(page(site, PAGES[3]))
    assert re.search(r"Estimated score \d\d \d\d to \d\d; likely rank \d+ to \d+ \d\d \d\d to \d\d; likely rank", text)
    assert "Average of its own tests 76 72 67" in text


def test_averages_and_shared_tests_can_stand_in_front(site):
    tested, shared = (text_of(page(site, f"{SEED}?reading={reading}")) for reading in ("tested", "shared"))
    assert "72 Winner Average of its own tests; wins 2/8 categories" in tested
    assert "4.5 points apart on averages of own tests" in tested
    assert "Estimated score: 66 (60 to 71) v 50 (43 to 56), better with odds of more than 99 %" in tested
    assert "75 Ahead on the tests both took Tests both took;" in shared
    assert "Average of its own tests: 72 (winner) v 67" in shared


def test_before_the_first_fit_the_averages_lead(site):
    Fit.objects.all().delete()
    CatalogueVersion.rise()
    text = text_of(page(site, SEED))
    for said in (
        *GOLDEN,
        "72 Winner Average of its own tests; wins 2/8 categories",
        "Tests both took (3): 74.7 v 73.9, level within a point",
        "Pick Gemma 4 31B for the stronger benchmark profile.",
        "Reasoning counts for more than 47 % It is 28 %",
    ):
        assert said in text, said
    assert "stimated score" not in text
    for path in ("/", "/leaderboard/", "/leaderboard/coding/", "/models/gpt-4-1/", "/methodology/"):
        assert page(site, path)


def test_estimates_older_than_the_catalogue_say_their_date(site):
    note = "; the catalogue has changed since."
    assert note not in text_of(page(site, SEED))
    LanguageModel.objects.filter(slug="gpt-4-1").update(context_window=999_000)
    assert re.search(r"Estimates of \d+ \w{3} \d{4}" + note, text_of(page(site, SEED)))


def test_score_out_of_line_says_what_was_expected(site):
    odd = estimates.current().odd
    model, (benchmark, expected), *_ = next((slug, *scores.items()) for slug, scores in odd.items())
    other = "gpt-4-1" if model != "gpt-4-1" else "gpt-5-2"
    html = page(site, f"/compare/{'-vs-'.join(sorted((model, other)))}/")
    assert f"out of line, {expected:.0f} expected" in text_of(html)
    assert f'href="/benchmarks/{benchmark}/"' in html


def test_too_few_tests_are_not_called(site):
    text = (
        text_of(page(site, "/compare/gpt-4-1-vs-" + thin_model() + "/"))
        if thin_model() > "gpt-4-1"
        else text_of(page(site, f"/compare/{thin_model()}-vs-gpt-4-1/"))
    )
    assert "Estimated score: too thin to call" in text
    assert "No pick on quality: too few confirmed tests" in text


def thin_model() -> str:
    """A model that the last fit knows from fewer than 3 tests."""
    return Fit.objects.first().abilities.filter(rank_low=None).order_by("model__slug").first().model.slug


def test_score_links_to_its_source_and_says_what_to_know_about_it(site):
    html = page(site, SEED)
    score = Score.objects.get(model__slug="gpt-4-1", benchmark__slug="swe-bench-verified")
    assert f'<a class="src" href="{score.source_url}" rel="nofollow noopener">54.6%</a>' in html
    assert html.count("<small>unconfirmed</small>") == 12
    several = page(site, "/compare/gemini-3-pro-vs-kimi-k2-5/")
    assert "2 sources, 54.2 to 56.9" in several
    assert "settings may differ" in html


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", 20),
        ("?show=all", 20),
        ("?show=shared", 3),
        ("?show=gap", 2),
        ("?show=nonsense", 20),
        ("?show=shared&show=gap", 2),
    ],
)
def test_show_filters_the_benchmarks(site, query, rows):
    table = re.search(r'<table class="bench.*?</table>', page(site, SEED + query), re.DOTALL)[0]
    assert f"Scores on {rows} benchmarks" in table
    assert len(re.findall(r'<th scope="row"><a', table)) == rows


def test_lead_is_in_the_unit_of_a_benchmark_without_bounds(site):
    assert "$5,478.00 $1,198.46 Gemini 3 Pro leads by +$4,279.54" in text_of(
        page(site, "/compare/gemini-3-pro-vs-kimi-k2-5/")
    )


def test_rows_diff_leaves_out_what_is_the_same(site):
    alike = text_of(page(site, SEED + "?rows=diff"))
    assert "Maximum output" in text_of(page(site, SEED))
    assert "Maximum output" not in alike
    assert "Only differences (9)" in alike


def test_toggles_keep_the_other_options(site):
    html = page(site, SEED + "?show=shared&rows=diff&flip=1")
    assert f'href="{SEED}?show=gap&amp;rows=diff&amp;flip=1"' in html
    assert f'href="{SEED}?show=shared&amp;flip=1"' in html
    assert f'href="{SEED}?show=shared&amp;rows=diff"' in html


def test_flip_swaps_the_sides_and_keeps_the_address_canonical(site):
    html = page(site, SEED + "?flip=1")
    assert "GPT-4.1 <i>vs</i> Gemma 4 31B" in re.sub(r"</?a[^>]*>", "", html)
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{SEED}">' in html
    assert "67 v 72 (winner)" in html


def test_confirmed_rows_are_another_reading(site):
    text = text_of(page(site, SEED + "?sources=confirmed"))
    assert "unconfirmed</small>" not in page(site, SEED + "?sources=confirmed")
    assert "Confirmed rows only" in text
    assert "Tests both took (1)" in text


def test_only_well_shared_or_featured_pairs_are_indexed(site):
    robots = '<meta name="robots" content="noindex,follow">'
    assert robots not in page(site, SEED)
    assert robots in page(site, SEED + "?show=shared")
    thin = "/compare/gemma-4-31b-vs-gpt-5-2-high/"
    assert robots in page(site, thin)
    first, second = LanguageModel.objects.filter(slug__in=["gemma-4-31b", "gpt-5-2-high"]).order_by("slug")
    FeaturedPair.objects.create(first=first, second=second, order=9)
    assert robots not in page(site, thin)


# --- addresses ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/compare/gpt-4-1-vs-gemma-4-31b/", SEED),
        ("/compare/GPT-4-1-vs-Gemma-4-31B", SEED),
        ("/compare/gemma-4-31b-vs-gpt-4-1", SEED),
        ("/compare/gpt-4-1-vs-gemma-4-31b/?show=shared&x=1", SEED + "?show=shared&x=1"),
        ("/compare/gpt-4-1-vs-gpt-4-1/", "/models/gpt-4-1/"),
        ("/compare/gpt-4-1-vs-gemma-4-31b-vs-claude-opus-4-6", "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/"),
        ("/compare/gpt-4-1-vs-gemma-4-31b-vs-gpt-4-1/", SEED),
        ("/models/GPT-4-1/", "/models/gpt-4-1/"),
        ("/models/gpt-4-1", "/models/gpt-4-1/"),
        ("/benchmarks/GPQA", "/benchmarks/gpqa/"),
        ("/leaderboard/Coding", "/leaderboard/coding/"),
    ],
)
def test_other_spellings_lead_there_in_one_step(site, asked, led):
    response = site.get(asked)
    assert (response.status_code, response.headers["Location"]) == (301, led)
    assert site.get(led).status_code == 200


def test_alias_leads_to_the_model_in_one_step(site):
    ModelAlias.objects.create(model=LanguageModel.objects.get(slug="gpt-4-1"), text="gpt-4.1-2025-04-14x")
    for asked, led in [
        ("/models/gpt-4.1-2025-04-14X/", "/models/gpt-4-1/"),
        ("/compare/gpt-4.1-2025-04-14x-vs-gemma-4-31b/", SEED),
    ]:
        response = site.get(asked)
        assert (response.status_code, response.headers["Location"]) == (301, led)


@pytest.mark.parametrize(
    "path",
    [
        "/nope/",
        "/compare/gpt-4-1-vs-nope/",
        "/compare/gpt-4-1/",
        "/compare/a-vs-b-vs-c-vs-d-vs-e/",
        "/compare/-vs-/",
        "/compare/%00-vs-gpt-4-1/",
        "/models/%00/",
        "/models/nope/",
        "/models/" + "x" * 500 + "/",
        "/benchmarks/nope/",
        "/benchmarks/%FF/",
        "/leaderboard/nope/",
        "/data/nope.csv",
    ],
)
def test_unknown_addresses_are_not_found_in_the_look_of_the_site(site, path):
    response = Client(raise_request_exception=False).get(path)
    html = response.content.decode()
    assert (response.status_code, Outline(html).h1, Outline(html).faults) == (404, 1, [])
    assert 'id="picker"' in html
    assert not response.cookies


def test_not_found_names_the_nearest(site):
    assert 'href="/models/gpt-4-1/"' in site.get("/compare/gpt-41-vs-gemma-4-31b/").content.decode()
    assert 'href="/models/gemma-4-31b/"' in site.get("/models/gemma-4-31/").content.decode()


def test_draft_is_nowhere_and_withdrawn_is_gone(site):
    draft = LanguageModel.objects.get(slug="gemma-4-31b")
    draft.status = "draft"
    draft.save()
    assert [site.get(path).status_code for path in (SEED, "/models/gemma-4-31b/")] == [404, 404]
    for path in (
        "/",
        "/leaderboard/",
        "/models/",
        "/benchmarks/gpqa/",
        "/pricing/",
        "/search/?q=gemma",
        "/data/models.csv",
        "/data/scores.csv",
    ):
        assert not re.search(r"(^|/models/)gemma-4-31b\b", page(site, path), re.MULTILINE), path
    draft.status, draft.successor = "withdrawn", LanguageModel.objects.get(slug="gpt-4-1")
    draft.save()
    for path in (SEED, "/models/gemma-4-31b/"):
        response = site.get(path)
        assert response.status_code == 410
        assert 'href="/models/gpt-4-1/"' in response.content.decode()


def test_draft_is_not_named_as_the_successor_of_a_published_model(site):
    retired = LanguageModel.objects.get(slug="gpt-4-1")
    unseen = LanguageModel.objects.create(slug="unseen-9", name="Unseen 9", creator=retired.creator)
    retired.successor, retired.retires_on = unseen, datetime.date(2026, 1, 1)
    retired.save()
    for path in (
        "/models/gpt-4-1/",
        "/models/gpt-4-1.json",
        "/models/gpt-4-1.md",
        "/compare/claude-opus-4-6-vs-gpt-4-1/",
        "/pricing/",
        "/shortlist/",
        "/data/models.csv",
    ):
        text = site.get(path).content.decode()
        assert "Retired" in text or not path.startswith("/models/gpt-4-1/")
        assert not re.search(r"unseen.9", text, re.IGNORECASE), path
    archive = zipfile.ZipFile(io.BytesIO(site.get("/data/catalogue.zip").content))
    assert [name for name in archive.namelist() if b"unseen-9" in archive.read(name)] == []


def test_hostile_names_are_text(site):
    maker = Creator.objects.create(slug="evil", name='"><img src=x onerror=alert(1)>')
    name = "<script>alert(1)</script>{{ 7|add:7 }}"
    LanguageModel.objects.create(
        slug="evil-1", name=name, creator=maker, status="published", url="https://evil.example"
    )
    for path in (
        "/models/",
        "/models/evil-1/",
        "/compare/evil-1-vs-gpt-4-1/",
        "/leaderboard/",
        "/search/?q=alert",
        "/models/options/?q=alert",
    ):
        html = page(site, path)
        assert "<script>alert" not in html and "<img src=x" not in html, path
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}" in html, path


# --- picker ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "led"),
    [
        ("a=gemma-4-31b&b=gpt-4-1", SEED),
        ("a=Gemma 4 31B&b=GPT-4.1", SEED),
        ("a=GPT-4.1&b=gemma 4 31b", SEED + "?flip=1"),
        ("a= gpt 4.1 &b=GEMMA-4-31B&show=shared", SEED + "?show=shared&flip=1"),
        ("a=gpt-4.1&b=gpt-4-1", "/models/gpt-4-1/"),
        ("a=gpt-4.1&b=gemma-4-31b&c=claude-opus-4-6", PAGES[3]),
        ("a=gpt-4.1&b=&c=gemma-4-31b", SEED + "?flip=1"),
    ],
)
def test_picker_leads_to_what_was_typed(site, query, led):
    response = site.get("/compare/?" + query)
    assert (response.status_code, response.headers["Location"]) == (302, led)


def test_picker_offers_choices_for_an_ambiguous_name(site):
    html = page(site, "/compare/?a=gemma+4&b=gpt-4-1")
    assert "Several models match. Which one?" in html
    assert 'href="/compare/?a=gemma-4-31b&amp;b=gpt-4-1"' in html
    assert 'value="GPT-4.1"' in html


def test_picker_says_which_name_it_does_not_know(site):
    response = site.get("/compare/?a=gemma-4-41b&b=gpt-4-1&c=%3Czz%3E")
    html = response.content.decode()
    assert response.status_code == 422
    assert "No model here is called “gemma-4-41b”." in html
    assert "No model here is called “&lt;zz&gt;”." in html
    assert html.count('aria-invalid="true"') == 2
    assert 'href="/compare/?a=gemma-4-31b&amp;b=gpt-4-1&amp;c=%3Czz%3E"' in html


@pytest.mark.parametrize("text", ["%00", "%", "_" * 300, "\\", "x" * 4000, "%ED%A0%80", "'; drop table"])
def test_odd_text_is_looked_up_as_text(site, text):
    for path in (
        "/compare/?b=gpt-4-1&a=",
        "/search/?q=",
        "/models/options/?q=",
        "/leaderboard/?sort=",
        "/leaderboard/?creator=",
        SEED + "?show=",
    ):
        assert site.get(path + text).status_code in (200, 422), path


def test_options_name_models_for_the_picker(site):
    html = page(site, "/models/options/?q=4.1+gpt")
    assert text_of(html).startswith("GPT-4.1")
    assert page(site, "/models/options/?q=").strip() == ""
    assert html.count('role="option"') == html.count("<li")


# --- swaps ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", SWAPPED)
def test_fragment_is_the_panel_of_the_page(site, path):
    whole, response = page(site, path), site.get(path, headers={"HX-Request": "true"})
    part = response.content.decode()
    title, rest = part.split("</title>", 1)
    panel, status = rest.rsplit('<div data-hx-swap-oob="innerHTML:#status">', 1)
    assert title.removeprefix("<title>") == re.search("<title>(.*?)</title>", whole)[1]
    assert panel.strip() in whole
    assert len(text_of(status)) > 5
    assert "<html" not in part
    assert (response.headers["HX-Push-Url"], response.headers["Vary"]) == (path, "Accept-Encoding, HX-Request")


def test_restored_history_gets_the_whole_page(site):
    both = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in site.get(SEED, headers=both).content.decode()


def test_fragment_and_page_have_different_validators(site):
    tags = {site.get(SEED, headers=headers).headers["ETag"] for headers in ({}, {"HX-Request": "true"})}
    assert len(tags) == 2


def test_refused_name_swaps_the_picker_alone(site):
    response = site.get("/compare/?a=nope&b=gpt-4-1", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Retarget"], response.headers["HX-Reswap"]) == (
        422,
        "#picker",
        "outerHTML",
    )
    assert response.content.decode().strip().startswith('<form class="pick" id="picker"')


def test_every_swap_is_a_link_or_form_that_works_alone(site):
    for path in SWAPPED:
        html = page(site, path)
        for tag in re.findall(r"<(?:a|form)[^>]*data-hx-get=[^>]*>", html):
            found = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
            assert found["data-hx-get"] == (found.get("href") or found.get("action")), tag
            assert found["data-hx-target"].lstrip("#") in Outline(html).ids
            assert "id" in found, tag


# --- leaderboard ----------------------------------------------------------------------------------------------------
def ranks(html: str) -> list[str]:
    return re.findall(r'<td class="n rank">([^<]+)</td>', html)


def names(html: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/models/([^/]+)/"', html)


def test_leaderboard_ranks_by_estimate_with_ranges(site):
    html = page(site, "/leaderboard/")
    assert ranks(html)[:3] == ["1", "2", "3"]
    row = text_of(
        re.search(r'<tr><td class="n rank">[^<]*</td>(?:(?!</tr>).)*/models/gpt-5-5/.*?</tr>', html, re.DOTALL)[0]
    )
    assert row.startswith("3 2 to 8 GPT-5.5 OpenAI 81.9 79 to 85 19 72.8 83 %")
    assert "guess" in html
    text = text_of(html)
    assert "Not ranked" in text and re.search(r"\d confirmed tests?\b", text)
    assert len(names(html)) == LanguageModel.objects.published().count()
    coding = page(site, "/leaderboard/coding/")
    assert "guessed from other categories" in coding.split("Not ranked")[1]
    assert "guessed" not in coding.split("Not ranked")[0].split("<tbody>")[1]


def test_leaderboard_of_averages_says_why_others_are_not_ranked(site):
    html = page(site, "/leaderboard/?reading=tested")
    assert ranks(html)[:3] == ["1", "2", "3"]
    assert ranks(html)[-1] == "—"
    assert "Not ranked" in html
    assert re.search(r"\d weighted scores? in \d categor", text_of(html))
    assert len(names(html)) == LanguageModel.objects.published().count()


@pytest.mark.parametrize(
    "sort", ["name", "-name", "average", "coverage", "-coverage", "input", "-output", "context", "-released"]
)
def test_leaderboard_sorts_and_keeps_ranks_and_rows(site, sort):
    plain, sorted_page = page(site, "/leaderboard/"), page(site, f"/leaderboard/?sort={sort}")
    assert sorted(zip(names(plain), ranks(plain), strict=True)) == sorted(
        zip(names(sorted_page), ranks(sorted_page), strict=True)
    )
    assert names(plain) != names(sorted_page)
    assert sorted_page.count("aria-sort=") == 1
    assert f'aria-sort="{"descending" if sort.startswith("-") else "ascending"}"' in sorted_page


@pytest.mark.parametrize("query", ["", "sort=-name", "reading=tested&sort=output", "weights=open"])
def test_leaderboard_of_many_models_comes_in_stretches(site, query):
    maker = Creator.objects.order_by("pk").first()
    LanguageModel.objects.bulk_create(
        LanguageModel(slug=f"made-{n}", name=f"Made {n}", creator=maker, status="published", open_weights=True)
        for n in range(350)
    )
    every = [(row["slug"], row["rank"]) for row in site.get(f"/leaderboard.json?{query}").json()["models"]]
    found, address, starts = [], f"/leaderboard/?{query}", []
    while address:
        html = page(site, address)
        rows = list(zip(names(html), [None if rank == "—" else int(rank) for rank in ranks(html)], strict=True))
        assert 0 < len(rows) <= 200
        assert f"{len(every)} models" in html
        found += rows
        starts += re.findall(r'id="after-(\d+)" href="[^"]*" aria-current="true"', html)
        following = re.search(rf'id="after-{len(found)}" href="([^"]*)"', html)
        address = following and unescape(following[1])
    assert found == every
    assert starts == [str(n) for n in range(0, len(every), 200)]
    assert names(page(site, f"/leaderboard/?{query}&after=9999")) == [slug for slug, _ in every[int(starts[-1]) :]]
    for wrong in ("-1", "x", "1e3", "99999999999999999999"):
        assert names(page(site, f"/leaderboard/?{query}&after={wrong}")) == [slug for slug, _ in every[:200]]


def test_links_on_a_later_stretch_lead_to_the_first(site):
    maker = Creator.objects.order_by("pk").first()
    LanguageModel.objects.bulk_create(
        LanguageModel(slug=f"made-{n}", name=f"Made {n}", creator=maker, status="published") for n in range(350)
    )
    later = page(site, "/leaderboard/?after=200&sort=name")
    assert set(re.findall(r'href="([^"]*after=[^"]*)"', later)) == {
        "/leaderboard/?sort=name&amp;after=200",
        "/leaderboard/?sort=name&amp;after=400",
    }
    assert [text for _, text in re.findall(r'id="(after-\d+)"[^>]*>([^<]*)<', later)] == [
        "1 to 200",
        "201 to 400",
        "401 to 469",
    ]


def test_unknown_prices_come_last_whatever_the_direction(site):
    for sort in ("input", "-input"):
        ranked = page(site, f"/leaderboard/?sort={sort}").split("Not ranked")[0]
        cells = re.findall(r'<tr><td class="n rank">.*?</tr>', ranked, re.DOTALL)
        known = ["not published" not in cell for cell in cells]
        assert known == sorted(known, reverse=True)


def test_leaderboard_filters_combine_and_keep_the_ranks_of_the_whole(site):
    whole, html = (
        page(site, "/leaderboard/"),
        page(site, "/leaderboard/?creator=openai&reasoning=no&context=1000000&weights=closed"),
    )
    place = dict(zip(names(whole), ranks(whole), strict=True))
    assert "gpt-4-1" in names(html)
    assert set(names(html)) < set(names(whole))
    assert all(place[name] == rank for name, rank in zip(names(html), ranks(html), strict=True))
    assert f"{len(names(html))} models" in html
    assert "No model meets these filters" in page(
        site, "/leaderboard/?creator=openai&weights=open&context=1000000&reasoning=hybrid"
    )


@pytest.mark.parametrize(
    "query",
    ["sort=__class__", "sort=password", "sort=" + "-" * 1000, "creator=nope", "context=1", "weights=x&reasoning=y"],
)
def test_broken_filters_fall_back_to_the_default(site, query):
    assert names(page(site, "/leaderboard/?" + query)) == names(page(site, "/leaderboard/"))


# --- the reader's own weights ----------------------------------------------------------------------------------------
def test_weights_change_the_averages_and_not_the_categories(site):
    text = text_of(page(site, SEED + "?w=coding:0,reasoning:10"))
    assert "Your weights: Coding × 0 and Reasoning × 10." in text
    # (.12 * 76.9 + 1.7 * 66.4 + .12 * 61.3) / 1.94 = 66.7; with GPT-4.1's own categories 78.0
    assert "Average of its own tests: 67 v 78 (winner), 8 v 15 tests" in text
    assert "80.0 52.4" in text


@pytest.mark.parametrize(
    "query",
    [
        "w=",
        "w=nope:3",
        "w=coding:11",
        "w=coding:-1",
        "w=coding:1",
        "w=coding",
        "w=:,:",
        "w=coding:1e1",
        "w_coding=1",
        "w_coding=x",
        "w="
        + ",".join(
            f"{c}:7"
            for c in (
                "agentic",
                "coding",
                "multimodal",
                "reasoning",
                "knowledge",
                "instruction-following",
                "multilingual",
                "mathematics",
            )
        ),
    ],
)
def test_broken_or_equal_weights_are_the_sites(site, query):
    assert "Your weights" not in page(site, f"{SEED}?{query}")
    assert "72 (winner) v 67" in page(site, f"{SEED}?{query}")


@pytest.mark.parametrize("path", [SEED, "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/", "/leaderboard/coding/"])
def test_form_for_weights_comes_when_asked_for(site, path):
    bare, asked = page(site, path), page(site, f"{path}?open=weights")
    opener = f'<a class="clear" id="open-weights" href="{path}?open=weights" rel="nofollow"'
    assert (opener in bare, 'id="weigh"' in bare) == (True, False)
    assert (opener in asked, 'id="weigh"' in asked, '<details class="weights" id="weights" open>' in asked) == (
        False,
        True,
        True,
    )
    assert 'id="weigh"' in page(site, f"{path}?w=coding:0")
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{path}">' in asked
    assert f'href="{path[:-1]}.json?open' not in asked
    answer = site.get(f"{path}?open=weights", headers={"HX-Request": "true"})
    assert answer.headers["HX-Push-Url"] == f"{path}?open=weights"


def test_form_for_the_bill_comes_when_asked_for(site):
    bare, asked = page(site, SEED), page(site, f"{SEED}?open=bill&show=shared")
    assert ('id="load"' in bare, f'id="open-bill" href="{SEED}?open=bill"' in bare) == (False, True)
    assert 'id="load"' in asked
    assert 'id="load"' in page(site, f"{SEED}?calls=7")
    assert [text_of(html).count("Together free tier, no bill $800.00") for html in (bare, asked)] == [1, 1]
    for link in re.findall(r'<a id="(?:show|rows|reading|flip)[^"]*" href="([^"]+)"', asked):
        assert "open=" not in link  # other links lead to the page as it is by itself


def test_weights_of_a_plain_form_are_the_same_state(site):
    fields = "&".join(
        f"w_{slug}={n}" for slug, n in [("agentic", 1), ("coding", 3), ("reasoning", 2), ("mathematics", 1)]
    )
    response = site.get(f"{SEED}?{fields}&show=shared", headers={"HX-Request": "true"})
    assert response.headers["HX-Push-Url"] == SEED + "?show=shared&w=coding%3A3%2Creasoning%3A2"
    assert text_of(page(site, f"{SEED}?{fields}")) == text_of(page(site, SEED + "?w=coding:3,reasoning:2"))


def test_weights_reorder_the_leaderboard_and_keep_its_filters(site):
    html = page(site, "/leaderboard/?w=mathematics:10,coding:0&creator=openai&sort=name")
    assert "Your weights: Coding × 0 and Mathematics × 10." in html
    assert 'name="w" value="coding:0,mathematics:10"' in html
    assert 'href="/leaderboard/?sort=name&amp;creator=openai&amp;w=agentic%3A5%2Ccoding%3A5"' in html
    assert names(page(site, "/leaderboard/?w=mathematics:10,coding:0")) != names(page(site, "/leaderboard/"))


# --- other pages ----------------------------------------------------------------------------------------------------
def test_model_page_shows_scores_offers_rivals(site):
    text = text_of(page(site, "/models/gpt-4-1/"))
    for said in (
        "Average of its own tests: 67",
        "Tested in 7 of 8 categories (95 % by importance)",
        "54.6%",
        "OpenAI paid API $2.00 $8.00",
        "shared tests",
    ):
        assert said in text, said


def test_free_tier_is_not_a_price_of_zero(site):
    text = text_of(page(site, "/models/gemma-4-31b/"))
    assert "free tier" in text
    assert not re.search(r"\$0(\.0+)?\b(?!\.)", text_of(page(site, "/pricing/")) + text)


def test_benchmark_page_ranks_those_who_took_it(site):
    html = page(site, "/benchmarks/gpqa/")
    assert ranks(html)[:7] == ["1", "2", "3", "4", "5", "6", "6"]
    assert "91 models tested: lowest 25.9%, median 80.1%, highest 94.6%" in text_of(html)


def test_methodology_reads_the_weights_and_works_the_seed_pair(site):
    text = text_of(page(site, "/methodology/"))
    assert "Together the categories give 100 %" in text
    assert "(0.2 × 51 + 0.13 × 54.6) / 0.33 = 52.4" in text
    assert "= 71.93, printed as 72." in text
    assert "the same two steps give 74.71 and 73.89." in text


def test_search_finds_models_tests_and_pairs(site):
    html = page(site, "/search/?q=gpt-4.1 vs gemma 4 31b")
    assert f'href="{SEED}"' in html
    assert 'href="/benchmarks/gpqa/"' in page(site, "/search/?q=gpqa")
    assert 'href="/models/gpt-4-1/"' in page(site, "/search/?q=4.1 gpt")
    assert "Nothing here is called “zzzz”." in page(site, "/search/?q=zzzz")


def test_download_is_the_published_catalogue(site):
    response = site.get(reverse("data_table", args=["models"]))
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.content == (BUNDLED / "models.csv").read_bytes()


# --- health and failure ---------------------------------------------------------------------------------------------
def test_failure_has_the_look_of_the_site_and_no_detail(site):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE comparisons_change RENAME TO elsewhere")
    response = Client(raise_request_exception=False).get("/changes/")
    html = response.content.decode()
    assert (response.status_code, Outline(html).h1, "elsewhere" in html, "comparisons_change" in html) == (
        500,
        1,
        False,
        False,
    )
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
