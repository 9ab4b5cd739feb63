"""The catalogue version as this process last read it: every request asks here, the database is asked once a second at most."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable

from django.db import Error, OperationalError, connection

from comparisons.models import CatalogueVersion, version_mark

PROBE_SECONDS = 1.0  # how long an edit on another machine may stay unseen; those of this machine are seen at once

_lock = threading.Lock()
_seen: tuple[float, int, str] | None = None  # when it was read, the mark of this machine then, the version
_failed_at = -PROBE_SECONDS


def version() -> str:
    """The catalogue version. OperationalError, at once, while the database was found away less than a second ago."""
    global _seen, _failed_at
    if connection.in_atomic_block:  # what this transaction has changed counts too
        return CatalogueVersion.stamp()
    known = known_now()
    if known:
        return known
    now, mark, seen = time.monotonic(), version_mark(), _seen
    if now - _failed_at < PROBE_SECONDS:
        raise OperationalError("the database was away a moment ago")
    if not _lock.acquire(blocking=seen is None):
        return seen[2]  # somebody is reading it
    try:
        _seen = now, mark, CatalogueVersion.stamp()
    except Error:
        _failed_at = time.monotonic()
        raise
    finally:
        _lock.release()
    return _seen[2]


def known_now() -> str | None:
    """The version where it was read within the second and this machine has not changed it; asks no database."""
    seen = _seen
    is_known = seen and time.monotonic() - seen[0] < PROBE_SECONDS and version_mark() == seen[1]
    return seen[2] if is_known else None


def last_known() -> str | None:
    """The version read last, however long ago: for what can be shown while the database is away."""
    return _seen[2] if _seen else None


def forget() -> None:
    """Read the version anew at the next question."""
    global _seen, _failed_at
    _seen, _failed_at = None, -PROBE_SECONDS


class Kept[Key: Hashable, Value]:
    """Values of one state of the catalogue, at most so many: the one asked for longest ago is dropped first.

    The state is read before what is computed from it, so that nothing kept is older than what it is kept under.
    """

    def __init__(self, most: int) -> None:
        self.most, self.state = most, None
        self.values: OrderedDict[Key, Value] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, state: Hashable, key: Key) -> Value | None:
        with self.lock:
            if state != self.state or key not in self.values:
                return None
            self.values.move_to_end(key)
            return self.values[key]

    def put(self, state: Hashable, key: Key, value: Value) -> Value:
        with self.lock:
            if state != self.state:
                self.state = state
                self.values.clear()
            self.values[key] = value
            if len(self.values) > self.most:
                self.values.popitem(last=False)
        return value
