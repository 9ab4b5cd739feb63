"""Requests in, responses out: parse, fetch, assemble, render."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django_htmx.http import reswap, retarget

from comparisons import (
    assembly,
    days,
    differences,
    documents,
    estimates,
    feeds,
    finding,
    forms,
    linked,
    listings,
    pictures,
    plain,
    pricing,
    scoring,
    timelines,
    tradeoffs,
    twins,
    verdicts,
)
from comparisons.links import TWINS, Options, comparison_path, twin_address, twin_links, weight_panel
from comparisons.methodology import held_out_tables, self_test_lines, worked_example, worked_words
from comparisons.models import (
    Benchmark,
    Category,
    Change,
    FeaturedPair,
    Fit,
    LanguageModel,
    Score,
    validate_slug_form,
)
from comparisons.previews import previewable
from comparisons.responses import keep_days, open_to_all, permanent, public, show, wants_fragment, with_days

HOME_DESCRIPTION = "Language models side by side: benchmark scores with their sources, price, speed and context, and a verdict that says what it rests on."
SEED_PAIR = ("gemma-4-31b", "gpt-4-1")


@public
def home(request: HttpRequest) -> HttpResponse:
    whole = plain.whole(timezone.localdate())
    models, rules = whole.models, whole.rules
    estimated = estimates.standings(estimates.current(), rules, is_reweighted=False)
    board = listings.standings(whole, estimated=estimated)
    featured = FeaturedPair.objects.select_related("first", "second").filter(
        first__status="published", second__status="published"
    )
    context = {
        "rules": rules,
        "top": board.ranked[:8],
        "has_estimates": estimated is not None,
        "featured": featured[:6],
        "changes": Change.objects.newest(5),
    }
    context |= {"fields": finding.fields(), "title": "Compare language models", "description": HOME_DESCRIPTION}
    scores = Score.objects.published().count()
    tests = verdicts.count(len(rules.benchmarks), "benchmark")
    context["linked"] = [linked.SITE, linked.ORGANIZATION]
    context["on_record"] = f"{verdicts.count(len(models), 'model')}, {tests}, {scores:,} scores with their sources."
    return render(request, "comparisons/home.html", context)


@public
def picker(request: HttpRequest) -> HttpResponse:
    """Resolve typed names: 302 to the comparison, 200 with choices for an ambiguous name, 422 for an unknown one."""
    typed = forms.typed_names(request.GET)
    wants_more = request.GET.get("more") == "1"
    choice = finding.resolve(typed)
    kept = forms.days_kept(request.GET)
    if choice.is_complete and not wants_more:
        return HttpResponseRedirect(with_days(picked_address(request, choice.models), kept))
    shown = max(2, min(finding.MOST_MODELS, len(choice.typed) + wants_more))
    context = {
        "title": "Compare models",
        "description": HOME_DESCRIPTION,
        "fields": [field for place, field in enumerate(choice.fields) if place < shown or field.value],
        "is_wide": shown > 2,
        "is_indexed": not request.GET,
        "options": forms.options(request.GET, ()),
    }
    status = 422 if choice.is_unknown else 200
    if wants_fragment(request):
        response = keep_days(render(request, "panels/picker.html", context | {"swaps": True}, status=status), kept)
        return reswap(retarget(response, "#picker"), "outerHTML")
    return keep_days(render(request, "comparisons/picker.html", context, status=status), kept)


def picked_address(request: HttpRequest, models: Sequence[finding.Name]) -> str:
    """The address of the chosen models: the order typed is kept by ?flip=1, the display options as they are."""
    ordered = sorted({model.slug: model for model in models}.values(), key=lambda model: model.slug)
    if len(ordered) == 1:
        return ordered[0].get_absolute_url()
    options = forms.options(request.GET, plain.rulebook().categories)
    flip = "1" if len(ordered) == 2 and models[0] != ordered[0] else ""
    return options.href(comparison_path(ordered), flip=flip)


@previewable
@public
def compare(request: HttpRequest, pair: str, twin: str = "") -> HttpResponse:
    ordered = finding.models_or_404(pair)
    if twin in pictures.MEDIA and len(ordered) != 2:
        raise Http404(pair)
    path = comparison_path(ordered) if len(ordered) > 1 else ordered[0].get_absolute_url()
    if request.path != twin_address(path, twin):
        return permanent(request, twin_address(path, twin))
    seen = days.Seen(days.Now(timezone.localdate())) if twin in pictures.MEDIA else asked(request, ordered)
    gone = [model for model in ordered if model.status == "withdrawn"]
    if gone and not seen.then:
        return withdrawn(request, gone, twin)
    return (_pair if len(ordered) == 2 else _shortlist)(request, ordered, path, seen, twin)


def asked(request: HttpRequest, models: Sequence[LanguageModel] = ()) -> days.Seen:
    """The state of the catalogue that ?as_of= asks for, if the models were public then; else that of today and the reason."""
    return days.seen(*forms.day(request.GET, "as_of"), timezone.localdate(), models)


def days_in(request: HttpRequest, seen: days.Seen) -> dict[str, str]:
    """The days that the links of a page keep: no as_of that the page itself did not follow."""
    return {name: day for name, day in forms.days_kept(request.GET).items() if seen.then or name != "as_of"}


def dated_twin(
    request: HttpRequest, seen: days.Seen, kind: str, document: documents.Document, twin: str
) -> HttpResponse:
    """A page's twin with the day that it was asked for, or why it is of another."""
    document["options"] |= days_in(request, seen)
    document["note"] = seen.note or None
    return twins.answer(kind, document, twin)


