"""What search engines and other crawlers read: sitemaps, robots.txt, llms.txt, security.txt, structured data."""

import json
import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from comparisons import linked, plain, sitemaps
from comparisons.models import Benchmark, Creator, FeaturedPair, LanguageModel, Score

SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
KINDS = ["static", "models", "benchmarks", "categories", "pairs"]


def listed(kind: str) -> list[str]:
    """The paths of a sitemap."""
    return [page.path for page in sitemaps.sections()[kind].items()]


def locations(client: Client, address: str) -> list[str]:
    response = client.get(address)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/xml")
    return [each.text for each in ElementTree.fromstring(response.content).iter(f"{NAMESPACE}loc")]


def days(client: Client, address: str) -> dict[str, str | None]:
    """The last change of each page of a sitemap, by path."""
    root = ElementTree.fromstring(client.get(address).content)
    return {
        url.findtext(f"{NAMESPACE}loc").removeprefix(settings.SITE_URL): url.findtext(f"{NAMESPACE}lastmod")
        for url in root
    }


def linked_data(client: Client, path: str) -> dict[str, dict]:
    """The nodes of a page by type."""
    html = client.get(path).content.decode()
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(block)
    assert data["@context"] == "https://schema.org"
    return {node["@type"]: node for node in data["@graph"]}


# --- sitemaps -------------------------------------------------------------------------------------------------------
def test_index_names_a_sitemap_of_each_kind_under_the_public_address(site):
    found = site.get("/sitemap.xml", headers={"host": "localhost"})
    assert re.findall("<loc>(.*?)</loc>", found.content.decode()) == [
        f"{settings.SITE_URL}/sitemap-{kind}.xml" for kind in KINDS
    ]
    assert [site.get(f"/sitemap-{name}.xml").status_code for name in ("nope", "pairs")] == [404, 200]
    assert [site.get(f"/sitemap-pairs.xml?p={part}").status_code for part in ("2", "x", "1")] == [404, 404, 200]


