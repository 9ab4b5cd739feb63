"""Named questions to the tables: the only door to filter, exclude and annotate."""

from __future__ import annotations

import datetime
from itertools import batched

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import RowNumber, TruncMonth

RECORDED_AT_ONCE = 500  # history rows a statement


def written_at(history: models.Manager, column: str) -> dict[int, datetime.datetime]:
    """When the newest entry of a history was made, by one of its columns; entries of drafts, which no page shows, do not count."""
    rows = history.order_by()
    if any(field.name == "status" for field in history.model._meta.fields):
        rows = rows.exclude(status="draft")
    return dict(rows.values_list(column).annotate(newest=Max("history_date")))


class CatalogueQuerySet(models.QuerySet):
    """Rows that public pages show: a bulk write raises the catalogue version and is entered in the history as a single one is."""

    reason = None
    moment = None
    by = None

    def because(self, reason: str, moment: datetime.datetime, by: models.Model | None = None) -> CatalogueQuerySet:
        """The same rows; what is written to them in bulk is entered in the history with this reason, time and user."""
        rows = self._clone()
        rows.reason, rows.moment, rows.by = reason, moment, by
        return rows

    def _clone(self) -> CatalogueQuerySet:
        rows = super()._clone()
        rows.reason, rows.moment, rows.by = self.reason, self.moment, self.by
        return rows

    def update(self, **values) -> int:
        return self._rising(self._update_recorded, **values)

    def delete(self) -> tuple[int, dict[str, int]]:
        return self._rising(super().delete)

    def bulk_create(self, rows, **options) -> list:
        return self._rising(self._create_recorded, rows, **options)

    def stand_in(self, **values) -> int:
        """Values that the same transaction replaces: nobody ever sees them, so they leave no history."""
        return super().update(**values)

    def _update_recorded(self, **values) -> int:
        keys = list(self.values_list("pk", flat=True))
        changed = super().update(**values)
        for chunk in batched(keys, RECORDED_AT_ONCE, strict=False):
            self._record(self.model._base_manager.using(self.db).filter(pk__in=chunk), update=True)
        return changed

    def _create_recorded(self, rows, **options) -> list:
        made = super().bulk_create(rows, **options)
        self._record(made, update=False)
        return made

    def _record(self, rows, *, update: bool) -> None:
        self.model.history.bulk_history_create(
            rows,
            RECORDED_AT_ONCE,
            update,
            default_user=self.by,
            default_change_reason=self.reason,
            default_date=self.moment,
        )

    def _rising(self, write, *args, **kwargs):
        from comparisons.models import CatalogueVersion

        with transaction.atomic(using=self.db):
            outcome = write(*args, **kwargs)
            CatalogueVersion.rise()
        return outcome


class LanguageModelQuerySet(CatalogueQuerySet):
    def published(self) -> LanguageModelQuerySet:
        return self.filter(status="published")

    def visible(self) -> LanguageModelQuerySet:
        """Published and withdrawn models: those that the public has or once had an address of."""
        return self.exclude(status="draft")

    def named(self, texts: list[str]) -> LanguageModelQuerySet:
        """Models whose slug or alias equals one of the texts, whatever its case."""
        keys = [text.casefold() for text in texts]
        return self.filter(Q(slug__in=keys) | Q(aliases__key__in=keys)).distinct()

    def of_slugs(self, slugs: list[str]) -> LanguageModelQuerySet:
        return self.filter(slug__in=slugs)

    def with_result_counts(self) -> LanguageModelQuerySet:
        return self.annotate(result_count=Count("scores", filter=Q(scores__status="published")))


class BenchmarkQuerySet(CatalogueQuerySet):
    def with_result_counts(self) -> BenchmarkQuerySet:
        """Each with the number of published models that took it, as `models_tested`."""
        shown = Q(scores__status="published", scores__withdrawn_on=None, scores__model__status="published")
        return self.annotate(models_tested=Count("scores__model", filter=shown, distinct=True))


class ScoreQuerySet(CatalogueQuerySet):
    def published(self) -> ScoreQuerySet:
        """Scores that pages may show: published, not withdrawn, of a published model."""
        return self.filter(status="published", withdrawn_on=None, model__status="published")

    def newest_report(self) -> datetime.date | None:
        """The latest day on which one of these scores was reported."""
        return self.aggregate(newest=Max("reported_on"))["newest"]

    def of(self, models: list) -> ScoreQuerySet:
        return self.filter(model__in=models)


TIER_PRICES = ("from_prompt_tokens", "input", "output", "cached_input")


class OfferQuerySet(CatalogueQuerySet):
    def published(self) -> OfferQuerySet:
        return self.filter(status="published", model__status="published")

    def current(self, on: datetime.date) -> OfferQuerySet:
        """Offers in force on a day: begun (or of unknown start) and not ended."""
        begun = Q(starts_on=None) | Q(starts_on__lte=on)
        return self.published().filter(begun, Q(ends_on=None) | Q(ends_on__gte=on))

    def with_tiers(self) -> OfferQuerySet:
        """Each offer once for each of its tiers, with its values as `tier_...`; once without where it has none."""
        return self.annotate(**{f"tier_{name}": F(f"tiers__{name}") for name in TIER_PRICES})

    def ever_of(self, model: models.Model) -> OfferQuerySet:
        """A model's offers, ended ones too."""
        return self.published().filter(model=model).order_by()


class RuntimeQuerySet(CatalogueQuerySet):
    def sourced(self) -> RuntimeQuerySet:
        """Snapshots that may be shown: with host and date."""
        return self.filter(measured_on__isnull=False, model__status="published").exclude(host="")


class ChangeQuerySet(models.QuerySet):
    """Append-only: rows are added and read."""

    def update(self, **values) -> int:
        raise ValidationError("A change is written once and never edited.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise ValidationError("A change is never deleted.")

    def of(self, models: list) -> ChangeQuerySet:
        return self.filter(model__in=models)

    def before(self, moment: datetime.datetime) -> ChangeQuerySet:
        return self.filter(at__lt=moment)

    def newest(self, count: int) -> ChangeQuerySet:
        return self.select_related("model")[:count]


class PlaceQuerySet(models.QuerySet):
    """The course of models over time, in the order of time."""

    def until(self, day: datetime.date) -> PlaceQuerySet:
        return self.filter(day__lte=day)

    def before(self, day: datetime.date) -> PlaceQuerySet:
        return self.filter(day__lt=day)

    def on_board(self, category: str) -> PlaceQuerySet:
        """Places in a category by its slug; overall where it is empty."""
        return self.filter(category__slug=category) if category else self.filter(category=None)

    def newest_of_each(self) -> PlaceQuerySet:
        """The last row of every model on every board."""
        return self._in_turn("model", "category").filter(turn=1)

    def followed_in_their_month(self) -> PlaceQuerySet:
        """Rows after which the same model has another one on the same board in the same month."""
        return self._in_turn("model", "category", TruncMonth("day")).filter(turn__gt=1)

    def _in_turn(self, *each) -> PlaceQuerySet:
        order = [F("day").desc(), F("pk").desc()]
        return self.alias(turn=Window(RowNumber(), partition_by=list(each), order_by=order))
