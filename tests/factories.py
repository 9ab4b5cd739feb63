"""Plain values for tests: small ones made on the spot, and whole catalogues read from CSV files without a database."""

import csv
import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from comparisons import scoring, tradeoffs
from comparisons.scoring import Benchmark, Category, Comparison, Result, Scorecard
from comparisons.tradeoffs import Facts, Offer, Runtime

BUNDLED = Path(__file__).parents[1] / "comparisons" / "catalogue"
SEED_SCORES = Path(__file__).parent / "fixtures" / "seed_scores.csv"
TODAY = datetime.date(2026, 11, 25)
KNOWN = {"yes": True, "no": False, "": None}


def bench(slug: str, category: str = "coding", weight: object = 1, **fields) -> Benchmark:
    """A benchmark in percent named by its slug, a family of its own."""
    return Benchmark(slug, slug.upper(), category, Decimal(str(weight)), **fields)


def result(value: object, source_kind: str = "vendor", **fields) -> Result:
    return Result(Decimal(str(value)), source_kind, **fields)


def by_slug(*benchmarks: Benchmark) -> dict[str, Benchmark]:
    return {benchmark.slug: benchmark for benchmark in benchmarks}


@dataclass(frozen=True)
class Catalogue:
    """Categories in order; benchmarks by slug; (benchmark slug, result) pairs and facts by model slug."""

    categories: tuple[Category, ...]
    benchmarks: dict[str, Benchmark]
    results: dict[str, list[tuple[str, Result]]]
    facts: dict[str, Facts]

    def card(self, model: str, sources: str = "all") -> Scorecard:
        return scoring.scorecard(
            self.results[model], self.benchmarks, self.categories, sources=scoring.SOURCES[sources]
        )

    def compare(self, a: str, b: str, sources: str = "all") -> Comparison:
        return scoring.compare(self.card(a, sources), self.card(b, sources), self.benchmarks, self.categories)


@cache
def bundled(scores: Path | None = None, folder: Path = BUNDLED) -> Catalogue:
    """The catalogue that comes with the site, or its weights and models with the scores of another file; or that of a folder."""
    categories = [
        Category(row["slug"], row["name"], Decimal(row["weight"]), int(row["order"]))
        for row in sheet(folder / "categories.csv")
    ]
    return Catalogue(
        tuple(categories),
        {row["slug"]: _benchmark(row) for row in sheet(folder / "benchmarks.csv")},
        _results(scores or folder / "scores.csv"),
        _facts(folder),
    )


def sheet(name: str | Path) -> list[dict[str, str]]:
    """The rows of a file that are no drafts and not withdrawn."""
    path = name if isinstance(name, Path) else BUNDLED / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if row.get("status") not in ("draft", "withdrawn")]


def _benchmark(row: dict[str, str]) -> Benchmark:
    return Benchmark(
        slug=row["slug"],
        name=row["name"],
        category=row["category"],
        weight=Decimal(row["weight"]),
        unit=row["unit"],
        floor=_decimal(row["floor"]),
        ceiling=_decimal(row["ceiling"]),
        direction=row["direction"],
        decimals=int(row["decimals"]),
        family=row["family"],
        kind=row["kind"],
        items=_whole(row["items"]),
        status=row["status"],
        version=row["version"],
    )


def _results(path: Path) -> dict[str, list[tuple[str, Result]]]:
    found = defaultdict(list)
    for row in sheet(path):
        found[row["model"]].append(
            (
                row["benchmark"],
                Result(
                    value=Decimal(row["value"]),
                    source_kind=row["source_kind"],
                    source_url=row["source_url"],
                    reported_on=_date(row["reported_on"]),
                    setting=row["setting"],
                    note=row["note"],
                    checked_on=_date(row["checked_on"]),
                ),
            )
        )
    return dict(found)


def _facts(folder: Path) -> dict[str, Facts]:
    offers, runtimes = defaultdict(list), defaultdict(list)
    for row in sheet(folder / "prices.csv"):
        offers[row["model"]].append(
            Offer(
                host=row["provider"],
                basis=row["basis"],
                input=_decimal(row["input_usd_per_mtok"]),
                output=_decimal(row["output_usd_per_mtok"]),
                cached_input=_decimal(row["cached_input_usd_per_mtok"]),
                batch_discount=_decimal(row["batch_discount"]),
                makers_own=row["makers_own"] == "1",
                starts_on=_date(row["effective_on"]),
                source_url=row["source_url"],
            )
        )
    for row in sheet(folder / "runtimes.csv"):
        if row["measured_on"] and row["source_url"]:
            runtimes[row["model"]].append(
                Runtime(
                    row["provider"],
                    datetime.date.fromisoformat(row["measured_on"]),
                    _decimal(row["output_tokens_per_second"]),
                    _decimal(row["time_to_first_token_s"]),
                    row["ttft_kind"],
                    row["source_url"],
                )
            )
    return {
        row["slug"]: tradeoffs.Facts(
            name=row["name"],
            offers=tuple(offers[row["slug"]]),
            runtimes=tuple(runtimes[row["slug"]]),
            context_window=_whole(row["context_window"]),
            max_output=_whole(row["max_output"]),
            reasoning=row["reasoning"],
            open_weights=KNOWN[row["open_weights"]],
            licence=row["licence"],
            input_modalities=tuple(row["input_modalities"].split("|")) if row["input_modalities"] else (),
            released_on=_date(row["released_on"]),
            retires_on=_date(row["retires_on"]),
            knowledge_cutoff=row["knowledge_cutoff"],
            url=row["url"],
        )
        for row in sheet(folder / "models.csv")
    }


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _whole(text: str) -> int | None:
    return int(text) if text else None


def _date(text: str) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
