"""What pages say to search engines about themselves, in the vocabulary of schema.org: names, dates and places in the site, no ratings."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from comparisons.links import TWINS, twin_address
from comparisons.listings import Standing
from comparisons.plain import Whole
from comparisons.scoring import Category, Result

Node = dict[str, object]
SITE = {"@type": "WebSite", "@id": f"{settings.SITE_URL}/#site", "name": "BenchLM", "url": f"{settings.SITE_URL}/"}
ORGANIZATION = {
    "@type": "Organization",
    "@id": f"{settings.SITE_URL}/#organization",
    "name": "BenchLM",
    "url": f"{settings.SITE_URL}/",
}
ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def script(nodes: Sequence[Node]) -> SafeString:
    """The nodes as a block of data that no text in them can end."""
    graph = json.dumps({"@context": "https://schema.org", "@graph": list(nodes)}, ensure_ascii=False)
    return mark_safe(f'<script type="application/ld+json">{graph.translate(ESCAPES)}</script>')  # noqa: S308


def breadcrumbs(path: str, title: str) -> list[Node]:
    """Where a page stands below the first one; of its title what is before a colon."""
    section, *below = path.strip("/").split("/")
    if not section or not title:
        return []
    steps = [("BenchLM", "/"), (section.capitalize(), f"/{section}/"), (title.partition(": ")[0], path)]
    steps = steps if below else [steps[0], steps[2]]
    return [
        {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": place, "name": name, "item": settings.SITE_URL + address}
                for place, (name, address) in enumerate(steps, start=1)
            ],
        }
    ]


def web_page(path: str, title: str, about: Iterable[str], changed: datetime.date | None) -> Node:
    """A page with what it is about, by name alone: a benchmark index is no review of a product."""
    dated = {"dateModified": changed.isoformat()} if changed else {}
    return {
        "@type": "WebPage",
        "name": title,
        "url": settings.SITE_URL + path,
        "about": [{"@type": "Thing", "name": name} for name in about],
        "isPartOf": {"@id": SITE["@id"]},
        **dated,
    }


def item_list(title: str, rows: Sequence[Standing]) -> Node:
    """Ranked models in the order of the page."""
    return {
        "@type": "ItemList",
        "name": title,
        "numberOfItems": len(rows),
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": row.name, "url": settings.SITE_URL + row.url}
            for place, row in enumerate(rows, start=1)
        ],
    }


def leaderboard(path: str, title: str, rows: Sequence[Standing], whole: Whole, category: Category | None) -> list[Node]:
    """The ranking; for a category the page about it too."""
    listed = item_list(title, rows)
    if category is None:
        return [listed]
    board = "newest", category.slug
    if board not in whole.worked_out:
        whole.worked_out[board] = newest(results_in(whole, category))
    return [web_page(path, title, [category.name], whole.worked_out[board]), listed]


def dataset(
    path: str, title: str, description: str, files: Iterable[tuple[str, str]], changed: datetime.date | None
) -> Node:
    """Figures that can be taken as files: (address, media type) of each."""
    dated = {"dateModified": changed.isoformat()} if changed else {}
    return {
        "@type": "Dataset",
        "name": title,
        "description": description,
        "url": settings.SITE_URL + path,
        "license": f"{settings.SITE_URL}/data/#licence",
        "isAccessibleForFree": True,
        "creator": {"@id": ORGANIZATION["@id"]},
        "distribution": [
            {"@type": "DataDownload", "contentUrl": settings.SITE_URL + address, "encodingFormat": media}
            for address, media in files
        ],
        **dated,
    }


def twin_files(path: str) -> list[tuple[str, str]]:
    return [(twin_address(path, suffix), media) for suffix, (_, media) in TWINS.items()]


def newest(results: Iterable[Result]) -> datetime.date | None:
    """The last day on which one of the results was checked, or reported where that is not known."""
    days = (result.checked_on or result.reported_on for result in results)
    return max((day for day in days if day), default=None)


def results_in(whole: Whole, category: Category) -> list[Result]:
    """Every result on record of a category."""
    return [
        result
        for card in whole.cards.values()
        for slug, cell in card.cells.items()
        if whole.rules.benchmarks[slug].category == category.slug
        for result in cell.results
    ]