@pytest.mark.parametrize("kind", KINDS)
def test_listed_page_answers_may_be_indexed_and_is_canonical(site, kind):
    found = locations(site, f"/sitemap-{kind}.xml")
    assert found == [settings.SITE_URL + path for path in listed(kind)]
    assert len(found) == len(set(found)) > 0
    for address in found[:: len(found) // 5 or 1]:
        response = site.get(address.removeprefix(settings.SITE_URL))
        html = response.content.decode()
        assert (response.status_code, "noindex" in html) == (200, False), address
        assert f'<link rel="canonical" href="{address}">' in html


def test_models_benchmarks_and_categories_are_listed_whole(site):
    rules = plain.rulebook()
    expected = {
        "models": [f"/models/{slug}/" for slug in LanguageModel.objects.published().values_list("slug", flat=True)],
        "benchmarks": [f"/benchmarks/{slug}/" for slug in rules.benchmarks],
        "categories": [f"/leaderboard/{category.slug}/" for category in rules.categories],
    }
    for kind, paths in expected.items():
        assert sorted(listed(kind)) == sorted(paths)


def test_pair_is_listed_where_its_own_page_may_be_indexed(site):
    found = set(listed("pairs"))
    slugs = sorted(LanguageModel.objects.published().values_list("slug", flat=True))
    for a, b in list(combinations(slugs, 2))[::700]:
        path = f"/compare/{a}-vs-{b}/"
        is_indexed = "noindex" not in site.get(path).content.decode()
        assert (path in found) == is_indexed, path
    assert SEED in found


def test_featured_pair_is_listed_until_one_of_it_is_withdrawn(site):
    maker = Creator.objects.get(slug="openai")
    a, b = (
        LanguageModel.objects.create(slug=slug, name=slug, creator=maker, status="published") for slug in ("aa", "bb")
    )
    assert "/compare/aa-vs-bb/" not in listed("pairs")
    FeaturedPair.objects.create(first=a, second=b)
    assert "/compare/aa-vs-bb/" in listed("pairs")
    b.status = "withdrawn"
    b.save()
    assert "/compare/aa-vs-bb/" not in listed("pairs")


def test_draft_is_in_no_sitemap(site):
    LanguageModel.objects.filter(slug="gpt-4-1").update(status="draft")
    assert [path for kind in KINDS for path in listed(kind) if "gpt-4-1/" in path] == []


def test_last_change_is_that_of_the_data_shown(site):
    before = days(site, "/sitemap-models.xml")
    score = Score.objects.published().get(model__slug="gpt-4-1", benchmark__slug="gpqa")
    score.value += 1
    score.save()
    entry = score.history.first()
    entry.history_date = entry.history_date.replace(year=entry.history_date.year + 1)
    entry.save()
    score.benchmark.save()
    later = f"{entry.history_date:%Y-%m-%d}"
    after = days(site, "/sitemap-models.xml")
    assert {path for path, day in after.items() if day != before[path]} == {"/models/gpt-4-1/"}
    assert (after["/models/gpt-4-1/"], days(site, "/sitemap-benchmarks.xml")["/benchmarks/gpqa/"]) == (later, later)
    found = {page.path: page.changed for page in sitemaps.sections()["pairs"].items()}
    assert {path for path, at in found.items() if f"{at:%Y-%m-%d}" == later} == {
        path for path in found if "gpt-4-1/" in path or "/gpt-4-1-vs" in path
    }


def test_more_pairs_than_a_sitemap_may_hold_stand_in_parts(site):
    """330 models that took the same three tests of two categories: 54,285 pairs beside those of the catalogue."""
    maker = Creator.objects.get(slug="openai")
    rows = [LanguageModel(slug=f"many-{n}", name=f"Many {n}", creator=maker, status="published") for n in range(330)]
    LanguageModel.objects.bulk_create(rows)
    tests = Benchmark.objects.filter(slug__in=("gpqa", "mmlu-pro", "swe-bench-verified"))
    assert len({test.category_id for test in tests}) == 2
    Score.objects.bulk_create(
        Score(model=row, benchmark=test, value=50, source_kind="vendor", source_url="https://e.example/")
        for row in rows
        for test in tests
    )
    pairs = sitemaps.sections()["pairs"]
    many = [page for page in pairs.items() if page.path.count("many-") == 2]
    whole, last = divmod(len(pairs.items()), pairs.limit)
    assert (len(many), pairs.limit <= 50_000) == (54_285, True)
    address = f"{settings.SITE_URL}/sitemap-pairs.xml"
    index = re.findall("<loc>(.*?)</loc>", site.get("/sitemap.xml").content.decode())
    assert index[-whole - 1 :] == [address, *(f"{address}?p={part}" for part in range(2, whole + 2))]
    assert len(locations(site, f"/sitemap-pairs.xml?p={whole + 1}")) == last


# --- robots.txt, llms.txt, security.txt -----------------------------------------------------------------------------
def matches(rule: str, address: str) -> bool:
    return re.match(re.escape(rule).replace(r"\*", ".*"), address) is not None


def test_robots_turn_away_from_views_of_a_page_and_from_nothing_that_is_listed(site):
    response = site.get("/robots.txt")
    rules = re.findall(r"^Disallow: (.+)$", response.content.decode(), re.MULTILINE)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in response.content.decode()
    kept_away = [
        f"{SEED}?show=shared",
        f"{SEED}?flip=1&rows=diff",
        f"{SEED}?w=coding:3",
        "/pricing/?in=100",
        "/search/?q=x",
        "/admin/",
        "/newsletter/confirm/abc/",
    ]
    assert [address for address in kept_away if not any(matches(rule, address) for rule in rules)] == []
    found = [path for kind in KINDS for path in listed(kind)]
    hidden = ["/compare/aa-vs-bb/", "/sitemap-pairs.xml?p=2", f"{SEED[:-1]}.json", f"{SEED[:-1]}.png", "/compare/?a=x"]
    assert [address for address in found + hidden if any(matches(rule, address) for rule in rules)] == []


def test_robots_name_crawlers_that_the_operator_turns_away(site, settings):
    assert site.get("/robots.txt").content.decode().count("User-agent") == 1
    settings.BLOCKED_CRAWLERS = ["GPTBot", "CCBot"]
    settings.ADMIN_PATH = "somewhere-else/"
    text = site.get("/robots.txt").content.decode()
    assert text.startswith("User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: *\nDisallow: /*?*show=\n")
    assert ("/admin/" in text, "somewhere" in text) == (False, False)


def test_llms_text_leads_to_files_that_are_there(site):
    text = site.get("/llms.txt").content.decode()
    links = re.findall(rf"\({settings.SITE_URL}(/[^)]*)\)", text)
    assert text.startswith("# BenchLM\n\n> ")
    assert len(links) == 8
    assert [site.get(link).status_code for link in links] == [200] * 8


def test_security_text_names_the_contact_where_there_is_one(site, settings):
    settings.CONTACT_URL = ""
    assert site.get("/.well-known/security.txt").status_code == 404
    settings.CONTACT_URL = "mailto:security@example.org?subject=a&body=b"
    text = site.get("/.well-known/security.txt").content.decode()
    assert re.fullmatch(
        r"Contact: mailto:security@example\.org\?subject=a&body=b\nExpires: 20\d\d-\d\d-\d\dT00:00:00Z\n"
        rf"Preferred-Languages: en\nCanonical: {settings.SITE_URL}/\.well-known/security\.txt\n",
        text,
    )


# --- structured data ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "types", "crumbs"),
    [
        ("/", ["WebSite", "Organization"], None),
        (SEED, ["BreadcrumbList", "WebPage"], ["BenchLM", "Compare", "Gemma 4 31B vs GPT-4.1"]),
        ("/leaderboard/", ["BreadcrumbList", "ItemList"], ["BenchLM", "Leaderboard of language models"]),
        (
            "/leaderboard/coding/",
            ["BreadcrumbList", "WebPage", "ItemList"],
            ["BenchLM", "Leaderboard", "Coding leaderboard"],
        ),
        ("/models/", ["BreadcrumbList"], ["BenchLM", "Models"]),
        ("/models/gpt-4-1/", ["BreadcrumbList", "WebPage"], ["BenchLM", "Models", "GPT-4.1"]),
        ("/benchmarks/gpqa/", ["BreadcrumbList", "Dataset"], ["BenchLM", "Benchmarks", "GPQA"]),
        ("/methodology/", ["BreadcrumbList"], ["BenchLM", "Methodology"]),
        ("/data/", ["BreadcrumbList", "Dataset", "Organization"], ["BenchLM", "Data"]),
        ("/newsletter/", ["BreadcrumbList"], ["BenchLM", "Weekly email"]),
    ],
)
def test_page_says_what_it_is_and_where_it_stands(site, path, types, crumbs):
    nodes = linked_data(site, path)
    assert list(nodes) == types
    if crumbs:
        items = nodes["BreadcrumbList"]["itemListElement"]
        assert [item["name"] for item in items][:-1] == crumbs[:-1]
        assert items[-1]["item"] == settings.SITE_URL + path
        if path != "/newsletter/":
            assert items[-1]["name"] == crumbs[-1]