def withdrawn(request: HttpRequest, models: list[LanguageModel], twin: str) -> HttpResponse:
    """410 with the successors, in the format that was asked for."""
    if twin not in TWINS:
        return render(request, "gone.html", {"gone": models, "fields": finding.fields()}, status=410)
    successors = [m.successor for m in models if m.successor and m.successor.status == "published"]
    return twins.failure(410, "Withdrawn from the catalogue", _addresses(successors), twin)


def _addresses(models: Sequence[LanguageModel]) -> list[tuple[str, str]]:
    return [(model.name, settings.SITE_URL + model.get_absolute_url()) for model in models]


def _pair(request: HttpRequest, models: list[LanguageModel], path: str, seen: days.Seen, twin: str) -> HttpResponse:
    is_picture = twin in pictures.MEDIA  # of the bare page, whatever the address holds
    options = Options() if is_picture else forms.options(request.GET, seen.stand.rules.categories)
    page = assembly.pair(seen.stand, models, options, path)
    if is_picture:
        card = pictures.card(page)
        return HttpResponse(pictures.png(card) if twin == "png" else card, content_type=pictures.MEDIA[twin])
    if twin:
        return dated_twin(request, seen, "pair", documents.pair(page, options), twin)
    rows = seen.stand.rows(models)
    context = {
        "page": page,
        "title": page.title,
        "description": page.description,
        "status_text": page.announcement,
        "canonical": path,
        "twins": twin_links(options.href(path)),
        "feed": (feeds.title_of(rows), path + feeds.SUFFIX),
        "linked": [
            linked.web_page(path, page.title, (side.name for side in page.sides), getattr(page.newest, "value", None))
        ],
        "picture": {suffix: twin_address(path, suffix) for suffix in pictures.MEDIA} | {"alt": pictures.said(page)},
        "is_indexed": page.is_indexed and not request.GET,
        "fields": finding.fields(rows[::-1] if options.flip else rows),
        "swaps": True,
        "options": options,
        "article": "comparisons/pair_article.html",
        "note": seen.note,
        "permalink": with_days(path, days_in(request, seen)),
        "notice": differences.of_pair(seen.then, seen.now, models, options, path) if seen.then else None,
        "since": since(request, seen.stand, models, options, path),
        "keep_href": with_days(options.href(path), {"since": f"{seen.stand.newest}"}),
    }
    kept = days_in(request, seen)
    address = options.href(path, open=options.open)
    return show(request, "comparisons/compare.html", "panels/comparison.html", context, address, kept)


def since(
    request: HttpRequest, stand: days.Stand, models: list[LanguageModel], options: Options, path: str
) -> differences.Notice | None:
    """What changed for two models since the day that ?since= names; None where it names none."""
    seen = days.seen(*forms.day(request.GET, "since"), stand.day, models)
    if seen.then:
        return differences.of_pair(seen.then, stand, models, options, path)
    return differences.Notice(day="", remarks=(seen.note,)) if seen.note else None


