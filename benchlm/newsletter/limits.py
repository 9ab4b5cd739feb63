"""How often: per client in the memory of the process, per mailbox, domain and in all by exact counters in the database."""

import datetime
import secrets
import threading
from collections import deque
from hashlib import blake2b

from django.conf import settings
from django.utils import timezone

from benchlm.newsletter import keys
from benchlm.newsletter.models import Limit

HOUR, SEVEN_DAYS = 3600, 7 * 86_400
CLIENT_AN_HOUR = 10
MOST_CLIENTS = 50_000  # in memory; the oldest goes first
RULES = {"all": ((HOUR, 500),), "domain": ((HOUR, 60),), "address": ((HOUR, 1), (SEVEN_DAYS, 3))}  # (seconds, mails)

_salt = secrets.token_bytes(32)  # what stands for a client means nothing outside this process
_lock = threading.Lock()
_clients: dict[bytes, deque[float]] = {}


def client_may(network: str, now: datetime.datetime) -> bool:
    """Count one sign-up of a client; False beyond its share of 10 an hour, which the workers divide."""
    client, moment = blake2b(network.encode(), key=_salt, digest_size=16).digest(), now.timestamp()
    with _lock:
        seen = _clients.pop(client, None) or deque()
        while seen and seen[0] <= moment - HOUR:
            seen.popleft()
        is_allowed = len(seen) < max(1, CLIENT_AN_HOUR // settings.WORKERS)
        if is_allowed:
            seen.append(moment)
        _clients[client] = seen
        while len(_clients) > MOST_CLIENTS:
            del _clients[next(iter(_clients))]
    return is_allowed


def forget_clients() -> None:
    with _lock:
        _clients.clear()


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
