"""The twins of a page at its own path plus a suffix: one document, written as JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from django.http import HttpResponse

from comparisons.documents import Document
from comparisons.links import TWINS
from comparisons.markdown import as_markdown

Sheet = tuple[Sequence[str], Iterable[Mapping[str, object]]]  # columns in order, rows by column
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")  # what a spreadsheet could run at the start of a text cell


def answer(kind: str, document: Document, suffix: str) -> HttpResponse:
    """The document of a page in the format of a suffix: json, csv or md."""
    media = TWINS[suffix][1]
    content_type = media if media == "application/json" else f"{media}; charset=utf-8"
    return HttpResponse(FORMATS[suffix](kind, document), content_type=content_type)


def failure(status: int, said: str, found: Sequence[tuple[str, str]], suffix: str) -> HttpResponse:
    """An error in the format that was asked for; `found` holds name and address of what may have been meant."""
    document = {
        "status": status,
        "error": said,
        "suggestions": [{"name": name, "url": address} for name, address in found],
    }
    response = answer("error", document, suffix)
    response.status_code = status
    return response


# --- JSON -----------------------------------------------------------------------------------------------------------
def as_json(kind: str, document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


# --- CSV ------------------------------------------------------------------------------------------------------------
def as_csv(kind: str, document: Document) -> str:
    """One table of the document; unknown is empty, and a text that a spreadsheet would run begins with an apostrophe."""
    columns, rows = SHEETS[kind](document)
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\r\n", restval="")
    writer.writeheader()
    writer.writerows({name: csv_cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def shown(name: str, figure: Document | None, *parts: str) -> dict[str, object]:
    """A figure in columns: its value under the name, its text, and parts of it such as the ends of a range."""
    if figure is None:
        return {}
    return {
        name: figure["value"],
        f"{name}_displayed": figure["text"],
        **{f"{name}_{part}": figure[part] for part in parts},
    }


COMPARED = (
    "part", "model", "item", "name", "category", "value", "value_displayed", "value_low", "value_high", "unit", "unconfirmed",
    "source_kind", "source_url", "reported_on", "checked_on", "setting", "note", "detail",
)  # fmt: skip
SOURCE = ("unconfirmed", "source_kind", "source_url", "reported_on", "checked_on", "setting", "note")


def compared_sheet(document: Document) -> Sheet:
    """A line for each model and benchmark, and for each of its other figures; `part` says which."""

    def lines() -> Iterator[dict[str, object]]:
        for model in (model["slug"] for model in document["models"]):
            for reading, title, figure in _readings_of(document, model):
                yield {"part": "reading", "model": model, "item": reading, "name": title, **_ranged(figure)}
            for each in document["categories"]:
                about = {"model": model, "item": each["slug"], "name": each["name"], "category": each["slug"]}
                yield {"part": "category average", **about, **shown("value", each["averages"][model])}
                if each.get("estimates"):
                    yield {"part": "category estimate", **about, **_ranged(each["estimates"][model])}
            for each in document["tradeoffs"]:
                value = each["values"][model]
                about = {"model": model, "item": each["label"], "name": each["label"], "unit": each["unit"]}
                extra = {"source_url": value["source_url"], "detail": value["detail"]}
                yield {"part": "tradeoff", **about, "value": value["value"], "value_displayed": value["text"], **extra}
            for each in document["benchmarks"]:
                about = {name: each[name] for name in ("name", "category", "unit")}
                score = each["scores"][model]
                source = {name: score[name] for name in SOURCE} if score else {}
                about |= {"part": "benchmark", "model": model, "item": each["slug"]}
                yield {**about, **shown("value", score), **source, "detail": each["remark"]}

    return COMPARED, lines()


def _readings_of(document: Document, model: str) -> list[tuple[str, str, Document | None]]:
    if "readings" in document:
        return [(name, each["title"], each["figures"][model]) for name, each in document["readings"].items()]
    found = [("tested", "Average of its own tests", document["averages"][model])]
    return [("score", "Estimated score", document["estimates"][model]), *found] if document["estimates"] else found


def _ranged(figure: Document | None) -> dict[str, object]:
    return shown("value", figure, "low", "high") if figure and "low" in figure else shown("value", figure)


STANDING = ("estimate", "average", "coverage", "input_price", "output_price", "context", "released")


def leaderboard_sheet(document: Document) -> Sheet:
    """A line for each model in the order of the page."""
    slugs = document["categories"]
    figures = [column for name in STANDING for column in (name, f"{name}_displayed")]
    at = figures.index("estimate_displayed") + 1
    figures[at:at] = ["estimate_low", "estimate_high"]
    columns = ["rank", "likely_rank_low", "likely_rank_high", "model", "name", "creator", "tests", *figures, "remark"]
    columns += [f"{slug}{part}" for slug in slugs for part in ("", "_displayed", "_is_guess")]

    def lines() -> Iterator[dict[str, object]]:
        for each in document["models"]:
            places = each["likely_rank"] or {"low": None, "high": None}
            row = {name: each[name] for name in ("rank", "name", "creator", "tests", "remark")}
            row |= {"model": each["slug"], "likely_rank_low": places["low"], "likely_rank_high": places["high"]}
            row |= shown("estimate", each["estimate"], "low", "high")
            for name in STANDING[1:]:
                row |= shown(name, each[name])
            for slug, figure in each["categories"].items():
                row |= shown(slug, figure, "is_guess")
            yield row

    return columns, lines()


SCORED = (
    "model", "benchmark", "name", "category", "rank", "score", "score_displayed", "scaled", "scaled_displayed", "is_shown", "unconfirmed",
    "source_kind", "source_url", "reported_on", "checked_on", "setting", "note", "remark",
)  # fmt: skip


def scores_sheet(document: Document) -> Sheet:
    """Every result on a model's or a benchmark's page: the displayed one of each score, and the others beside it."""
    is_model = "scores" in document

    def lines() -> Iterator[dict[str, object]]:
        for each in document["scores" if is_model else "models"]:
            about = {"model": document["slug"] if is_model else each["slug"], "name": each["name"]}
            about |= {
                "benchmark": each["slug"] if is_model else document["slug"],
                "category": (each if is_model else document)["category"],
            }
            about |= (
                {"remark": each["remark"]} if is_model else {"rank": each["rank"], **shown("scaled", each["scaled"])}
            )
            score = each["score"]
            for place, result in enumerate(score["results"]):
                source = {name: result[name] for name in SOURCE[1:]}
                source["unconfirmed"] = result["source_kind"] == "aggregator"
                yield {**about, **shown("score", result), "is_shown": place == 0, **source}

    return SCORED, lines()


CHANGED = ("at", "kind", "subject", "model", "old", "new", "reason", "source_url")


def changes_sheet(document: Document) -> Sheet:
    return CHANGED, document["changes"]


def error_sheet(document: Document) -> Sheet:
    about = {"status": document["status"], "error": document["error"]}
    found = [{**about, "suggestion": each["name"], "url": each["url"]} for each in document["suggestions"]]
    return ("status", "error", "suggestion", "url"), found or [about]


FORMATS: dict[str, Callable[[str, Document], str]] = {"json": as_json, "csv": as_csv, "md": as_markdown}
SHEETS: dict[str, Callable[[Document], Sheet]] = {
    "pair": compared_sheet,
    "shortlist": compared_sheet,
    "leaderboard": leaderboard_sheet,
    "model": scores_sheet,
    "benchmark": scores_sheet,
    "changes": changes_sheet,
    "error": error_sheet,
}


# --- schemas --------------------------------------------------------------------------------------------------------
FOLDER = Path(__file__).parent / "schemas"


def schema(name: str) -> str:
    """The JSON Schema of a kind of document; KeyError where there is none."""
    if name not in SCHEMAS:
        raise KeyError(name)
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


SCHEMAS = ("pair", "shortlist", "leaderboard", "model", "benchmark", "changes", "error", "parts")
