"""Transactions that write begin in turn on SQLite, whatever database the other tests use."""

import sqlite3
from collections.abc import Callable, Iterator
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


class Clock:
    """Time that passes by sleeping only; `after` so many looks something is done."""

    def __init__(self, after: int = -1, do: Callable[[], object] = int) -> None:
        self.now, self.looks, self.after, self.do = 0.0, 0, after, do

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert turns.STEP <= seconds <= 3 * turns.STEP
        self.now, self.looks = self.now + seconds, self.looks + 1
        if self.looks == self.after:
            self.do()


def test_writer_begins_at_the_first_look_after_the_one_before_has_ended(connection, holder, monkeypatch):
    clock = Clock(after=20, do=lambda: holder.execute("COMMIT"))
    monkeypatch.setattr(turns, "time", clock)
    begin(connection)
    assert clock.looks == 20
    assert patience_of(connection) == 400
    holder.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        holder.execute("BEGIN IMMEDIATE")


def test_patience_has_an_end(connection, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(turns, "time", clock)
    with pytest.raises(OperationalError, match="database is locked"):
        begin(connection)
    assert PATIENCE <= clock.now < PATIENCE + 3 * turns.STEP
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
