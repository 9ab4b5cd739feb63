"""Every state of a row that a page can show is on record, whichever way it was written."""

import datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.utils import timezone

from comparisons.models import Benchmark, CatalogueRow, CatalogueVersion, Category, Creator, LanguageModel, Score

NOON = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)


@pytest.fixture
def alpha(db) -> LanguageModel:
    acme = Creator.objects.create(slug="acme", name="Acme")
    coding = Category.objects.create(slug="coding", name="Coding", weight=1, order=1)
    test = Benchmark.objects.create(slug="gpqa", name="GPQA", family="gpqa", category=coding, floor=0, ceiling=100)
    model = LanguageModel.objects.create(slug="alpha", name="Alpha", creator=acme, status="published")
    for at, value in enumerate((40, 50, 60)):
        Score.objects.create(
            model=model,
            benchmark=test,
            value=value,
            setting=str(at),
            source_kind="vendor",
            source_url="https://a.example/",
        )
    return model


def test_every_table_of_the_catalogue_keeps_a_history():
    tables = [table for table in apps.get_app_config("comparisons").get_models() if issubclass(table, CatalogueRow)]
    assert len(tables) >= 10
    assert [table.__name__ for table in tables if not hasattr(table, "history")] == []


def test_bulk_writes_are_on_record_as_single_ones_are(alpha):
    version, test = CatalogueVersion.stamp(), Benchmark.objects.get()
    fields = {"model": alpha, "benchmark": test, "source_kind": "vendor", "source_url": "https://b.example/"}
    made = Score.objects.because("a table", NOON).bulk_create([Score(value=70, **fields)])
    Score.objects.filter(value__lte=50).update(value=Decimal("55.5"))
    made[0].value = Decimal(71)
    Score.objects.bulk_update(made, ["value"])
    Score.objects.filter(setting="2").delete()
    assert CatalogueVersion.stamp() != version
    found = Score.history.order_by("setting", "pk")  # a bulk write puts its rows on record in the database's own order
    assert list(found.values_list("setting", "history_type", "value", "history_change_reason")) == [
        ("", "+", 70, "a table"),
        ("", "~", 71, None),
        ("0", "+", 40, None),
        ("0", "~", Decimal("55.5"), None),
        ("1", "+", 50, None),
        ("1", "~", Decimal("55.5"), None),
        ("2", "+", 60, None),
        ("2", "-", 60, None),
    ]
    dates = dict(Score.history.filter(setting="").values_list("history_type", "history_date"))
    assert dates["+"] == NOON
    assert timezone.now() - dates["~"] < datetime.timedelta(minutes=1)


def test_a_value_that_the_same_transaction_replaces_leaves_no_history(alpha):
    assert Score.objects.filter(setting="0").stand_in(value=1) == 1
    assert (Score.history.count(), Score.objects.get(setting="0").value) == (3, 1)
