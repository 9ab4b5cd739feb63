"""Other dates for what is on record, so that tests have a past without waiting and without another clock."""

import datetime

from django.apps import apps
from django.db.models import F, QuerySet

from comparisons.models import CatalogueRow, CatalogueVersion, Change, Fit, Place

TABLES = [table for table in apps.get_app_config("comparisons").get_models() if issubclass(table, CatalogueRow)]


def days_passed(number: int) -> None:
    """Everything on record so far happened that many days earlier."""
    back = datetime.timedelta(days=number)
    for table in TABLES:
        table.history.update(history_date=F("history_date") - back)
    QuerySet(Change).update(at=F("at") - back)
    Fit.objects.update(made_at=F("made_at") - back)
    for day in sorted(set(Place.objects.values_list("day", flat=True))):
        Place.objects.filter(day=day).update(day=day - back)
    CatalogueVersion.objects.update(number=F("number") + 1, raised_at=F("raised_at") - back)
    Fit.objects.filter(pk=Fit.objects.values_list("pk", flat=True).first()).update(catalogue=CatalogueVersion.stamp())


def marks() -> dict:
    """How far each history, the change log and the fits have come."""
    found = {}
    for table in TABLES:
        found[table] = table.history.order_by("-history_id").values_list("history_id", flat=True).first() or 0
    for table in (Change, Fit):
        found[table] = table.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return found


def dated(since: dict, moment: datetime.datetime) -> None:
    """Everything written after the marks is of another moment."""
    for table in TABLES:
        table.history.filter(history_id__gt=since[table]).update(history_date=moment)
    QuerySet(Change).filter(pk__gt=since[Change]).update(at=moment)
    Fit.objects.filter(pk__gt=since[Fit]).update(made_at=moment)
    Place.objects.filter(day=moment.date()).delete()
    Place.objects.filter(day=datetime.datetime.now(datetime.UTC).date()).update(day=moment.date())
    CatalogueVersion.rise()
