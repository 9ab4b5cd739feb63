"""The bundled catalogue for the tests of pages, loaded once a module."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from benchlm import pagestore
from comparisons import estimates, freshness
from comparisons.importing import writing
from tests.factories import BUNDLED, TODAY


@pytest.fixture(autouse=True)
def _empty_store():
    """Each test begins like a fresh process: tests change settings, which no key names."""
    pagestore.memory.clear()
    freshness.forget()


@pytest.fixture(scope="session")
def bundled(django_db_setup, django_db_blocker) -> dict[str, list[tuple]]:
    """The rows of every table of the catalogue once the bundled files are imported and fitted."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert writing.import_folder(BUNDLED, today=TODAY).faults == ()
        assert estimates.refit(seeds=1) is not None
        with connection.cursor() as cursor:
            rows = {}
            for table in apps.get_app_config("comparisons").get_models(include_auto_created=True):
                cursor.execute(f'SELECT * FROM "{table._meta.db_table}"')
                rows[table._meta.db_table] = cursor.fetchall()
        transaction.set_rollback(True)
    return rows


@pytest.fixture(scope="module")
def stored(bundled, django_db_blocker) -> Iterator[None]:
    """The bundled catalogue with its estimates, taken out again after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            for name, rows in bundled.items():
                cursor.execute(f'DELETE FROM "{name}"')
                if rows:
                    cursor.executemany(f'INSERT INTO "{name}" VALUES ({", ".join(["%s"] * len(rows[0]))})', rows)
            if connection.vendor == "postgresql":  # it cannot count what is not committed, and plans for empty tables
                cursor.execute("ANALYZE")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def site(stored, db) -> Client:
    return Client(raise_request_exception=True)


@pytest.fixture(scope="module")
def own_database(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[str]:
    """The DATABASE_URL of an empty migrated database, for processes that the tests of a module start."""
    with django_db_blocker.unblock():
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            path = tmp_path_factory.mktemp("database") / "own.sqlite3"
            with closing(sqlite3.connect(path)) as copy:
                connection.connection.backup(copy)
            yield f"sqlite:///{path}"
            return
        connection.creation.clone_test_db("own", verbosity=0)
        name = connection.creation.get_test_db_clone_settings("own")["NAME"]
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        connection.creation._destroy_test_db(name, verbosity=0)