def _shortlist(
    request: HttpRequest, models: list[LanguageModel], path: str, seen: days.Seen, twin: str
) -> HttpResponse:
    options = forms.options(request.GET, seen.stand.rules.categories)
    page = assembly.shortlist(seen.stand, models, options, path)
    if twin:
        return dated_twin(request, seen, "shortlist", documents.shortlist(page, options), twin)
    context = {
        "page": page,
        "title": page.title,
        "description": page.description,
        "status_text": page.announcement,
        "canonical": path,
        "twins": twin_links(options.href(path)),
        "feed": (feeds.title_of(seen.stand.rows(models)), path + feeds.SUFFIX),
        "fields": finding.fields(seen.stand.rows(models)),
        "swaps": True,
        "is_wide": True,
        "options": options,
        "is_indexed": False,
        "article": "comparisons/shortlist_article.html",
        "note": seen.note,
        "permalink": with_days(path, days_in(request, seen)),
        "notice": differences.of_shortlist(seen.then, seen.now, models, options.href(path)) if seen.then else None,
    }
    kept = days_in(request, seen)
    address = options.href(path, open=options.open)
    return show(request, "comparisons/compare.html", "panels/comparison.html", context, address, kept)


@public
def leaderboard(request: HttpRequest, slug: str = "", twin: str = "") -> HttpResponse:
    category = next((c for c in plain.rulebook().categories if c.slug == slug.lower()), None)
    if slug and category is None:
        raise Http404(slug)
    path = f"/leaderboard/{category.slug}/" if category else "/leaderboard/"
    if request.path != twin_address(path, twin):
        return permanent(request, twin_address(path, twin))
    seen = asked(request)
    form = forms.LeaderboardForm(request.GET)
    if seen.then:
        form.offer(seen.then.creators)
    chosen = form.chosen()
    options = forms.options(request.GET, seen.stand.rules.categories)
    whole, fit = seen.stand.whole.reweighted(options.weights), seen.stand.fit
    rules = whole.rules
    is_narrowed = any(chosen.get(name) for name in listings.FILTERS)
    shown = {model.pk for model in whole.models if listings.meets(model, chosen)} if is_narrowed else None
    estimated = None if options.reading else estimates.standings(fit, rules, is_reweighted=bool(options.w))
    sort = chosen.get("sort", "")
    board = listings.standings(
        whole,
        category=category,
        estimated=estimated,
        sort=sort,
        shown=shown,
        after=chosen.get("after") or 0,
        most=None if twin else listings.ROWS,
    )
    title = f"{category.name} leaderboard" if category else "Leaderboard of language models"
    query = form.kept() | {"w": options.w, "reading": "tested" if options.reading else ""}
    age_note = fit.age_note if estimated is not None else ""
    if twin:
        kept = {name: value for name, value in query.items() if value}
        document = documents.leaderboard(
            board,
            path=path,
            title=title,
            day=whole.day,
            options=kept,
            categories=rules.categories,
            category=category,
            has_estimates=estimated is not None,
            age_note=age_note,
        )
        return dated_twin(request, seen, "leaderboard", document, twin)
    columns = listings.standing_columns(path, query, "average" if estimated is None else "score")
    context = {
        "title": title,
        "description": f"{title}: averages with the weight behind them, price and context.",
        "canonical": path,
        "status_text": f"{verdicts.count(board.total, 'model')} shown",
        "board": board,
        "form": form,
        "rules": rules,
        "category": category,
        "found": verdicts.count(board.total, "model"),
        "stretches": listings.stretches(
            board, listings.ROWS, lambda after: listings.address(path, query, after=str(after or ""))
        ),
        "columns": columns,
        "width": len(columns)
        + 1
        + (estimated is not None and category is None)
        + (0 if category else len(rules.categories)),
        "sort": chosen.get("sort", ""),
        "has_estimates": estimated is not None,
        "age_note": age_note,
        "linked": linked.leaderboard(path, title, board.ranked, whole, category),
        "twins": twin_links(listings.address(path, query)),
        "readings": listings.readings(path, query, fit is not None),
        "kept": form.kept() | {"reading": query["reading"]},
        "options": Options(w=options.w),
        "weights": weight_panel(rules, options, partial(listings.address, path, query)),
        "is_filtered": any(query.values()),
        "is_indexed": not forms.day(request.GET, "as_of")[0],
        "note": seen.note,
        "notice": differences.of_board(seen.then, seen.now, category, listings.address(path, query))
        if seen.then
        else None,
    }
    if not wants_fragment(request):
        context["course"] = timelines.of_board(seen.stand.whole, category, fit.standings if fit else None, whole.day)
    address = listings.address(path, query, after=str(board.after or ""), open=options.open)
    kept = days_in(request, seen)
    return show(request, "comparisons/leaderboard.html", "panels/standings.html", context, address, kept)


