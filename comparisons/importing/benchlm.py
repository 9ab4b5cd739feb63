"""BenchLM's public JSON export: its scores, and the models, benchmarks, prices and speeds that it describes itself."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from comparisons.importing.formats import plain_number
from comparisons.importing.names import Known
from comparisons.importing.readers import Reading, is_number, read_json
from comparisons.importing.reading import Fault, UnreadableError
from comparisons.importing.scores import Reported
from comparisons.models import Category, Creator
from comparisons.naming import plain, slugify

FILES = ("models.json", "benchmarks.json", "pricing.json", "speed.json")
HOST = "an unnamed host (BenchLM)"  # of a price: the export does not name who asks it
WEIGHTS = {"Open Weight": "yes", "Proprietary": "no"}
REASONING = {"Reasoning": "yes", "Non-Reasoning": "no", "Hybrid": "hybrid"}
# What the export says in words alone: averages of other tests, and rates of mistakes.
COMPOSITES = {"aaAgenticIndex", "aaCodingIndex", "aaOmniscienceIndex", "artificialAnalysis"}
LOWER_IS_BETTER = {"factualityHallucinationRate", "omniscienceHallucinationRate", "voxPopuliWer"}
RATING_FROM = 500  # figures of which none is lower are ratings


def is_export(files: Mapping[str, bytes]) -> bool:
    return "models.json" in files and set(files) <= {*FILES, "leaderboard.json", "cleaning.json"}


def read_export(files: Mapping[str, bytes], names: Mapping[str, Known], *, status: str = "published") -> Reading:
    """The export by file name; models.json alone gives the scores. Raises UnreadableError where a file is not of the format."""
    found = {name: items_of(name, read_json(name, files[name])) for name in FILES if name in files}
    export = read_json("models.json", files["models.json"])
    day = str(export.get("generatedAt") or "")[:10]
    reading = Reading(f"BenchLM export of {day}" if day else "BenchLM export")
    models, tests = found["models.json"], definitions(found.get("benchmarks.json", ()))
    titles = titles_of(tests)
    texts = {key: text_of(key, tests, titles, names["benchmark"]) for key in {key for _, _, key, _ in figures(models)}}
    called = {str(item["slug"]): name_of(item, names["model"]) for item in models}
    for item, category, key, value in figures(models):
        reading.scores.append(
            Reported(
                f"{item['slug']}, {category}, {key}",
                called[str(item["slug"])],
                texts[key],
                str(value),
                {"source_url": str(item.get("url") or ""), "source_kind": "aggregator", "reported_on": day},
            )
        )
    describe_tests(reading, tests, texts, models, names["benchmark"])
    describe_models(reading, models, called, names["model"], status)
    slugs = {row["slug"] for row in reading.rows["models"]}
    own = {slug: (slug if slug in slugs else names["model"].slug(text)) for slug, text in called.items()}
    describe_prices(reading, found.get("pricing.json", ()), own, models, day, status)
    describe_speeds(reading, found.get("speed.json", ()), own)
    reading.rows = {name: rows for name, rows in reading.rows.items() if rows}
    return reading


def items_of(name: str, found: object) -> list[Mapping]:
    items = found.get("items") if isinstance(found, Mapping) else None
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise UnreadableError(f"{name} is no export of BenchLM: it has no list of items")
    if name == "models.json" and not all(
        isinstance(item.get("benchmarks"), Mapping) and item.get("slug") for item in items
    ):
        raise UnreadableError(f"{name} is no export of BenchLM: a model has no slug or no benchmarks")
    return items


def figures(models: Iterable[Mapping]) -> Iterator[tuple[Mapping, str, str, object]]:
    """(model, category, key of the test, value) of every result."""
    for item in models:
        for category, row in item["benchmarks"].items():
            for key, value in row.items() if isinstance(row, Mapping) else ():
                if value is not None:
                    yield item, category, key, value


# --- names ------------------------------------------------------------------------------------------------------------
def definitions(items: Iterable[Mapping]) -> dict[str, Mapping]:
    """The description of each test by its key; one that is described in two categories counts where the first stands."""
    found: dict[str, Mapping] = {}
    for item in items:
        found.setdefault(str(item.get("benchmarkKey") or ""), item)
    return found


def titles_of(tests: Mapping[str, Mapping]) -> dict[str, str]:
    """A name for each key that no other key has: the short one, else the long one, else one with the key."""
    short = Counter(plain(str(item.get("name") or "")) for item in tests.values())
    long = Counter(plain(str(item.get("fullName") or "")) for item in tests.values())
    titles = {}
    for key, item in tests.items():
        name, full = str(item.get("name") or ""), str(item.get("fullName") or "")
        if name and short[plain(name)] == 1:
            titles[key] = name
        elif full and long[plain(full)] == 1 and plain(full) not in short:
            titles[key] = full
        else:
            titles[key] = f"{name or full} ({key})"
    return {key: " ".join(title.split())[:120] for key, title in titles.items()}


def text_of(key: str, tests: Mapping[str, Mapping], titles: Mapping[str, str], known: Known) -> str:
    """What to call a test: its title, or its key where only that is known here."""
    title = titles.get(key, key)
    return key if known.slug(key) and not known.slug(title) else title


def name_of(item: Mapping, known: Known) -> str:
    """A model's name, or its slug where only that is known here."""
    name, slug = str(item.get("model") or item["slug"]), str(item["slug"])
    return slug if known.slug(slug) and not known.slug(name) else name