def test_pair_is_about_its_models_and_dated_as_its_coverage_line_says(site):
    assert linked_data(site, f"{SEED}?flip=1&show=shared")["WebPage"] == {
        "@type": "WebPage",
        "name": "GPT-4.1 vs Gemma 4 31B: benchmarks, price and context compared",
        "url": f"{settings.SITE_URL}{SEED}",
        "about": [{"@type": "Thing", "name": "GPT-4.1"}, {"@type": "Thing", "name": "Gemma 4 31B"}],
        "isPartOf": {"@id": f"{settings.SITE_URL}/#site"},
        "dateModified": "2026-04-07",
    }


def test_list_is_in_the_order_of_the_page(site):
    html = site.get("/leaderboard/coding/").content.decode().partition(">Not ranked<")[0]
    shown = re.findall(r'<th scope="row"><a href="(/models/[^"]+)">', html)
    items = linked_data(site, "/leaderboard/coding/")["ItemList"]["itemListElement"]
    assert [item["url"] for item in items] == [settings.SITE_URL + path for path in shown]


def test_files_of_a_dataset_are_there(site):
    for path in ("/data/", "/benchmarks/gpqa/"):
        node = linked_data(site, path)["Dataset"]
        files = [each["contentUrl"].removeprefix(settings.SITE_URL) for each in node["distribution"]]
        assert [site.get(file).status_code for file in files] == [200] * len(files)
        assert (node["license"], 50 <= len(node["description"]) <= 5_000) == (
            f"{settings.SITE_URL}/data/#licence",
            True,
        )


def test_no_page_claims_to_be_a_product_or_a_review(site):
    banned = {"FAQPage", "Product", "Review", "AggregateRating", "SoftwareApplication", "HowTo"}
    for path in ("/", SEED, "/leaderboard/", "/models/gpt-4-1/", "/benchmarks/gpqa/", "/pricing/"):
        assert banned & set(re.findall(r'"@type": "(\w+)"', site.get(path).content.decode())) == set()


def test_error_pages_carry_no_structured_data(site):
    assert "ld+json" not in site.get("/nope/").content.decode()


def test_names_cannot_end_the_block_of_data():
    name = "</script><script>alert(1)</script> & \u2028 <!--"
    block = linked.script([{"@type": "Thing", "name": name}])
    assert block.count("<") == block.count(">") == 2
    assert ("&" in block, "\u2028" in block) == (False, False)
    assert json.loads(block.partition(">")[2].removesuffix("</script>"))["@graph"][0]["name"] == name
