"""The change log in words, and as an Atom feed. Pages, feed and mail tell a change through `sentence`."""

from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed

from comparisons.models import Change
from comparisons.responses import public
from comparisons.tradeoffs import day

ENTRIES = 100
UNITS = {"price": " $/M"}


def sentence(change: Change) -> str:
    """What happened in one line of plain text, without source and reason."""
    name, old, new = change.subject, change.old, change.new
    match change.kind:
        case "model_added":
            return f"{name} is new in the catalogue"
        case "model_status":
            return f"{name} is {'published again' if new == 'published' else new}"
        case "retirement_date":
            return (
                f"{name} retires on {_day(new)}" + (f", not on {_day(old)}" if old else "")
                if new
                else f"{name} no longer retires"
            )
    unit = UNITS.get(change.kind.partition("_")[0], "")
    match change.kind.rpartition("_")[2]:
        case "added":
            return f"{name}: {new}{unit}"
        case "withdrawn":
            return f"{name}: {old}{unit} withdrawn"
        case "changed":
            return f"{name}: {new}{unit}, was {old}"
    return f"{name}: {old or 'none'} to {new or 'none'}" if old or new else name


def _day(text: str) -> str:
    """An ISO date as it is printed elsewhere."""
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


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
