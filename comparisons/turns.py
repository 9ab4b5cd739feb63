"""Writers of an SQLite database wait for each other in short, even steps.

SQLite's own wait grows to a tenth of a second between two looks, so that among many writers those who have waited longest look least
often and are overtaken by all who come later.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import contextmanager

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

STEP = 0.002  # seconds between two looks, and up to twice as much again by chance
PATIENCE = 5.0  # seconds, as sqlite3 has it, where the settings name none


def take_turns(connection: BaseDatabaseWrapper, **about: object) -> None:
    """Let a new connection wait so at the beginning of its transactions."""
    if connection.vendor == "sqlite" and begin_in_turn not in connection.execute_wrappers:
        connection.execute_wrappers.append(begin_in_turn)


def begin_in_turn(execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
    """Begin a transaction that writes; OperationalError once the patience of the settings (OPTIONS, timeout) is at its end."""
    if not sql.startswith("BEGIN IMMEDIATE"):
        return execute(sql, params, many, context)
    patience = context["connection"].settings_dict["OPTIONS"].get("timeout", PATIENCE)
    ends_at = time.monotonic() + patience
    with not_waiting(context["connection"].connection, patience):
        while True:
            try:
                return execute(sql, params, many, context)
            except OperationalError as fault:
                if "locked" not in str(fault) or time.monotonic() >= ends_at:
                    raise
                time.sleep(STEP * (1 + 2 * random.random()))  # noqa: S311 (no secret)


@contextmanager
def not_waiting(raw, patience: float):
    """SQLite says at once that somebody else is writing."""
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {round(1000 * patience)}")
