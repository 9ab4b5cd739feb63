"""The change log as an Atom feed."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed

from comparisons.models import Change
from comparisons.news import sentence
from comparisons.responses import public

ENTRIES = 100


@public
def changes(request: HttpRequest) -> HttpResponse:
    """The newest entries of the change log. Ids stay the same for ever; links are those of SITE_URL."""
    rows = list(Change.objects.newest(ENTRIES))
    feed = Atom1Feed(
        title="BenchLM changes",
        link=f"{settings.SITE_URL}/changes/",
        feed_url=f"{settings.SITE_URL}/changes.atom",
        description="What changed on BenchLM, when and why.",
        language="en",
        feed_guid=f"{settings.SITE_URL}/changes.atom",
    )
    for change in rows:
        is_shown = change.model is not None and change.model.status == "published"
        feed.add_item(
            title=sentence(change),
            link=f"{settings.SITE_URL}{change.model.get_absolute_url() if is_shown else '/changes/'}",
            description=" ".join(
                part for part in (change.reason, change.source_url and f"Source: {change.source_url}") if part
            ),
            unique_id=f"{settings.SITE_URL}/changes/#change-{change.pk}",
            updateddate=change.at,
            pubdate=change.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
