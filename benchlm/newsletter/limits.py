"""How often: per client in the memory of the process, per mailbox, domain and in all by exact counters in the database."""

import datetime

from django.utils import timezone

from benchlm.newsletter import keys
from benchlm.newsletter.models import Limit
from comparisons import visitors

HOUR, SEVEN_DAYS = 3600, 7 * 86_400
CLIENT_AN_HOUR = 10
RULES = {"all": ((HOUR, 500),), "domain": ((HOUR, 60),), "address": ((HOUR, 1), (SEVEN_DAYS, 3))}  # (seconds, mails)


def client_may(network: str, now: datetime.datetime) -> bool:
    """Count one sign-up of a client; False beyond its share of 10 an hour."""
    return visitors.client_may("sign up", network, CLIENT_AN_HOUR, now)


def locked(kind: str, text: str, now: datetime.datetime) -> Limit:
    """The counter of one thing, locked until the transaction ends. Take `all` first, so that none waits for another in a ring."""
    made = {"touched_at": now}
    return Limit.objects.select_for_update().get_or_create(key_hash=keys.digest(kind, text), defaults=made)[0]


def has_room(counter: Limit, kind: str, now: datetime.datetime) -> bool:
    moment = now.timestamp()
    return all(sum(hit > moment - seconds for hit in counter.hits) < most for seconds, most in RULES[kind])


def count(counter: Limit, kind: str, now: datetime.datetime) -> None:
    """Add one, drop what no rule of the kind looks at any more."""
    moment, longest = now.timestamp(), max(seconds for seconds, _ in RULES[kind])
    counter.hits = [hit for hit in counter.hits if hit > moment - longest] + [moment]
    counter.touched_at = now
    counter.save()


def erase_old(now: datetime.datetime | None = None) -> int:
    """Counters that no rule needs any more."""
    before = (now or timezone.now()) - datetime.timedelta(seconds=SEVEN_DAYS)
    return Limit.objects.filter(touched_at__lt=before).delete()[0]
