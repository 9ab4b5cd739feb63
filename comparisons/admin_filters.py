"""The questions that curators put to the lists."""

import datetime

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from comparisons import curation


class Question(admin.SimpleListFilter):
    """A filter with fixed answers; any other answer in the address leaves the list whole."""

    answers: tuple[tuple[str, str], ...]

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> tuple[tuple[str, str], ...]:
        return self.answers

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        known = self.value() in dict(self.answers)
        return self.narrow(queryset, self.value(), timezone.localdate()) if known else queryset

    def narrow(self, rows: QuerySet, answer: str, today: datetime.date) -> QuerySet:
        raise NotImplementedError


class AgeFilter(Question):
    title = f"age (stale: over {curation.STALE_DAYS} days)"
    parameter_name = "age"
    answers = (("fresh", "Fresh"), ("stale", "Stale"), ("undated", "No source date"))

    def narrow(self, rows: QuerySet, answer: str, today: datetime.date) -> QuerySet:
        return curation.by_age(rows, answer, today)


class PricedFilter(Question):
    title = "price"
    parameter_name = "priced"
    answers = (("yes", "Has a current price"), ("no", "No price"))

    def narrow(self, rows: QuerySet, answer: str, today: datetime.date) -> QuerySet:
        return curation.by_price(rows, is_priced=answer == "yes", today=today)


class CurrentFilter(Question):
    title = "validity"
    parameter_name = "current"
    answers = (("yes", "Current"), ("no", "Ended"))

    def narrow(self, rows: QuerySet, answer: str, today: datetime.date) -> QuerySet:
        if answer == "no":
            return rows.filter(ends_on__lt=today)
        return rows.filter(Q(ends_on=None) | Q(ends_on__gte=today))
