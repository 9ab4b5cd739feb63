"""What the benchmark of the ability fit reads: the public export with its cleaning rules, or a folder of catalogue files."""

import datetime
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from comparisons import scoring
from comparisons.scoring import Benchmark, Category, Cell, Result
from tests.factories import sheet

NONE = Decimal(0)


@dataclass(frozen=True)
class Source:
    """Displayed results by benchmark by model, what they mean, and when each model came out (ISO date or empty)."""

    name: str
    cells: dict[str, dict[str, Cell]]
    benchmarks: dict[str, Benchmark]
    categories: tuple[Category, ...]
    released: dict[str, str]

    @property
    def weights(self) -> dict[str, float]:
        return {category.slug: float(category.weight) for category in self.categories}


def read(folder: Path) -> Source:
    return export(folder) if (folder / "cleaning.json").exists() else catalogue(folder)


def catalogue(folder: Path) -> Source:
    found = defaultdict(lambda: defaultdict(list))
    for row in sheet(folder / "scores.csv"):
        if row.get("status", "published") == "published":
            reported = datetime.date.fromisoformat(row["reported_on"]) if row["reported_on"] else None
            result = Result(Decimal(row["value"]), row["source_kind"], row["source_url"], reported, row["setting"])
            found[row["model"]][row["benchmark"]].append(result)
    benchmarks = {
        row["slug"]: Benchmark(
            row["slug"],
            row["name"],
            row["category"],
            Decimal(row["weight"]),
            unit=row["unit"],
            floor=Decimal(row["floor"]) if row["floor"] else None,
            ceiling=Decimal(row["ceiling"]) if row["ceiling"] else None,
            direction=row["direction"],
            family=row["family"],
            kind=row["kind"],
        )
        for row in sheet(folder / "benchmarks.csv")
    }
    return Source(
        folder.name,
        {model: {slug: scoring.pick(each) for slug, each in rows.items()} for model, rows in found.items()},
        benchmarks,
        tuple(
            Category(row["slug"], row["name"], Decimal(row["weight"]), int(row["order"]))
            for row in sheet(folder / "categories.csv")
        ),
        {row["slug"]: row["released_on"] for row in sheet(folder / "models.csv")},
    )


def export(folder: Path) -> Source:
    """Cleaned as cleaning.json of the folder says: one category and one unit per test, no composites, no copied rows."""
    rules, models, tests = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("cleaning", "models", "benchmarks")
    )
    left_out = {
        key for group in ("composites_left_out", "second_unit_left_out", "not_ability_left_out") for key in rules[group]
    }
    values, filed = {}, defaultdict(Counter)
    for model in models["items"]:
        if model["slug"] in rules["copied_models_left_out"]:
            continue
        row = {}
        for category, scores in model["benchmarks"].items():
            if category != "external":
                for key, value in scores.items():
                    if value is not None:
                        filed[key][category] += 1
                        row[key] = value
        if "gpqaDiamond" in row:
            row.setdefault("gpqa", row["gpqaDiamond"])
        values[model["slug"]] = {key: value for key, value in row.items() if key not in left_out}
    weights = {test["benchmarkKey"]: Decimal(str(test["weight"] or 0)) for test in tests["items"]}
    family = {key: group[0] for group in rules["near_copies"] for key in group}
    benchmarks = {}
    for key in {key for row in values.values() for key in row}:
        is_rating = key in rules["elo_like"]
        benchmarks[key] = Benchmark(
            key,
            key,
            rules["category_override"].get(key) or max(filed[key], key=filed[key].get),
            weights.get(key, NONE),
            unit="elo" if is_rating else "percent",
            floor=None if is_rating else NONE,
            ceiling=None if is_rating else scoring.HUNDRED,
            direction="lower" if key in rules["lower_is_better"] else "higher",
            family=family.get(key, ""),
        )
    categories = tuple(
        Category(slug, slug, Decimal(weight) / 100, order)
        for order, (slug, weight) in enumerate(rules["category_weights"].items())
    )
    return Source(
        folder.name,
        {
            model: {key: Cell(Result(Decimal(str(value)), "vendor")) for key, value in row.items()}
            for model, row in values.items()
        },
        {key: benchmark for key, benchmark in benchmarks.items() if benchmark.category in rules["category_weights"]},
        categories,
        {model["slug"]: model["releaseDate"] or "" for model in models["items"]},
    )