@public
def models(request: HttpRequest) -> HttpResponse:
    rows = (
        LanguageModel.objects.published()
        .select_related("creator")
        .with_result_counts()
        .order_by("creator__name", "name")
    )
    groups: dict[str, list] = {}
    for model in rows:
        context = tradeoffs.tokens(model.context_window) if model.context_window else ""
        groups.setdefault(model.creator.name, []).append(
            (model, context, tradeoffs.day(model.released_on) if model.released_on else "")
        )
    context = {"groups": groups.items(), "count": verdicts.count(len(rows), "model"), "title": "Models"}
    context["description"] = (
        "Every language model on record, by maker, with the number of scores, context window and licence."
    )
    return render(request, "comparisons/models.html", context)


@previewable
@public
def model(request: HttpRequest, slug: str, twin: str = "") -> HttpResponse:
    found = finding.model_or_404(slug)
    path = found.get_absolute_url()
    if request.path != twin_address(path, twin):
        return permanent(request, twin_address(path, twin))
    seen = asked(request, [found])
    if found.status == "withdrawn" and not seen.then:
        return withdrawn(request, [found], twin)
    (row,) = seen.stand.rows([found])
    whole, fit = seen.stand.whole, seen.stand.fit
    page = listings.model_page(row, whole, fit.standings if fit else None)
    running = pricing.running(row, whole, seen.stand.paid_over_time(row))
    log = seen.stand.changes(row)
    if twin:
        return dated_twin(request, seen, "model", documents.model(row, page, running, log, whole.day), twin)
    context = {
        "model": row,
        "page": page,
        "siblings": [m for m in whole.models if m.family and m.family == row.family and m.pk != row.pk],
        "running": running,
        "changes": log,
        "course": timelines.of_model(row, whole.day),
        "title": row.name,
        "linked": [linked.web_page(path, row.name, [row.name, row.creator.name], linked.newest(page.results))],
        "twins": twin_links(path),
        "feed": (feeds.title_of([row]), path + feeds.SUFFIX),
        "is_indexed": not forms.day(request.GET, "as_of")[0],
        "note": seen.note,
        "notice": differences.of_model(seen.then, seen.now, found) if seen.then else None,
    }
    context["description"] = (
        f"{row.name} of {row.creator.name}: every benchmark score with its source, offers by host, limits. {page.tested}."
    )
    return keep_days(render(request, "comparisons/model.html", context), days_in(request, seen))


@public
def options(request: HttpRequest) -> HttpResponse:
    """Matches for the picker's list, as options of a listbox."""
    form = forms.SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    matches = finding.find(text, finding.known_names()) if text.strip() else []
    return render(request, "comparisons/options.html", {"matches": matches[: finding.MOST], "total": len(matches)})


@public
def benchmarks(request: HttpRequest) -> HttpResponse:
    rows = Benchmark.objects.select_related("category").with_result_counts()
    groups: dict[Category, list] = {}
    for row in rows:
        groups.setdefault(row.category, []).append((row, listings.weight_words(row.weight)))
    context = {"groups": groups.items(), "count": verdicts.count(len(rows), "benchmark"), "title": "Benchmarks"}
    context["description"] = (
        "Every benchmark on record, by category: what it measures, its weight, its state and how many models took it."
    )
    return render(request, "comparisons/benchmarks.html", context)


@public
def benchmark(request: HttpRequest, slug: str, twin: str = "") -> HttpResponse:
    row = get_object_or_404(Benchmark.objects.select_related("category"), slug=slug.lower())
    path = row.get_absolute_url()
    if request.path != twin_address(path, twin):
        return permanent(request, twin_address(path, twin))
    seen = asked(request)
    if seen.then and seen.then.benchmark(row) is None:
        seen = days.Seen(seen.now, note=f"{row.name} was not on this site on {days.written(seen.then.day)}.")
    test, whole = seen.stand.benchmark(row), seen.stand.whole
    page = listings.benchmark_page(whole.rules.benchmarks[test.slug], whole)
    if twin:
        return dated_twin(request, seen, "benchmark", documents.benchmark(test, page, whole.day), twin)
    title, description = f"{test.name}: scores and ranking", f"{test.description} {page.spread}.".strip()
    context = {
        "benchmark": test,
        "page": page,
        "title": title,
        "twins": twin_links(path),
        "description": description,
        "linked": [linked.dataset(path, title, description, linked.twin_files(path), linked.newest(page.results))],
        "is_indexed": not forms.day(request.GET, "as_of")[0],
        "note": seen.note,
        "notice": differences.of_benchmark(seen.then, seen.now, row) if seen.then else None,
    }
    return keep_days(render(request, "comparisons/benchmark.html", context), days_in(request, seen))


