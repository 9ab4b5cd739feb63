"""Twins of pages: the same figures as the page, in the published schema, and how they answer."""

import csv
import datetime
import io
import json
import random
import re
import zipfile
from functools import cache
from html import unescape
from itertools import islice

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from comparisons import markdown, twins
from comparisons.figures import Figure
from comparisons.importing.formats import TABLES
from comparisons.importing.writing import import_folder
from comparisons.models import Creator, LanguageModel, ModelAlias, Score
from tests.factories import TODAY

SEED = "/compare/gemma-4-31b-vs-gpt-4-1"
THREE = "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1"
TWINNED = {
    SEED: "pair",
    THREE: "shortlist",
    "/leaderboard": "leaderboard",
    "/leaderboard/coding": "leaderboard",
    "/models/gpt-4-1": "model",
    "/benchmarks/gpqa": "benchmark",
    "/changes": "changes",
}
MEDIA = {"json": "application/json", "csv": "text/csv; charset=utf-8", "md": "text/markdown; charset=utf-8"}


@pytest.fixture(scope="module")
def published(stored) -> list[str]:
    return list(LanguageModel.objects.published().values_list("slug", flat=True))


def strict(schema: object) -> object:
    """The schema without leave for fields that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if "properties" in schema and "type" in schema else {}
    return closed | {name: strict(each) for name, each in schema.items()}


@cache
def validator(kind: str) -> Draft202012Validator:
    parts = Resource(strict(json.loads(twins.schema("parts"))), DRAFT202012)
    registry = Registry().with_resource("parts.json", parts)
    return Draft202012Validator(strict(json.loads(twins.schema(kind))), registry=registry)


def faults_of(kind: str, document: dict) -> list[str]:
    return [f"{fault.json_path}: {fault.message[:200]}" for fault in islice(validator(kind).iter_errors(document), 5)]


def document_of(site: Client, path: str) -> dict:
    response = site.get(path)
    assert response.status_code == 200, path
    return json.loads(response.content)


def rows_of(site: Client, path: str) -> list[dict[str, str]]:
    response = site.get(path)
    assert response.status_code == 200, path
    return list(csv.DictReader(io.StringIO(response.content.decode())))


# --- how they answer ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", MEDIA)
@pytest.mark.parametrize("path", TWINNED)
def test_twin_is_open_to_all_and_not_indexed(site, path, suffix):
    response = site.get(f"{path}.{suffix}")
    names = ("Content-Type", "Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy", "X-Robots-Tag")
    assert (response.status_code, [response.headers[name] for name in names], response.cookies) == (
        200,
        [MEDIA[suffix], "*", "cross-origin", "noindex"],
        {},
    )


@pytest.mark.parametrize("suffix", MEDIA)
def test_twin_is_revalidated_and_only_read(site, suffix):
    response = site.get(f"{SEED}.{suffix}")
    again = site.get(f"{SEED}.{suffix}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["Access-Control-Allow-Origin"]) == (304, b"", "*")
    head = site.head(f"{SEED}.{suffix}")
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", response.headers["ETag"])
    assert site.post(f"{SEED}.{suffix}").status_code == 405


def test_page_and_its_twins_have_different_validators(site):
    tags = {site.get(address).headers["ETag"] for address in (f"{SEED}/", *(f"{SEED}.{suffix}" for suffix in MEDIA))}
    assert len(tags) == 4


@pytest.mark.parametrize("path", TWINNED)
def test_page_names_its_twins(site, path):
    html = site.get(f"{path}/").content.decode()
    for suffix, media in MEDIA.items():
        kind = media.partition(";")[0]
        assert re.search(rf'<link rel="alternate" type="{kind}" title="\w+" href="{path}\.{suffix}">', html)
        assert re.search(rf'<a href="{path}\.{suffix}" type="{kind}"', html)


def test_links_to_twins_keep_the_state_of_the_page(site):
    html = site.get(f"{SEED}/?show=shared&w=coding:3").content.decode()
    assert f'<a href="{SEED}.json?show=shared&amp;w=coding%3A3"' in html


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/compare/gpt-4-1-vs-gemma-4-31b.json?show=gap", f"{SEED}.json?show=gap"),
        ("/compare/GPT-4-1-vs-gemma-4-31b.csv", f"{SEED}.csv"),
        ("/compare/gpt-4-1-vs-gpt-4-1.md", "/models/gpt-4-1.md"),
        ("/leaderboard/Coding.csv", "/leaderboard/coding.csv"),
        ("/models/GPT-4-1.json", "/models/gpt-4-1.json"),
        ("/benchmarks/GPQA.md", "/benchmarks/gpqa.md"),
    ],
)
def test_other_spellings_lead_to_the_twin_in_one_step(site, asked, led):
    response = site.get(asked)
    assert (response.status_code, response.headers["Location"]) == (301, led)


def test_alias_leads_to_the_twin(site):
    ModelAlias.objects.create(model=LanguageModel.objects.get(slug="gpt-4-1"), text="gpt-41", key="gpt-41")
    response = site.get("/models/gpt-41.json")
    assert (response.status_code, response.headers["Location"]) == (301, "/models/gpt-4-1.json")


@pytest.mark.parametrize(
    "path",
    [
        "/compare/gpt-4-1-vs-nothing",
        "/models/gpt-4-11",
        "/benchmarks/nope",
        "/leaderboard/nope",
        "/compare/a-vs-b-vs-c",
    ],
)
def test_unknown_twin_is_not_found_in_its_own_format(site, path):
    found = site.get(f"{path}.json")
    document = json.loads(found.content)
    assert (found.status_code, found.headers["Content-Type"], document["error"], faults_of("error", document)) == (
        404,
        "application/json",
        "There is no such page",
        [],
    )
    assert found.headers["Access-Control-Allow-Origin"] == "*"
    lines = site.get(f"{path}.csv")
    assert (lines.status_code, lines.content.decode().splitlines()[0]) == (404, "status,error,suggestion,url")
    text = site.get(f"{path}.md")
    assert (text.status_code, text.content.decode().splitlines()[0]) == (404, "# There is no such page")


def test_unknown_twin_names_the_nearest_models(site):
    found = json.loads(site.get("/models/gpt-4-11.json").content)["suggestions"]
    assert {"name": "GPT-4.1", "url": f"{settings.SITE_URL}/models/gpt-4-1/"} in found


def test_draft_is_in_no_twin_and_withdrawn_is_gone(site):
    gemma, gpt = (LanguageModel.objects.get(slug=slug) for slug in ("gemma-4-31b", "gpt-4-1"))
    gpt.successor = gemma
    gpt.status = "withdrawn"
    gpt.save()
    for path in (SEED, "/models/gpt-4-1"):
        response = site.get(f"{path}.json")
        assert (response.status_code, json.loads(response.content)) == (
            410,
            {
                "status": 410,
                "error": "Withdrawn from the catalogue",
                "suggestions": [{"name": "Gemma 4 31B", "url": f"{settings.SITE_URL}/models/gemma-4-31b/"}],
            },
        )
        assert site.get(f"{path}.md").content.decode().startswith("# Withdrawn from the catalogue\n\n- [Gemma 4 31B](<")
    gpt.status = "draft"
    gpt.save()
    for path in (SEED, THREE, "/models/gpt-4-1"):
        assert [site.get(f"{path}.{suffix}").status_code for suffix in MEDIA] == [404, 404, 404]
    marks = ('"gpt-4-1"', ",gpt-4-1,", "/models/gpt-4-1/", "-vs-gpt-4-1/", "| GPT-4.1 |")
    for path in ("/leaderboard", "/leaderboard/coding", "/benchmarks/gpqa", "/models/gemma-4-31b"):
        for suffix in MEDIA:
            text = (
                site.get(f"{path}.{suffix}").content.decode().replace("benchlm.ai/compare/gemma-4-31b-vs-gpt-4-1", "")
            )
            assert [mark for mark in marks if mark in text] == []


# --- what they say --------------------------------------------------------------------------------------------------
STATES = [
    "",
    "?show=shared",
    "?sources=confirmed",
    "?sources=independent&reading=shared",
    "?w=coding:9&flip=1",
    "?in=900000&think=open",
]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        *((path, "") for path in TWINNED),
        *((path, query) for path in (SEED, THREE) for query in STATES[1:]),
        ("/leaderboard", "?reading=tested"),
    ],
)
def test_document_follows_its_schema(site, path, query):
    document = document_of(site, f"{path}.json{query}")
    assert faults_of(TWINNED[path], document) == []
    assert document["schema"] == f"{settings.SITE_URL}/data/schemas/{TWINNED[path]}.json"
    assert document["url"] == f"{settings.SITE_URL}{path}/"


def test_documents_of_many_pages_follow_their_schemas(site, published):
    draw = random.Random(7)
    faults = {}
    for slug in draw.sample(published, 6):
        faults[slug] = faults_of("model", document_of(site, f"/models/{slug}.json"))
    for _ in range(14):
        path = "-vs-".join(sorted(draw.sample(published, draw.choice([2, 2, 2, 3, 4]))))
        kind = "pair" if path.count("-vs-") == 1 else "shortlist"
        faults[path] = faults_of(kind, document_of(site, f"/compare/{path}.json"))
    assert {path: found for path, found in faults.items() if found} == {}


def test_json_holds_the_stored_value_beside_the_displayed_one(site):
    document = document_of(site, f"{SEED}.json")
    rows = {row["slug"]: row for row in document["benchmarks"]}
    score = rows["gpqa"]["scores"]["gpt-4-1"]
    assert (score["value"], score["text"], score["source_kind"], score["unconfirmed"]) == (
        66.3,
        "66.3%",
        "vendor",
        False,
    )
    assert (rows["gpqa"]["leader"], rows["gpqa"]["lead"]) == ("gemma-4-31b", {"value": 18, "text": "+18.0"})
    assert rows["livecodebench"]["scores"]["gpt-4-1"] is None
    assert (rows["livecodebench"]["leader"], rows["livecodebench"]["lead"]) == (None, {"value": None, "text": "only"})
    averages = document["readings"]["tested"]["figures"]
    assert {slug: (each["value"], each["text"]) for slug, each in averages.items()} == {
        "gemma-4-31b": (71.926143227, "72"),
        "gpt-4-1": (67.451138756, "67"),
    }
    cached = next(row for row in document["tradeoffs"] if row["label"] == "Cached input")["values"]
    assert (cached["gpt-4-1"]["value"], cached["gpt-4-1"]["text"]) == (0.5, "$0.50")
    assert (cached["gemma-4-31b"]["value"], cached["gemma-4-31b"]["missing"]) == (None, "not published")
    assert document["bill"]["models"]["gpt-4-1"]["total"] == {"low": 800, "high": 800, "text": "$800.00"}


def test_tie_and_no_call_are_told_apart(site):
    for model in LanguageModel.objects.filter(slug__in=["gemma-4-31b", "gpt-4-1"]):
        Score.objects.filter(model=model, benchmark__slug="gpqa").update(value=70)
    row = next(row for row in document_of(site, f"{SEED}.json")["benchmarks"] if row["slug"] == "gpqa")
    assert (row["leader"], row["lead"]) == (None, {"value": 0, "text": "tie"})


@pytest.mark.parametrize(
    ("query", "rows", "options"),
    [
        ("", 20, {}),
        ("?show=shared", 3, {"show": "shared"}),
        ("?show=gap&flip=1", 2, {"show": "gap", "flip": "1"}),
        ("?sources=confirmed", 10, {"sources": "confirmed"}),
        ("?show=nonsense&in=x", 20, {}),
        ("?in=4000&w=coding:3", 20, {"w": "coding:3", "in": "4000"}),
    ],
)
def test_parameters_mean_the_same_as_on_the_page(site, query, rows, options):
    html = site.get(f"{SEED}/{query}").content.decode()
    document = document_of(site, f"{SEED}.json{query}")
    lines = rows_of(site, f"{SEED}.csv{query}")
    names = re.findall(r'<tr(?: class="own")?>\s*<th scope="row"><a href="/benchmarks/([^/]+)/">', html)
    assert document["options"] == options
    assert names == [row["slug"] for row in document["benchmarks"]]
    for model in document["models"]:
        assert names == [
            line["item"] for line in lines if line["part"] == "benchmark" and line["model"] == model["slug"]
        ]
    assert len(names) == rows
    front = document["readings"][document["reading"]]["figures"].values()
    assert re.findall(r'<p class="num">(\d+)', html) == [each["text"] for each in front]


def test_leaderboard_twins_keep_order_filters_and_reading(site):
    query = "?weights=open&sort=-average&reading=tested"
    html = site.get(f"/leaderboard/{query}").content.decode()
    shown = re.findall(r'<th scope="row"><a href="/models/([^/]+)/">', html)
    document, lines = document_of(site, f"/leaderboard.json{query}"), rows_of(site, f"/leaderboard.csv{query}")
    assert shown == [row["slug"] for row in document["models"]] == [line["model"] for line in lines]
    assert (document["reading"], document["options"]) == (
        "tested",
        {"weights": "open", "sort": "-average", "reading": "tested"},
    )


def test_twin_is_of_the_day_that_its_page_is_of(site):
    asked = f"?as_of={TODAY - datetime.timedelta(days=400)}"
    for path in (SEED, THREE, "/leaderboard", "/models/gpt-4-1", "/benchmarks/gpqa"):
        document = document_of(site, f"{path}.json{asked}")
        html = site.get(f"{path}/{asked}").content.decode()
        assert (document["note"] is None) == ("?as_of=" in html)
        assert document["note"] is None or escape(document["note"]) in html
        assert faults_of(TWINNED[path], document) == []


def test_links_to_twins_keep_the_day_of_the_page(site):
    html = site.get(f"{SEED}/?as_of={timezone.localdate()}&show=shared").content.decode()
    (link,) = re.findall(rf'<a href="({SEED}\.json[^"]*)"', html)
    assert link == f"{SEED}.json?show=shared&amp;as_of={timezone.localdate()}"
    assert document_of(site, unescape(link))["options"] == {"show": "shared", "as_of": f"{timezone.localdate()}"}


def test_empty_leaderboard_has_its_columns_and_no_rows(site):
    nobody = Creator.objects.create(slug="nobody", name="Nobody")
    query = f"?creator={nobody.slug}"
    assert document_of(site, f"/leaderboard.json{query}")["models"] == []
    header = site.get(f"/leaderboard.csv{query}").content.decode().splitlines()
    assert header == site.get("/leaderboard.csv").content.decode().splitlines()[:1]


def test_csv_has_a_row_for_each_model_and_benchmark_and_empty_cells_for_the_unknown(site):
    lines = {
        (line["model"], line["item"]): line for line in rows_of(site, f"{SEED}.csv") if line["part"] == "benchmark"
    }
    assert len(lines) == 40
    known, unknown = lines["gpt-4-1", "gpqa"], lines["gpt-4-1", "livecodebench"]
    names = ("value", "value_displayed", "unit", "source_kind", "reported_on", "unconfirmed")
    assert [known[name] for name in names] == ["66.3", "66.3%", "percent", "vendor", "2025-04-14", "no"]
    assert [unknown[name] for name in names] == ["", "", "percent", "", "", ""]


def test_model_csv_has_every_result_with_its_source(site):
    model = LanguageModel.objects.get(slug="gpt-4-1")
    lines = rows_of(site, "/models/gpt-4-1.csv")
    assert len(lines) == Score.objects.published().of([model]).count()
    assert [line["source_url"] for line in lines if line["benchmark"] == "gpqa" and line["is_shown"] == "yes"] == [
        "https://openai.com/index/gpt-4-1/"
    ]


def test_twins_are_read_by_as_many_queries_for_one_row_as_for_many(site, django_assert_max_num_queries):
    for path, most in (
        (SEED, 14),
        ("/leaderboard", 6),
        ("/models/gpt-4-1", 8),
        ("/benchmarks/gpqa", 5),
        ("/changes", 3),
    ):
        site.get(f"{path}.json")
        with django_assert_max_num_queries(most):
            site.get(f"{path}.json")


# --- text that hurts ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+18.0", "'+18.0"),
        ("-5%", "'-5%"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\t=1", "'\t=1"),
        ("\r1", "'\r1"),
        ("＝1", "'＝1"),
        ("plain = text", "plain = text"),
        ("61%", "61%"),
        (-5, -5),
        (-0.25, -0.25),
        (True, "yes"),
        (False, "no"),
        (None, None),
    ],
)
def test_csv_cell_never_starts_a_formula(value, cell):
    assert twins.csv_cell(value) == cell


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("GPT-4.1", "GPT-4.1"),
        ("1.5 points", "1.5 points"),
        ("a|b", r"a\|b"),
        ("<b>*x*_y_`z`", r"\<b\>\*x\*\_y\_\`z\`"),
        ("[a](b)", r"\[a\](b)"),
        ("# head", r"\# head"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("---", r"\---"),
        ("two\nlines\u2028three", "two lines three"),
        ("a\\b", r"a\\b"),
        ("&lt;", r"\&lt;"),
    ],
)
def test_markdown_text_stays_text(value, written):
    assert markdown.text(value) == written


def test_markdown_link_is_closed_whatever_its_address_holds():
    assert markdown.link("a]b", "https://x/<y>\n(z)") == r"[a\]b](<https://x/%3Cy%3E(z)>)"


def test_figure_is_its_text_and_remembers_its_value():
    figure = Figure("+1.5", 1.5)
    assert (figure, figure.value, f"{figure}", bool(Figure("", 0))) == ("+1.5", 1.5, "+1.5", False)


# --- what the data page hands out -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", twins.SCHEMAS)
def test_schema_is_served_and_is_one(site, name):
    response = site.get(f"/data/schemas/{name}.json")
    schema = json.loads(response.content)
    Draft202012Validator.check_schema(schema)
    assert (
        response.status_code,
        response.headers["Content-Type"],
        response.headers["Access-Control-Allow-Origin"],
    ) == (
        200,
        "application/schema+json",
        "*",
    )
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_schema_that_is_none_is_not_found(site):
    assert [site.get(f"/data/schemas/{name}.json").status_code for name in ("nope", "../pair", "..%2fpair")] == [
        404
    ] * 3


@pytest.mark.parametrize("name", [name for name in twins.SCHEMAS if name != "parts"])
def test_schema_requires_every_field_that_it_names(name):
    def loose(schema: object) -> list:
        if isinstance(schema, list):
            return [fault for each in schema for fault in loose(each)]
        if not isinstance(schema, dict):
            return []
        own = (
            [schema]
            if "type" in schema and set(schema.get("properties", ())) != set(schema.get("required", ()))
            else []
        )
        return own + [fault for each in schema.values() for fault in loose(each)]

    assert loose(json.loads(twins.schema(name))) == []


def test_data_page_explains_every_twin_with_an_example_that_is_there(site):
    html = site.get("/data/").content.decode()
    links = re.findall(r'href="(/[^"#]+\.(?:json|csv|md|zip))"', html)
    assert {site.get(link).status_code for link in links} == {200}
    assert {f"/data/schemas/{name}.json" for name in twins.SCHEMAS} <= set(links)
    assert len([link for link in links if not link.startswith("/data/")]) == 3 * len(TWINNED)


def test_catalogue_archive_is_the_published_catalogue_and_loads(site, tmp_path):
    response = site.get("/data/catalogue.zip")
    assert (response.headers["Content-Type"], response.headers["Content-Disposition"]) == (
        "application/zip",
        'attachment; filename="catalogue.zip"',
    )
    (tmp_path / "catalogue.zip").write_bytes(response.content)
    report = import_folder(tmp_path / "catalogue.zip", today=TODAY, dry_run=True)
    assert (report.faults, report.differences) == ((), ())
    with zipfile.ZipFile(tmp_path / "catalogue.zip") as archive:
        for name in TABLES:
            assert archive.read(f"{name}.csv").decode() == site.get(f"/data/{name}.csv").content.decode()
    assert site.get("/data/catalogue.zip").content == response.content
