"""The catalogue version as a process knows it: asked seldom, never older than a second, at once after an edit on this machine."""

import datetime
import gc

import pytest
from django.db import OperationalError, connection, transaction

from comparisons import freshness, plain
from comparisons.models import CatalogueVersion, set_version_mark, version_mark

pytestmark = pytest.mark.django_db(transaction=True)


def asked(django_assert_num_queries, queries: int) -> str:
    """The version, asked for five times at the cost of so many queries."""
    with django_assert_num_queries(queries):
        (version,) = {freshness.version() for _ in range(5)}
    return version


def test_version_is_asked_once_a_second_and_at_once_after_an_edit(django_assert_num_queries):
    CatalogueVersion.rise()
    first = asked(django_assert_num_queries, 1)
    CatalogueVersion.rise()
    assert asked(django_assert_num_queries, 1) == CatalogueVersion.stamp() != first


def test_version_is_known_without_a_question_for_a_second_or_until_an_edit(django_assert_num_queries, monkeypatch):
    assert freshness.known_now() is None
    CatalogueVersion.rise()
    read = freshness.version()
    with django_assert_num_queries(0):
        assert freshness.known_now() == read
    CatalogueVersion.rise()
    assert freshness.known_now() is None
    freshness.version()
    monkeypatch.setattr(freshness, "PROBE_SECONDS", 0)
    assert freshness.known_now() is None


def test_edit_of_another_machine_is_seen_after_a_second(django_assert_num_queries, monkeypatch, settings, tmp_path):
    settings.STATE_DIR = tmp_path / "missing"  # a mark on one machine says nothing on another
    CatalogueVersion.rise()
    first = asked(django_assert_num_queries, 1)
    CatalogueVersion.rise()
    assert asked(django_assert_num_queries, 0) == first
    monkeypatch.setattr(freshness, "PROBE_SECONDS", 0)
    assert freshness.version() == CatalogueVersion.stamp() != first


def test_mark_is_set_when_the_edit_is_committed_and_not_before():
    before = version_mark()
    with transaction.atomic():
        CatalogueVersion.rise()
        assert version_mark() == before
    assert version_mark() > before


def test_transaction_sees_its_own_edit():
    first = freshness.version()
    with transaction.atomic():
        CatalogueVersion.rise()
        inside = freshness.version()
    assert inside == freshness.version() == CatalogueVersion.stamp() != first


def test_rolled_back_edit_leaves_the_version_as_it_was():
    CatalogueVersion.rise()
    before = freshness.version()
    with transaction.atomic():
        CatalogueVersion.rise()
        transaction.set_rollback(True)
    assert freshness.version() == before


def test_folder_that_cannot_be_written_to_has_no_mark(settings, tmp_path):
    settings.STATE_DIR = tmp_path / "missing"
    set_version_mark()
    assert version_mark() == 0


def test_database_that_was_away_is_not_asked_again_at_once():
    CatalogueVersion.rise()
    version, calls = freshness.version(), []

    def away(execute, *query):
        calls.append(1)
        raise OperationalError("no route to host")

    set_version_mark()
    with connection.execute_wrapper(away):
        for _ in range(3):
            with pytest.raises(OperationalError):
                freshness.version()
    assert (len(calls), freshness.last_known()) == (1, version)


@pytest.mark.parametrize("was_on", [True, False])
def test_collections_are_as_before_once_the_catalogue_is_read_or_was_not(was_on):
    (gc.enable if was_on else gc.disable)()
    try:
        plain.read(datetime.date(2026, 11, 3))
        assert gc.isenabled() is was_on
        with pytest.raises(ZeroDivisionError), plain.no_collections():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() is was_on
    finally:
        gc.enable()
