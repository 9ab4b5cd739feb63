"""One result, many renderings: a pair's page, its JSON, CSV, Markdown and picture say the same figures of the same things."""

import csv
import io
import json
import random
import re
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from django.test import Client

from comparisons.models import Benchmark, Change, Creator, LanguageModel, Offer, Score

SEED = "/compare/gemma-4-31b-vs-gpt-4-1"
Figures = dict[
    tuple[str, str], tuple[str, str]
]  # part and name of a line: the texts of both models, empty where unknown


class Tables(HTMLParser):
    """The rows of a page's tables by the first class of the table; of each cell the text before its small print."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.table, self.skipped, self.numbers = "", 0, []
        self.in_cell = self.in_number = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "table":
            self.table = given.get("class", "").split(" ")[0]
            self.rows.setdefault(self.table, [])
        if tag == "tr" and self.table:
            self.rows[self.table].append([])
        if tag in ("th", "td"):
            self.rows[self.table][-1].append("")
            self.in_cell = True
        if given.get("class") == "num":
            self.numbers.append("")
            self.in_number = True
        self.skipped += tag in ("small", "details", "span", "svg")

    def handle_endtag(self, tag):
        self.skipped -= tag in ("small", "details", "span", "svg")
        if tag in ("th", "td"):
            self.in_cell = False
        if tag == "p":
            self.in_number = False

    def handle_data(self, text):
        if self.in_cell and (not self.skipped or (len(self.rows[self.table][-1]) == 1 and self.skipped == 1)):
            self.rows[self.table][-1][-1] += text.strip() if not self.rows[self.table][-1][-1] else ""
        if self.in_number and not self.skipped:
            self.numbers[-1] += text.strip()


def of_page(html: str) -> Figures:
    tables = Tables(html)
    found = {("front", ""): tuple(tables.numbers)}
    has_estimates = len(tables.rows["cats"][0]) == 7
    for name, *cells in tables.rows["cats"][1:]:
        found["average", name] = tuple(cells[-3:-1])
        if has_estimates:
            found["estimate", name] = tuple(cells[:2])
    for name, *cells in (row for row in tables.rows.get("bench", [])[1:] if len(row) == 4):
        if not name.startswith("Weighted"):
            found["score", name] = tuple(cells[:2])
    for name, *cells in tables.rows["trade"][1:]:
        found["tradeoff", name] = tuple(cells[:2])
    return found


def of_json(text: str) -> Figures:
    document = json.loads(text)
    slugs = [model["slug"] for model in document["models"]]

    def texts(figures: dict) -> tuple[str, ...]:
        return tuple((figures[slug] or {}).get("text") or "" for slug in slugs)

    found = {("front", ""): texts(document["readings"][document["reading"]]["figures"])}
    for each in document["categories"]:
        found["average", each["name"]] = texts(each["averages"])
        if each["estimates"]:
            found["estimate", each["name"]] = texts(each["estimates"])
    found |= {("score", each["name"]): texts(each["scores"]) for each in document["benchmarks"]}
    found |= {("tradeoff", each["label"]): texts(each["values"]) for each in document["tradeoffs"]}
    return found


PARTS = {
    "category average": "average",
    "category estimate": "estimate",
    "benchmark": "score",
    "tradeoff": "tradeoff",
}


def of_csv(text: str, reading: str) -> Figures:
    lines = list(csv.DictReader(io.StringIO(text)))
    found: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        shown = re.sub(r"^'(?=[-+=@])", "", line["value_displayed"])
        if line["part"] in PARTS:
            found.setdefault((PARTS[line["part"]], line["name"]), []).append(shown)
        elif line["item"] == reading:
            found.setdefault(("front", ""), []).append(shown)
    return {key: tuple(texts) for key, texts in found.items()}


def of_markdown(text: str, document: dict) -> Figures:
    found, part = {}, ""
    title = document["readings"][document["reading"]]["title"]
    labels = {f"{each['name']} ({each['remark']})": each["name"] for each in document["benchmarks"] if each["remark"]}
    for line in text.splitlines():
        part = line.removeprefix("## ") if line.startswith("## ") else part
        if not line.startswith("| ") or line.startswith("| ---"):
            continue
        cells = [bare(cell) for cell in re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"))]
        if part == "" and cells[0] == title:
            found["front", ""] = tuple(cells[1:3])
        elif part == "By category" and cells[0] != "Category":
            found["average", cells[0]] = tuple(cells[1:3])
            if len(cells) == 6:
                found["estimate", cells[0]] = tuple(cells[3:5])
        elif part == "Every benchmark" and cells[0] != "Category":
            label = re.sub(r"\\(.)", r"\1", line.split(" | ")[1])
            found["score", labels.get(label, label)] = tuple(cells[2:4])
        elif part == "Operator tradeoffs" and cells[0] != "Property":
            found["tradeoff", cells[0].removesuffix(", per 1M tokens")] = tuple(cells[1:3])
    return found


def bare(cell: str) -> str:
    """The figure of a cell: without link, bold type, escapes and the brackets after it."""
    text = re.sub(r"\[((?:\\.|[^\]])*)\]\(<[^>]*>\)", r"\1", cell).replace("**", "")
    text = re.sub(r"\\(.)", r"\1", re.sub(r" \(.*\)$", "", text))
    return "" if text == "–" else text


def compared(site: Client, path: str, query: str) -> tuple[Figures, Figures, Figures, Figures]:
    """The figures of the page and of its three twins; words for what is missing count as nothing, and lines of nothing are left out."""
    document = json.loads(site.get(f"{path}.json{query}").content)
    missing = {value["missing"] for row in document["tradeoffs"] for value in row["values"].values()} | {
        "no figure",
        "no score",
        "no estimate",
    }
    found = (
        of_page(site.get(f"{path}/{query}").content.decode()),
        of_json(json.dumps(document)),
        of_csv(site.get(f"{path}.csv{query}").content.decode(), document["reading"]),
        of_markdown(site.get(f"{path}.md{query}").content.decode(), document),
    )
    return tuple(
        {
            key: tuple("" if text in missing else text for text in texts)
            for key, texts in each.items()
            if not missing.union([""]).issuperset(texts)
        }
        for each in found
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?flip=1&reading=shared",
        "?sources=confirmed&reading=tested&show=all",
        "?sources=independent",
        "?w=coding:9&show=shared&rows=diff",
    ],
)
def test_page_and_twins_say_the_same_figures(site, query):
    page, *twins = compared(site, SEED, query)
    assert len(page) >= 10
    assert [twin == page for twin in twins] == [True] * 3, [
        {key: (twin.get(key), page.get(key)) for key in twin.keys() | page.keys() if twin.get(key) != page.get(key)}
        for twin in twins
    ]


def test_pages_and_twins_of_many_pairs_say_the_same_figures(site):
    slugs = sorted(LanguageModel.objects.published().values_list("slug", flat=True))
    draw, faults = random.Random(11), {}
    for _ in range(8):
        path = f"/compare/{'-vs-'.join(sorted(draw.sample(slugs, 2)))}"
        page, *twins = compared(site, path, "")
        faults[path] = [
            {key: (twin.get(key), page.get(key)) for key in twin.keys() | page.keys() if twin.get(key) != page.get(key)}
            for twin in twins
        ]
    assert {path: found for path, found in faults.items() if any(found)} == {}


def test_picture_says_what_the_page_leads_with(site):
    slugs = sorted(LanguageModel.objects.published().values_list("slug", flat=True))
    draw = random.Random(12)
    for path in [SEED, *(f"/compare/{'-vs-'.join(sorted(draw.sample(slugs, 2)))}" for _ in range(6))]:
        html = site.get(f"{path}/").content.decode()
        document = json.loads(site.get(f"{path}.json").content)
        svg = ElementTree.fromstring(site.get(f"{path}.svg").content)
        texts = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text")]
        front = document["readings"][document["reading"]]
        figures = [(front["figures"][model["slug"]] or {"text": "no figure"})["text"] for model in document["models"]]
        assert [text for text in texts if text in figures] == figures == Tables(html).numbers or "no figure" in figures
        assert texts[-1] == document["coverage"]["text"]
        assert [text for text in texts if front["said"] in text] != [], path
        assert (front["call"] in texts) == (front["leader"] is not None)


def test_displayed_figures_are_the_stored_ones_rounded(site):
    document = json.loads(site.get(f"{SEED}.json").content)
    for each in document["categories"]:
        for figure in filter(None, each["averages"].values()):
            assert abs(figure["value"] - float(figure["text"])) <= 0.05 + 1e-9
        for figure in each["estimates"].values():
            low, high = map(float, figure["range"].split(" to "))
            pairs = [(figure["value"], float(figure["text"])), (figure["low"], low), (figure["high"], high)]
            assert max(abs(stored - shown) for stored, shown in pairs) <= 0.5
    for row in document["benchmarks"]:
        for score in filter(None, row["scores"].values()):
            assert float(score["text"].removesuffix("%")) == score["value"]


# --- text that hurts ------------------------------------------------------------------------------------------------
HOSTILE = "=HYPERLINK(1)<script>alert(1)</script>|[x](javascript:y) & \"'`\u2028]]>"
NAME = HOSTILE[:60]


@pytest.fixture
def hostile(site):
    """The seed pair with text that hurts wherever a curator can write any."""
    LanguageModel.objects.filter(slug="gpt-4-1").update(name=NAME, short_name=NAME[:14])
    Creator.objects.filter(slug="openai").update(name=NAME)
    Benchmark.objects.filter(slug="gpqa").update(name=NAME, description=HOSTILE)
    Score.objects.filter(model__slug="gpt-4-1", benchmark__slug="gpqa").update(note=HOSTILE, setting=NAME)
    Offer.objects.filter(model__slug="gpt-4-1").update(host=NAME)
    Change.objects.create(kind="price_added", subject=NAME, old="", new=HOSTILE, reason=HOSTILE)
    return site


TWINNED = [
    SEED,
    "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1",
    "/leaderboard",
    "/models/gpt-4-1",
    "/benchmarks/gpqa",
    "/changes",
]


@pytest.mark.parametrize("path", TWINNED)
def test_hostile_text_stays_text_in_every_twin(hostile, path):
    assert NAME in json.dumps(json.loads(hostile.get(f"{path}.json").content), ensure_ascii=False).replace('\\"', '"')
    rows = list(csv.reader(io.StringIO(hostile.get(f"{path}.csv").content.decode(), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "@") or re.match(r"-\D", cell)] == []
    assert any("HYPERLINK" in cell for row in rows for cell in row) or path in (SEED, TWINNED[1])
    text = hostile.get(f"{path}.md").content.decode()
    bare_text = re.sub(r"\\.", "", re.sub(r"\]\(<[^<>\n]*>\)", "](L)", text))
    assert "HYPERLINK" in text
    assert re.findall(r"<|\]\((?!L\))", bare_text) == []
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        lines = [re.sub(r"\\.", "", line) for line in table.splitlines()]
        assert {line.count("|") for line in lines} == {lines[0].count("|")}


@pytest.mark.parametrize("path", TWINNED)
def test_hostile_text_stays_text_in_page_and_structured_data(hostile, path):
    html = hostile.get(f"{path}/").content.decode()
    assert "<script>alert" not in html
    assert "javascript:y)" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', html))
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert not re.search("[<>&\u2028]", block)
    assert json.loads(block)["@context"] == "https://schema.org"


def test_hostile_text_stays_text_in_feeds_and_picture(hostile):
    for address in ("/changes.atom", f"{SEED}.svg", "/sitemap-models.xml"):
        response = hostile.get(address)
        assert response.status_code == 200
        texts = [each.text or "" for each in ElementTree.fromstring(response.content).iter()]
        assert address == "/sitemap-models.xml" or any("HYPERLINK" in text for text in texts)
        assert b"<script" not in response.content
    assert hostile.get(f"{SEED}.png").content.startswith(b"\x89PNG")
    alt = re.search(r'property="og:image:alt" content="([^"]*)"', hostile.get(f"{SEED}/").content.decode())[1]
    assert " ".join(NAME.split()) in unescape(alt)