@public
def methodology(request: HttpRequest) -> HttpResponse:
    rules = plain.rulebook()
    rows = Benchmark.objects.select_related("category").with_result_counts()
    weighted = [row for row in rows if row.weight]
    newest = Score.objects.published().newest_report()
    context = {
        "title": "Methodology",
        "description": "How scores are chosen, weighted and compared, with the weights in force and a pair worked through.",
        "groups": [
            (
                c.name,
                f"/leaderboard/{c.slug}/",
                verdicts.percent(c.weight),
                [(b, verdicts.percent(b.weight)) for b in weighted if b.category.slug == c.slug],
            )
            for c in rules.categories
        ],
        "unweighted": verdicts.count(len(rows) - len(weighted), "benchmark"),
        "saturated": [row for row in weighted if row.status in ("saturated", "retired")],
        "total": verdicts.percent(sum((c.weight for c in rules.categories), Decimal(0))),
        "ranked_rows": scoring.RANKED_ROWS,
        "ranked_categories": scoring.RANKED_CATEGORIES,
        "stale_days": scoring.STALE_DAYS,
        "newest": tradeoffs.day(newest) if newest else "",
        "fit": (fit := Fit.objects.defer("arrays").first()),
        "held": self_test_lines(fit.self_test) if fit else (),
        "held_out": held_out_tables(),
        "basket": estimates.basket(),
    }
    pair = list(LanguageModel.objects.published().filter(slug__in=SEED_PAIR).order_by("slug"))
    if len(pair) == 2:
        cards = plain.scorecards(rules, plain.results(pair))
        example = scoring.compare(
            *(cards.get(m.pk, plain.EMPTY_CARD) for m in pair), rules.benchmarks, rules.categories
        )
        context |= {
            "pair": pair,
            "pair_url": f"/compare/{pair[0].slug}-vs-{pair[1].slug}/",
            "worked": worked_example(example, rules),
        }
        context["worked_words"] = worked_words(example, [m.name for m in pair])
    return render(request, "comparisons/methodology.html", context)


@public
def changes(request: HttpRequest, twin: str = "") -> HttpResponse:
    log = Change.objects.newest(200)
    if twin:
        return twins.answer("changes", documents.changes(log, timezone.localdate()), twin)
    context = {
        "changes": log,
        "title": "Changes",
        "twins": twin_links(request.path),
        "description": "What changed on BenchLM, when and why.",
    }
    return render(request, "comparisons/changes.html", context)


@public
def search(request: HttpRequest) -> HttpResponse:
    form = forms.SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    context = {"form": form, "text": text, "found": finding.search(text), "title": "Search", "is_indexed": False}
    return render(request, "comparisons/search.html", context)


@public
def privacy(request: HttpRequest) -> HttpResponse:
    return render(
        request, "comparisons/privacy.html", {"title": "Privacy", "description": "What is stored, and for how long."}
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 in the site's look or in a twin's format, with the nearest names for a comparison or a model."""
    asked = request.resolver_match.kwargs.get("twin", "") if request.resolver_match else ""
    twin = asked if asked in TWINS else ""
    last = request.path.strip("/").split("/")[-1].removesuffix(f".{asked}")
    names = finding.known_names()
    near = []
    for part in last.lower().split("-vs-")[: finding.MOST_MODELS]:
        try:
            validate_slug_form(part)
        except ValidationError:
            continue
        near += [m for m in finding.nearest(part, names, 3) if m not in near]
    if twin:
        return open_to_all(twins.failure(404, "There is no such page", _addresses(near[:6]), twin))
    response = render(request, "404.html", {"near": near[:6], "fields": finding.fields()}, status=404)
    patch_vary_headers(response, ["HX-Request"])
    return response