# --- what the export describes ----------------------------------------------------------------------------------------
def describe_tests(
    reading: Reading, tests: Mapping[str, Mapping], texts: Mapping[str, str], models: Iterable[Mapping], known: Known
) -> None:
    """Tests that are not known here, with weight 0: the weights of the categories here are not the export's."""
    values: dict[str, list[Decimal]] = defaultdict(list)
    for _, _, key, value in figures(models):
        if is_number(value):
            values[key].append(Decimal(str(value)))
    places = {plain(text): slug for slug, name in Category.objects.values_list("slug", "name") for text in (slug, name)}
    order = Category.objects.count()
    taken = set(known.slugs)
    for key in sorted(texts):
        item = tests.get(key)
        if item is None or known.slug(texts[key]):
            continue
        label = str(item.get("categoryLabel") or item.get("category") or "other")
        if plain(label) not in places:
            order += 1
            places[plain(label)] = slugify(label)
            name = label[:1].upper() + label[1:]
            cells = {"slug": slugify(label), "name": name, "weight": "0", "order": str(order)}
            reading.rows.setdefault("categories", []).append(
                cells | {"description": f"Tests that BenchLM files under {name}."}
            )
        slug = free_slug(slugify(texts[key])[:70].strip("-"), taken)
        reading.rows.setdefault("benchmarks", []).append(
            {
                "slug": slug,
                "name": texts[key],
                "family": slug,
                "category": places[plain(label)],
                "weight": "0",
                "kind": "composite" if key in COMPOSITES else "skill",
                **scale(values[key]),
                "direction": "lower" if key in LOWER_IS_BETTER else "higher",
                "decimals": str(item["decimals"]) if item.get("decimals") in range(5) else "1",
                "items": "",
                "version": "",
                "status": "current",
                "url": str(item.get("paperUrl") or item.get("url") or ""),
                "description": clipped(str(item.get("description") or item.get("fullName") or texts[key]), 140),
            }
        )


def scale(values: list[Decimal]) -> dict[str, str]:
    """Unit and bounds as the figures themselves tell: 0 to 100, a rating, or an index without bounds."""
    if not values or all(0 <= value <= 100 for value in values):
        return {"unit": "percent", "floor": "0", "ceiling": "100"}
    return {"unit": "elo" if min(values) >= RATING_FROM else "index", "floor": "", "ceiling": ""}


