"""What programs take from the site: tables, the catalogue as one archive, the schemas of the twins, and the page that explains them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from comparisons import linked, plain, twins
from comparisons.importing import exporting
from comparisons.links import comparison_path, twin_links
from comparisons.models import Change, LanguageModel
from comparisons.responses import open_to_all, public

TABLES_HOLD = {
    "categories": "the categories with their weights",
    "benchmarks": "the tests with scale, weight, version and state",
    "creators": "the makers",
    "models": "the models with limits, licence and dates",
    "scores": "every result with its source, date and setting",
    "prices": "offers by model, host and day",
    "offer_tiers": "prices for long prompts",
    "runtimes": "measured speed and latency",
    "featured_pairs": "the pairs on the front page",
}


@public
def data(request: HttpRequest) -> HttpResponse:
    examples = [(name, path, twin_links(path), kind) for name, path, kind in twinned()]
    context = {
        "title": "Data",
        "description": "The published catalogue as CSV files, every page as JSON, CSV and Markdown, with schemas and terms of use.",
        "tables": [(name, TABLES_HOLD[name]) for name in exporting.TABLES],
        "examples": examples,
    }
    log = Change.objects.newest(1).first()
    files = [
        ("/data/catalogue.zip", "application/zip"),
        *((f"/data/{name}.csv", "text/csv") for name in exporting.TABLES),
    ]
    context["linked"] = [
        linked.dataset("/data/", "BenchLM catalogue", context["description"], files, log.at.date() if log else None),
        linked.ORGANIZATION,
    ]
    return render(request, "comparisons/data.html", context)


def twinned() -> list[tuple[str, str, str]]:
    """Kind of page, the address of one that there is, and its schema, of every kind that has twins."""
    rules = plain.rulebook()
    models = sorted(LanguageModel.objects.published()[:3], key=lambda model: model.slug)
    found = [("Leaderboard", "/leaderboard/", "leaderboard")]
    found += [("Leaderboard of a category", f"/leaderboard/{c.slug}/", "leaderboard") for c in rules.categories[:1]]
    found += [("Benchmark", f"/benchmarks/{slug}/", "benchmark") for slug in list(rules.benchmarks)[:1]]
    found += [("Model", model.get_absolute_url(), "model") for model in models[:1]]
    found.append(("Changes", "/changes/", "changes"))
    if len(models) > 1:
        found.insert(0, ("Two models", comparison_path(models[:2]), "pair"))
    if len(models) > 2:
        found.insert(1, ("Three or four models", comparison_path(models), "shortlist"))
    return found


@public
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One table of the catalogue in the format that import_catalogue reads; published rows only."""
    if name not in exporting.TABLES:
        raise Http404(name)
    return attached(exporting.table_csv(name, published_only=True), "text/csv; charset=utf-8", f"{name}.csv")


@public
def catalogue(request: HttpRequest) -> HttpResponse:
    """All tables as one archive that import_catalogue reads."""
    return attached(exporting.catalogue_zip(), "application/zip", "catalogue.zip")


def attached(body: str | bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return open_to_all(response)


@public
def schema(request: HttpRequest, name: str) -> HttpResponse:
    """The JSON Schema of one kind of twin."""
    if name not in twins.SCHEMAS:
        raise Http404(name)
    return open_to_all(HttpResponse(twins.schema(name), content_type="application/schema+json"))
