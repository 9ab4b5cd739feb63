"""The questions that curators put to the lists."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from comparisons import curation
from comparisons.models import SourceKind


class AgeFilter(admin.SimpleListFilter):
    title = f"age (stale: over {curation.STALE_DAYS} days)"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("fresh", "Fresh"), ("stale", "Stale"), ("undated", "No source date")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        known = self.value() in dict(self.lookup_choices)
        return curation.by_age(queryset, self.value(), timezone.localdate()) if known else queryset


class ConfirmedFilter(admin.SimpleListFilter):
    title = "confirmation"
    parameter_name = "confirmed"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("no", "Unconfirmed (aggregator only)"), ("yes", "Confirmed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        unconfirmed = Q(source_kind=SourceKind.AGGREGATOR)
        asked = {"no": unconfirmed, "yes": ~unconfirmed}
        return queryset.filter(asked.get(self.value(), Q()))


class PricedFilter(admin.SimpleListFilter):
    title = "price"
    parameter_name = "priced"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Has a current price"), ("no", "No price")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("yes", "no"):
            return queryset
        return curation.by_price(queryset, is_priced=self.value() == "yes", today=timezone.localdate())


class CurrentFilter(admin.SimpleListFilter):
    title = "validity"
    parameter_name = "current"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Current"), ("no", "Ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        ended = Q(ends_on__lt=timezone.localdate())
        asked = {"yes": ~ended | Q(ends_on=None), "no": ended}
        return queryset.filter(asked.get(self.value(), Q()))
