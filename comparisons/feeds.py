"""The change log as Atom feeds: of the whole site, of a model, of the models of a comparison."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed, get_tag_uri

from comparisons import finding
from comparisons.links import comparison_path
from comparisons.models import Change, LanguageModel, Status
from comparisons.news import sentence
from comparisons.responses import permanent, public
from comparisons.verdicts import joined

ENTRIES = 100
SUFFIX = "changes.atom"  # after the address of a page


@public
def changes(request: HttpRequest) -> HttpResponse:
    return _feed("BenchLM changes", "/changes/", "/changes.atom", Change.objects.newest(ENTRIES))


@public
def model_changes(request: HttpRequest, slug: str) -> HttpResponse:
    model = finding.model_or_404(slug)
    return _changes_of(request, [model], model.get_absolute_url())


@public
def pair_changes(request: HttpRequest, pair: str) -> HttpResponse:
    models = finding.models_or_404(pair)
    return _changes_of(request, models, comparison_path(models) if len(models) > 1 else models[0].get_absolute_url())


def title_of(models: Iterable[LanguageModel]) -> str:
    """`Changes of Gemma 4 31B and GPT-4.1`"""
    return f"Changes of {joined([model.name for model in models])}"


def _changes_of(request: HttpRequest, models: list[LanguageModel], page: str) -> HttpResponse:
    """The feed beside a page; it moves and goes as the page does."""
    if request.path != page + SUFFIX:
        return permanent(request, page + SUFFIX)
    gone = [model.name for model in models if model.status == Status.WITHDRAWN]
    if gone:
        words = f"{joined(gone)} {'is' if len(gone) == 1 else 'are'} withdrawn from the catalogue."
        return HttpResponse(words, status=410, content_type="text/plain; charset=utf-8")
    rows = Change.objects.of(models).newest(ENTRIES)
    return _feed(f"BenchLM: {title_of(models)}", page, page + SUFFIX, rows)


def _feed(title: str, page: str, path: str, rows: Iterable[Change]) -> HttpResponse:
    """Ids are tag URIs that stay the same for ever and in every feed; links are those of SITE_URL."""
    feed = Atom1Feed(
        title=title,
        link=settings.SITE_URL + page,
        feed_url=settings.SITE_URL + path,
        description="What changed, when and why.",
        language="en",
        feed_guid=settings.SITE_URL + path,
    )
    for change in rows:
        is_shown = change.model is not None and change.model.status == Status.PUBLISHED
        feed.add_item(
            title=sentence(change),
            link=settings.SITE_URL + (change.model.get_absolute_url() if is_shown else "/changes/"),
            description=" ".join(
                part for part in (change.reason, change.source_url and f"Source: {change.source_url}") if part
            ),
            unique_id=get_tag_uri(f"{settings.SITE_URL}/changes#{change.pk}", change.at),
            updateddate=change.at,
            pubdate=change.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
