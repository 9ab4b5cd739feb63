"""How often in all: exact counters in the database, however many processes count."""

import datetime

from django.db.models import F

from comparisons.models import Tally

HOUR = 3600
KEPT = datetime.timedelta(days=1)  # longer than any window


def allow(key: str, most: int, seconds: int, now: datetime.datetime) -> bool:
    """Count one use; False beyond `most` in a window of `seconds` that its first use opens."""
    uses, over = Tally.objects.filter(key=key), now - datetime.timedelta(seconds=seconds)
    if uses.filter(since__gt=over, count__lt=most).update(count=F("count") + 1):
        return True
    if uses.filter(since__gt=over).exists():
        return False
    Tally.objects.filter(since__lt=now - KEPT).delete()
    Tally.objects.bulk_create([Tally(key=key, since=now)], ignore_conflicts=True)
    uses.filter(since__lte=over).update(since=now, count=0)
    return bool(uses.filter(count__lt=most).update(count=F("count") + 1))


def counted(key: str, seconds: int, now: datetime.datetime) -> int:
    """Uses in the running window."""
    since = now - datetime.timedelta(seconds=seconds)
    return Tally.objects.filter(key=key, since__gt=since).values_list("count", flat=True).first() or 0


def forget(key: str) -> None:
    Tally.objects.filter(key=key).delete()
