"""The pages that search engines may list, by kind, each with the day on which what it shows last changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap

from comparisons import freshness, plain
from comparisons.models import Benchmark, Category, Change, FeaturedPair, LanguageModel, Offer, Runtime, Score
from comparisons.panels import INDEXED_CATEGORIES, INDEXED_ROWS
from comparisons.querysets import written_at

Moment = datetime.datetime | None


class Listed(NamedTuple):
    path: str
    changed: Moment


class Pages(Sitemap):
    """Pages of one kind under the one public address, whatever host was asked."""

    limit = 10_000  # a sitemap may hold 50,000; of so many, none takes long to write
    protocol, domain = urlsplit(settings.SITE_URL)[:2]

    def __init__(self, pages: Iterable[Listed]) -> None:
        self.pages = list(pages)

    def items(self) -> list[Listed]:
        return self.pages

    def location(self, page: Listed) -> str:
        return page.path

    def lastmod(self, page: Listed) -> Moment:
        return page.changed

    def get_latest_lastmod(self) -> Moment:
        return newest(page.changed for page in self.pages)

    def get_domain(self, site: object = None) -> str:
        return self.domain


_kept: tuple[str, dict[str, Pages]] = ("", {})


def sections() -> dict[str, Pages]:
    """The sitemap of each kind of page, kept by the process until the catalogue changes."""
    global _kept
    version = freshness.version()
    if _kept[0] != version:
        models, tests, categories = changed_models(), changed_benchmarks(), changed_categories()
        whole = newest([*models.values(), *tests.values(), *categories.values()])
        _kept = (
            version,
            {
                "static": Pages(static_pages(whole, newest([*tests.values(), *categories.values()]))),
                "models": Pages(Listed(f"/models/{slug}/", at) for slug, at in models.items()),
                "benchmarks": Pages(Listed(f"/benchmarks/{slug}/", at) for slug, at in tests.items()),
                "categories": Pages(Listed(f"/leaderboard/{slug}/", whole) for slug in categories),
                "pairs": Pages(pairs(models)),
            },
        )
    return _kept[1]


def newest(moments: Iterable[Moment]) -> Moment:
    return max((moment for moment in moments if moment), default=None)


def static_pages(whole: Moment, rules: Moment) -> list[Listed]:
    lists = ("/", "/compare/", "/leaderboard/", "/models/", "/pricing/", "/shortlist/", "/data/")
    log = Change.objects.order_by("-at").values_list("at", flat=True).first()
    return [
        *(Listed(path, whole) for path in lists),
        Listed("/benchmarks/", rules),
        Listed("/methodology/", rules),
        Listed("/changes/", log),
        Listed("/privacy/", None),
    ]


# --- when what a page shows last changed ----------------------------------------------------------------------------
def changed_models() -> dict[str, Moment]:
    """By slug of each published model: its own row, its scores, offers and snapshots."""
    tables = [(LanguageModel, "id"), (Score, "model_id"), (Offer, "model_id"), (Runtime, "model_id")]
    found = [written_at(table.history, column) for table, column in tables]
    rows = LanguageModel.objects.published().order_by("slug").values_list("slug", "pk")
    return {slug: newest(each.get(key) for each in found) for slug, key in rows}


def changed_benchmarks() -> dict[str, Moment]:
    found = [written_at(Benchmark.history, "id"), written_at(Score.history, "benchmark_id")]
    rows = Benchmark.objects.order_by("slug").values_list("slug", "pk")
    return {slug: newest(each.get(key) for each in found) for slug, key in rows}


def changed_categories() -> dict[str, Moment]:
    found = written_at(Category.history, "id")
    return {slug: found.get(key) for slug, key in Category.objects.values_list("slug", "pk")}


# --- pairs ----------------------------------------------------------------------------------------------------------
def pairs(changed: dict[str, Moment]) -> list[Listed]:
    """Pairs of published models that share enough tests, and the featured ones; the rule is that of the pair's own page."""
    rules, taken = plain.rulebook(), {}
    places = {slug: place for place, slug in enumerate(rules.benchmarks)}
    names = dict(LanguageModel.objects.published().values_list("pk", "slug"))
    for key, results in plain.results().items():
        taken[names[key]] = sum({1 << places[slug] for slug, _ in results})
    masks = [
        sum(1 << places[b.slug] for b in rules.benchmarks.values() if b.category == c.slug) for c in rules.categories
    ]
    featured = {
        frozenset(pair)
        for pair in FeaturedPair.objects.values_list("first__slug", "second__slug")
        if {*pair} <= {*changed}
    }
    found = []
    for a, b in combinations(sorted(changed), 2):
        both = taken.get(a, 0) & taken.get(b, 0)
        is_shared = both.bit_count() >= INDEXED_ROWS and sum(both & mask > 0 for mask in masks) >= INDEXED_CATEGORIES
        if is_shared or (featured and frozenset((a, b)) in featured):
            found.append(Listed(f"/compare/{a}-vs-{b}/", newest((changed[a], changed[b]))))
    return found