def describe_models(
    reading: Reading, models: Iterable[Mapping], called: Mapping[str, str], known: Known, status: str
) -> None:
    """Models that are not known here, and their makers; the page that names a maker stands in for its own."""
    makers = {plain(text): slug for slug, name in Creator.objects.values_list("slug", "name") for text in (slug, name)}
    reading.rows["models"], reading.rows["creators"] = [], []
    for item in models:
        if known.slug(called[str(item["slug"])]):
            continue
        maker = " ".join(str(item.get("creator") or "").split())
        page = str(item.get("url") or "")
        if maker and plain(maker) not in makers:
            makers[plain(maker)] = slugify(maker)
            reading.rows["creators"].append({"slug": slugify(maker), "name": maker, "country": "", "url": page})
        tokens = item.get("contextWindowTokens") or 0
        family = item.get("family") or {}
        reading.rows["models"].append(
            {
                "slug": str(item["slug"]),
                "name": " ".join(str(item.get("model") or "").split()),
                "creator": makers.get(plain(maker), ""),
                "family": str(family.get("familyName") or "")[:80],
                "variant": "",
                "status": status,
                "released_on": str(item.get("releaseDate") or ""),
                "open_weights": WEIGHTS.get(str(item.get("sourceType")), ""),
                "licence": "",
                "reasoning": REASONING.get(str(item.get("reasoningType")), ""),
                "context_window": str(tokens) if tokens else "",
                "max_output": "",
                "knowledge_cutoff": "",
                "input_modalities": "",
                "output_modalities": "",
                "parameters_b": "",
                "active_parameters_b": "",
                "url": page,
                "aliases": "",
            }
        )


def describe_prices(
    reading: Reading, items: Iterable[Mapping], own: Mapping[str, str], models: Iterable[Mapping], day: str, status: str
) -> None:
    is_open = {str(item["slug"]): item.get("sourceType") == "Open Weight" for item in models}
    rows, blank = [], 0
    for item in items:
        slug, prices = (
            str(item.get("slug") or ""),
            [item.get(f"{name}Price") for name in ("input", "output", "cachedInput")],
        )
        if not item.get("hasNumericPricing"):
            blank += 1
        elif not own.get(slug):
            reading.faults.append(Fault("pricing.json", None, str(item.get("model")), "names no model of models.json"))
        elif item.get("isFreePricing") and not is_open.get(slug):
            reading.faults.append(
                Fault(
                    "pricing.json", None, slug, "is free, but the file does not say whether a free tier or self-hosted"
                )
            )
        else:
            rows.append(
                {
                    "model": own[slug],
                    "provider": HOST,
                    "basis": "self_hosted" if item.get("isFreePricing") else "api",
                    **dict(
                        zip(
                            ("input_usd_per_mtok", "output_usd_per_mtok", "cached_input_usd_per_mtok"),
                            ["" if price is None else plain_number(Decimal(str(price))) for price in prices],
                            strict=True,
                        )
                    ),
                    "effective_on": day,
                    "source_url": str(item.get("url") or ""),
                    "status": status,
                    "note": clipped(str(item.get("note") or ""), 200),
                }
            )
    if blank:
        reading.said.append(f"{blank:,} models of pricing.json have no price there")
    reading.rows["prices"] = rows


def describe_speeds(reading: Reading, items: Iterable[Mapping], own: Mapping[str, str]) -> None:
    """Medians over hosts: without a host, so kept but not shown."""
    reading.rows["runtimes"] = []
    for item in items:
        slug = own.get(str(item.get("slug") or ""))
        if not slug:
            reading.faults.append(Fault("speed.json", None, str(item.get("model")), "names no model of models.json"))
            continue
        speed, wait = item.get("tokensPerSecond"), item.get("ttft")
        reading.rows["runtimes"].append(
            {
                "model": slug,
                "provider": "",
                "output_tokens_per_second": "" if speed is None else plain_number(Decimal(str(speed))),
                "time_to_first_token_s": "" if wait is None else plain_number(Decimal(str(wait))),
                "measured_on": str(item.get("sourceUpdatedAt") or ""),
                "source_url": str(item.get("sourceUrl") or ""),
                "ttft_kind": "first_answer_token" if wait is not None else "",
                "method": f"Median over hosts, {item.get('source') or 'BenchLM'}"[:200],
            }
        )


def free_slug(slug: str, taken: set[str]) -> str:
    """The slug, with a number where another row has it."""
    slug = re.sub(r"(^|-)vs(?=-|$)", r"\1v", slug) or "test"
    free, number = slug, 1
    while plain(free) in taken:
        number += 1
        free = f"{slug}-{number}"
    taken.add(plain(free))
    return free


def clipped(text: str, most: int) -> str:
    """One line of at most so many characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
