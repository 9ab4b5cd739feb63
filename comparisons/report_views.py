"""Reporting a wrong score: two cacheable pages that lead to the form, and the form itself."""

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from comparisons import finding, forms, limits, reports, stamps, visitors
from comparisons.models import LanguageModel
from comparisons.responses import form_answer, permanent, private, public, refused_body


def named(slug: str) -> LanguageModel:
    """The published model behind a slug or an alias."""
    model = LanguageModel.objects.published().named([slug]).select_related("creator").first()
    if model is None:
        raise Http404(slug)
    return model


@public
def choose_model(request: HttpRequest) -> HttpResponse:
    form = forms.SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    names = finding.known_names() if text else []
    found = finding.find(text, names)
    if len(found) == 1:
        return HttpResponseRedirect(f"/report/{found[0].slug}/")
    context = {"text": text, "found": found[: finding.MOST] or finding.nearest(text, names) if text else []}
    context |= {"is_unknown": bool(text) and not found, "title": "Report a wrong score", "is_indexed": False}
    return render(request, "comparisons/report_model.html", context, status=422 if context["is_unknown"] else 200)


@public
def choose_score(request: HttpRequest, slug: str) -> HttpResponse:
    model = named(slug)
    if slug != model.slug:
        return permanent(request, f"/report/{model.slug}/")
    context = {"model": model, "rows": reports.listed(model), "is_indexed": False}
    return render(request, "comparisons/report_score.html", context | {"title": f"Report a wrong score of {model}"})


@csrf_exempt  # for a moment: _report checks the token, after the size and kind of what came
@require_http_methods(["GET", "HEAD", "POST"])
@private
def report(request: HttpRequest, slug: str, test: str) -> HttpResponse:
    return refused_body(request) or _report(request, slug, test)


@csrf_protect
def _report(request: HttpRequest, slug: str, test: str) -> HttpResponse:
    about = reports.reportable(named(slug), test)
    if about is None:
        raise Http404(test)
    if request.method != "POST":
        return show_form(request, about, forms.ReportForm(choices=about.choices), 200)
    form = forms.ReportForm(request.POST, choices=about.choices)
    if form.is_trap_sprung:
        return thanked(request)
    return taken(request, about, form) if form.is_valid() else show_form(request, about, form, 422)


def taken(request: HttpRequest, about: reports.Reportable, form: forms.ReportForm) -> HttpResponse:
    """Thanks, or "later" where this client or all together have reported enough for an hour."""
    now, sent = timezone.now(), form.cleaned_data
    network = visitors.network_of(visitors.client_address(request.META))
    if not visitors.client_may("report", network, reports.AN_HOUR_OF_A_CLIENT, now):
        return later(request, 429, limits.HOUR)
    try:
        reports.take(about, sent["score"], sent["text"], sent["source_url"], now)
    except reports.TooManyError:
        return later(request, 429, limits.HOUR)
    except OperationalError:  # the disk is full, or the database is away
        return later(request, 503, 60)
    return thanked(request)


def show_form(request: HttpRequest, about: reports.Reportable, form: forms.ReportForm, status: int) -> HttpResponse:
    sent = form.data.get("stamp", "")
    context = {
        "title": f"Report a wrong score: {about.name}",
        "about": about,
        "form": form,
        "chosen": form.data.get("score") or about.choices[0][0],
        "stamp": stamps.next_stamp("report", sent) if form.is_bound else stamps.new_stamp("report"),
        "longest": form.LONGEST,
    }
    return form_answer(request, "comparisons/report.html", "comparisons/report_box.html", context, status)


def thanked(request: HttpRequest) -> HttpResponse:
    if request.htmx:
        return form_answer(request, "comparisons/report_thanks.html", "comparisons/report_thanks_box.html", {})
    return HttpResponseRedirect("/report/thanks/", status=303)


def later(request: HttpRequest, status: int, seconds: int) -> HttpResponse:
    context = {"title": "Please try later", "is_many": status == 429}
    answer = form_answer(request, "comparisons/report_later.html", "comparisons/report_later_box.html", context, status)
    answer.headers["Retry-After"] = str(seconds)
    return answer


@require_safe
@private
def thanks(request: HttpRequest) -> HttpResponse:
    return render(request, "comparisons/report_thanks.html", {"title": "Thank you"})
