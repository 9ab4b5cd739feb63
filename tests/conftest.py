"""The bundled catalogue for the tests of pages, loaded once a module."""

import pytest
from django.db import transaction
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


@pytest.fixture(scope="module")
def stored(django_db_setup, django_db_blocker):
    """The bundled catalogue with its estimates, taken out again after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert writing.import_folder(BUNDLED, today=TODAY).faults == ()
        assert estimates.refit(seeds=1) is not None
        yield
        transaction.set_rollback(True)


@pytest.fixture
def site(stored, db) -> Client:
    return Client(raise_request_exception=True)
