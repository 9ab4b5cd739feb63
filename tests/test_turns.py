"""Transactions that write begin in turn on SQLite, whatever database the other tests use."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import ConnectionHandler, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from comparisons import turns

PATIENCE = 0.4


@pytest.fixture
def holder(tmp_path) -> Iterator[sqlite3.Connection]:
    """Somebody else who is writing."""
    with closing(sqlite3.connect(tmp_path / "turns.sqlite3", isolation_level=None, check_same_thread=False)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("CREATE TABLE counted (number INTEGER)")
        file.execute("BEGIN IMMEDIATE")
        yield file


@pytest.fixture
def connection(tmp_path, holder, django_db_blocker) -> Iterator[BaseDatabaseWrapper]:
    options = {"timeout": PATIENCE, "transaction_mode": "IMMEDIATE"}
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "turns.sqlite3"), "OPTIONS": options}
    found = ConnectionHandler({"default": database})["default"]
    with django_db_blocker.unblock():
        yield found
        found.close()


def begin(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")


def patience_of(connection: BaseDatabaseWrapper) -> int:
    return connection.connection.execute("PRAGMA busy_timeout").fetchone()[0]


def test_writer_begins_as_soon_as_the_one_before_has_ended(connection, holder):
    threading.Timer(0.15, holder.execute, ["COMMIT"]).start()
    begun = time.monotonic()
    begin(connection)
    assert 0.1 < time.monotonic() - begun < PATIENCE
    assert patience_of(connection) == 400
    holder.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        holder.execute("BEGIN IMMEDIATE")


def test_patience_has_an_end(connection):
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"):
        begin(connection)
    assert PATIENCE <= time.monotonic() - begun < 4 * PATIENCE
    assert patience_of(connection) == 400


def test_fault_that_is_no_lock_is_raised_at_once(connection, holder):
    holder.execute("COMMIT")
    begin(connection)
    with pytest.raises(OperationalError, match="within a transaction"):
        begin(connection)


def test_every_connection_waits_so_once(connection):
    connection.connect()
    connection.close()
    connection.connect()
    assert connection.execute_wrappers == [turns.begin_in_turn]
