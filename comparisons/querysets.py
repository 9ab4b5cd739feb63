"""Named questions to the tables: the only door to filter, exclude and annotate."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, Max, Q


class CatalogueQuerySet(models.QuerySet):
    """Rows that public pages show: a bulk write raises the catalogue version as a single one does."""

    def update(self, **values) -> int:
        return self._rising(super().update, **values)

    def delete(self) -> tuple[int, dict[str, int]]:
        return self._rising(super().delete)

    def bulk_create(self, rows, **options) -> list:
        return self._rising(super().bulk_create, rows, **options)

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

    def with_result_counts(self) -> LanguageModelQuerySet:
        return self.annotate(result_count=Count("scores", filter=Q(scores__status="published")))

    def meeting(self, wishes: dict) -> LanguageModelQuerySet:
        """Models that meet the leaderboard's filters: creator, weights (open, closed), reasoning, context (tokens at least)."""
        rows = self
        if wishes.get("creator"):
            rows = rows.filter(creator=wishes["creator"])
        if wishes.get("weights"):
            rows = rows.filter(open_weights=wishes["weights"] == "open")
        if wishes.get("reasoning"):
            rows = rows.filter(reasoning=wishes["reasoning"])
        if wishes.get("context"):
            rows = rows.filter(context_window__gte=int(wishes["context"]))
        return rows


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


class OfferQuerySet(CatalogueQuerySet):
    def published(self) -> OfferQuerySet:
        return self.filter(status="published", model__status="published")

    def current(self, on: datetime.date) -> OfferQuerySet:
        """Offers in force on a day: begun (or of unknown start) and not ended."""
        begun = Q(starts_on=None) | Q(starts_on__lte=on)
        return self.published().filter(begun, Q(ends_on=None) | Q(ends_on__gte=on))

    def ever_of(self, model: models.Model) -> OfferQuerySet:
        """A model's paid offers, ended ones too, each host's in the order of time."""
        return self.published().filter(model=model, basis="api").order_by("-makers_own", "host", "starts_on")


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

    def newest(self, count: int) -> ChangeQuerySet:
        return self.select_related("model")[:count]
