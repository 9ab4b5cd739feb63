"""Pages for a reader's own workload: every offer with its bill, and the models that are good enough."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from comparisons import bills, forms, listings, plain, verdicts
from comparisons import pricing as pages
from comparisons.responses import public, show


@public
def pricing(request: HttpRequest) -> HttpResponse:
    form, workload = forms.PricingForm(request.GET), forms.workload(request.GET)
    query = form.kept() | bills.query(workload)
    path = request.path
    page = pages.pricing_page(plain.whole(timezone.localdate()), workload, form.chosen(), query, path)
    context = {
        "title": "Prices of language models",
        "description": "Offers in force by model and host with source and date, the monthly bill of a workload, and score against cost.",
        "canonical": path,
        "status_text": f"{page.found} shown",
        "page": page,
        "form": form,
        "sort": form.kept().get("sort", ""),
        "is_changed": bool(request.GET),
    }
    return show(request, "comparisons/pricing.html", "panels/prices.html", context, listings.address(path, query))


@public
def shortlist(request: HttpRequest) -> HttpResponse:
    whole, workload = plain.whole(timezone.localdate()), forms.workload(request.GET)
    form = forms.FloorForm(request.GET, whole.rules, sorted({m.licence for m in whole.models} - {""}))
    page = pages.candidate_page(whole, workload, form.floors())
    query, path = form.kept() | bills.query(workload), request.path
    sizes = len(page.passes), len(page.unknown), len(page.fails)
    context = {
        "title": "Good enough, then cheapest",
        "description": "Set floors for score, context, speed and cost: which models pass, which fail and on what, and which nobody can tell.",
        "canonical": path,
        "status_text": f"{verdicts.count(sizes[0], 'model')} pass, {sizes[1]} cannot be told, {sizes[2]} fail",
        "page": page,
        "form": form,
        "is_changed": bool(request.GET),
        "is_indexed": not request.GET,
    }
    return show(request, "comparisons/shortlist.html", "panels/candidates.html", context, listings.address(path, query))
