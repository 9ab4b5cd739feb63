"""The catalogue for curators: what its lists show and filter and what its forms hold."""

from collections.abc import Callable

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from simple_history.admin import SimpleHistoryAdmin

from comparisons import admin_paste, curation
from comparisons.admin_accounts import CuratorAdmin
from comparisons.admin_base import CurationAdmin, CurationInline, ReadOnlyAdmin, StatusAdmin, rows_link
from comparisons.admin_filters import AgeFilter, CurrentFilter, PricedFilter
from comparisons.admin_forms import (
    AliasFormSet,
    BenchmarkForm,
    OfferForm,
    OfferFormSet,
    ScoreForm,
    ScoreRowForm,
    WeightedForm,
    WeightsFormSet,
)
from comparisons.importing.formats import plain_number
from comparisons.models import (
    Ability,
    Benchmark,
    BenchmarkAlias,
    CatalogueVersion,
    Category,
    Change,
    Creator,
    FeaturedPair,
    Fit,
    LanguageModel,
    ModelAlias,
    Offer,
    OfferTier,
    Place,
    Runtime,
    Score,
    ScoreReport,
    Settled,
)

for table in (User, TOTPDevice, StaticDevice):  # the forms of the last two show secrets
    admin.site.unregister(table)
admin.site.register(User, CuratorAdmin)
PASTES = (admin_paste.BatchAdmin, admin_paste.UnmatchedNameAdmin)  # registered in their own file
BY_MAKER = ("model__creator", admin.RelatedOnlyFieldListFilter)


def section(title: str | None, advice: str, *fields: str | tuple[str, ...]) -> tuple:
    """A fieldset with a sentence of advice; fields in a tuple stand on one line."""
    return title, {"description": advice, "fields": fields}


def figure(name: str, title: str = "") -> Callable[[Model], str]:
    """A list column for a number: as a source prints it, without the zeros that fill the stored decimals."""

    @admin.display(description=title or name.replace("_", " "), ordering=name, empty_value="–")
    def column(row: Model) -> str | None:
        number = getattr(row, name)
        return None if number is None else plain_number(number)

    column.__name__ = name
    return column


PRICES = [figure("input"), figure("output"), figure("cached_input")]
SPEEDS = [figure("output_tokens_per_second"), figure("ttft_seconds", "time to first token (s)")]


class ScoreInline(CurationInline):
    model = Score
    form = ScoreRowForm
    autocomplete_fields = ["benchmark"]
    fields = ["benchmark", "value", "setting", "source_kind", "source_url", "reported_on", "status"]


class OfferInline(CurationInline):
    model = Offer
    form = OfferForm
    formset = OfferFormSet
    fields = ["host", "makers_own", "basis", "input", "output", "cached_input", "starts_on", "ends_on"]
    fields += ["source_url", "status", "price_is_right"]


class RuntimeInline(CurationInline):
    model = Runtime
    fields = ["host", "output_tokens_per_second", "ttft_seconds", "ttft_kind", "measured_on", "method", "source_url"]


class AliasInline(CurationInline):
    model = ModelAlias
    formset = AliasFormSet
    fields = ["text"]


class BenchmarkAliasInline(CurationInline):
    model = BenchmarkAlias
    formset = AliasFormSet
    fields = ["text"]


class TierInline(CurationInline):
    model = OfferTier
    fields = ["from_prompt_tokens", "input", "output", "cached_input"]


@admin.register(Creator)
class CreatorAdmin(CurationAdmin):
    list_display = ["name", "slug", "country", "model_count"]
    ordering = ["name"]
    search_fields = ["name", "slug"]
    fieldsets = [
        section(None, "The maker of models, as it writes its own name.", "name", "slug", "country", "url"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(model_count=Count("models"))

    @admin.display(description="models", ordering="model_count")
    def model_count(self, row: Creator) -> str:
        return rows_link(LanguageModel, f"creator__id__exact={row.pk}", row.model_count)


@admin.register(LanguageModel)
class LanguageModelAdmin(StatusAdmin):
    list_display = ["name", "creator", "family", "status", "released_on", "retires_on", "result_count"]
    list_filter = ["status", PricedFilter, "open_weights", "reasoning", ("creator", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["creator"]
    ordering = ["name"]
    search_fields = ["name", "slug", "family", "creator__name", "aliases__text"]
    date_hierarchy = "released_on"
    autocomplete_fields = ["creator", "successor"]
    readonly_fields = ["lists"]
    inlines = [ScoreInline, OfferInline, RuntimeInline, AliasInline]
    fieldsets = [
        section(
            None,
            "A draft is seen here only. A withdrawn model is gone and names its successor.",
            ("name", "short_name"),
            "slug",
            "creator",
            ("family", "variant"),
            ("status", "successor"),
            "lists",
        ),
        section("Dates", "Leave unknown dates empty.", ("released_on", "retires_on", "knowledge_cutoff")),
        section(
            "Limits and modalities",
            "In tokens, as the maker states them. Empty means unknown, never zero.",
            ("context_window", "max_output"),
            ("input_modalities", "output_modalities"),
            "reasoning",
        ),
        section(
            "Weights and licence",
            "What the licence itself says. Unknown is an answer; no is a claim.",
            ("open_weights", "licence", "commercial_use"),
            ("parameters_b", "active_parameters_b"),
            "url",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_result_counts()

    @admin.display(description="published scores", ordering="result_count")
    def result_count(self, row: LanguageModel) -> str:
        return rows_link(Score, f"model__id__exact={row.pk}&status__exact=published", row.result_count)

    @admin.display(description="all rows")
    def lists(self, row: LanguageModel) -> str:
        query = f"model__id__exact={row.pk}"
        links = (rows_link(table, query, table._meta.verbose_name_plural) for table in (Score, Offer, Runtime))
        return format_html("{}, {}, {}", *links) if row.pk else "–"

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        """Only drafts go for good: an address that readers know must keep answering."""
        to_delete, counts, missing, protected = super().get_deleted_objects(objs, request)
        known = [row for row in objs if row.status != "draft"]
        kept = [f"{row} is {row.get_status_display().lower()}: withdraw it instead of deleting" for row in known]
        return to_delete, counts, missing, [*protected, *kept]


@admin.register(ModelAlias)
class ModelAliasAdmin(CurationAdmin):
    list_display = ["text", "model"]
    list_select_related = ["model"]
    search_fields = ["text", "model__name", "model__slug"]
    autocomplete_fields = ["model"]
    fieldsets = [section(None, "Imports, old links and search find the model by it too.", "model", "text")]


@admin.register(BenchmarkAlias)
class BenchmarkAliasAdmin(CurationAdmin):
    list_display = ["text", "benchmark"]
    list_select_related = ["benchmark"]
    search_fields = ["text", "benchmark__name", "benchmark__slug"]
    autocomplete_fields = ["benchmark"]
    fieldsets = [section(None, "Imports and pasted tables find the benchmark by it too.", "benchmark", "text")]


@admin.register(FeaturedPair)
class FeaturedPairAdmin(CurationAdmin):
    list_display = ["__str__", "first", "second", "order"]
    list_select_related = ["first", "second"]
    search_fields = ["first__name", "first__slug", "second__name", "second__slug"]
    autocomplete_fields = ["first", "second"]
    fieldsets = [section(None, "The front page shows the pairs in this order.", ("first", "second"), "order")]


class WeightedAdmin(CurationAdmin):
    """Tables whose weights are shares of one whole."""

    form = WeightedForm
    list_editable = ["weight"]

    def get_changelist_formset(self, request: HttpRequest, **kwargs) -> type:
        return super().get_changelist_formset(request, **{"formset": WeightsFormSet} | kwargs)

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        """What carries weight cannot go before others carry it."""
        to_delete, counts, missing, protected = super().get_deleted_objects(objs, request)
        weighed = [f"{row} carries weight: give it to others first" for row in objs if row.weight]
        return to_delete, counts, missing, [*protected, *weighed]


@admin.register(Category)
class CategoryAdmin(WeightedAdmin):
    list_display = ["name", "slug", "weight", "order", "benchmark_count"]
    ordering = ["order"]
    search_fields = ["name", "slug"]
    fieldsets = [
        section(
            None,
            "The weights of all categories give 1. Every page lists the categories in this order.",
            "name",
            "slug",
            ("weight", "order"),
            "description",
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(benchmark_count=Count("benchmarks"))

    @admin.display(description="benchmarks", ordering="benchmark_count")
    def benchmark_count(self, row: Category) -> str:
        return rows_link(Benchmark, f"category__id__exact={row.pk}", row.benchmark_count)


@admin.register(Benchmark)
class BenchmarkAdmin(WeightedAdmin):
    form = BenchmarkForm
    list_display = ["name", "category", "kind", "weight", "unit", "status", "checked_on", "score_count"]
    list_filter = ["category", "kind", "status", "unit", "direction"]
    list_select_related = ["category"]
    ordering = ["category__order", "-weight", "name"]
    search_fields = ["name", "slug", "family"]
    date_hierarchy = "checked_on"
    autocomplete_fields = ["category"]
    readonly_fields = ["score_count"]
    inlines = [BenchmarkAliasInline]
    fieldsets = [
        section(
            None,
            "A dated version or window is a benchmark of its own; near-copies share the family.",
            "name",
            "slug",
            ("family", "version"),
            "category",
            "description",
            "url",
            "score_count",
        ),
        section(
            "How it counts",
            "Weight 0: shown, not counted. A weight needs floor, ceiling and direction.",
            ("kind", "weight"),
            ("unit", "direction"),
            ("floor", "ceiling"),
            ("decimals", "items"),
        ),
        section(
            "Freshness", "The day on which someone last looked whether the test still tells.", ("status", "checked_on")
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(score_count=Count("scores"))

    @admin.display(description="scores", ordering="score_count")
    def score_count(self, row: Benchmark) -> str:
        return rows_link(Score, f"benchmark__id__exact={row.pk}", row.score_count) if row.pk else "–"


@admin.register(Score)
class ScoreAdmin(StatusAdmin):
    form = ScoreForm
    actions = [*StatusAdmin.actions, "mark_checked"]
    list_display = [
        "model",
        "benchmark",
        "setting",
        figure("value"),
        "status",
        "source_kind",
        "reported_on",
        "checked_on",
    ]
    list_display_links = ["model", "benchmark"]
    list_filter = ["status", "source_kind", AgeFilter, "benchmark__category", BY_MAKER]
    list_select_related = ["model", "benchmark"]
    search_fields = ["model__name", "model__slug", "benchmark__name", "benchmark__slug", "source_url"]
    date_hierarchy = "reported_on"
    autocomplete_fields = ["model", "benchmark"]
    readonly_fields = ["withdrawn_on"]
    fieldsets = [
        section(
            None,
            "Write the value as the source prints it. Effort, tools and harness are the setting.",
            "model",
            "benchmark",
            "setting",
            "value",
            "note",
        ),
        section(
            "Source",
            "Name the page that shows the value. An aggregator's score is printed as unconfirmed.",
            "source_kind",
            "source_url",
            ("reported_on", "checked_on"),
        ),
        section("State", "A withdrawn score leaves every page.", ("status", "withdrawn_on")),
    ]

    @admin.action(permissions=["publish"], description="Checked today")
    def mark_checked(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.tell(request, curation.mark_checked(queryset), "marked as checked", "marked already")


@admin.register(Offer)
class OfferAdmin(StatusAdmin):
    form = OfferForm
    list_display = ["model", "host", "makers_own", "basis", *PRICES[:2], "starts_on", "ends_on", "status"]
    list_filter = ["status", CurrentFilter, "basis", "makers_own", BY_MAKER]
    list_select_related = ["model"]
    search_fields = ["model__name", "model__slug", "host", "source_url"]
    date_hierarchy = "starts_on"
    autocomplete_fields = ["model"]
    inlines = [TierInline]
    fieldsets = [
        section(None, "One host's price list for one model.", "model", ("host", "makers_own"), "basis"),
        section(
            "Price",
            "US dollars per million tokens. Empty means not published, 0 means free.",
            ("input", "output", "cached_input"),
            "batch_discount",
            "price_is_right",
        ),
        section(
            "Validity and source",
            "When a price changes, end the old offer and add a new one: both stay on record.",
            ("starts_on", "ends_on"),
            "source_url",
            "status",
            "note",
        ),
    ]


@admin.register(OfferTier)
class OfferTierAdmin(CurationAdmin):
    list_display = ["offer", "from_prompt_tokens", *PRICES]
    list_select_related = ["offer__model"]
    search_fields = ["offer__model__name", "offer__model__slug", "offer__host"]
    autocomplete_fields = ["offer"]
    fieldsets = [
        section(
            None,
            "From this many prompt tokens on the whole request costs these prices.",
            "offer",
            "from_prompt_tokens",
            ("input", "output", "cached_input"),
        )
    ]


@admin.register(Runtime)
class RuntimeAdmin(CurationAdmin):
    list_display = ["model", "host", *SPEEDS, "ttft_kind", "measured_on"]
    list_filter = ["ttft_kind", ("measured_on", admin.EmptyFieldListFilter), BY_MAKER]
    list_select_related = ["model"]
    search_fields = ["model__name", "model__slug", "host", "source_url"]
    date_hierarchy = "measured_on"
    autocomplete_fields = ["model"]
    fieldsets = [
        section(
            None,
            "Readers see it only with host and date.",
            "model",
            "host",
            "measured_on",
            "method",
            ("output_tokens_per_second", "ttft_seconds", "ttft_kind"),
            "source_url",
        ),
    ]


@admin.register(ScoreReport)
class ScoreReportAdmin(ReadOnlyAdmin, SimpleHistoryAdmin):
    """What readers reported: answered in its queue, read here."""

    list_display = ["at", "model", "benchmark", "seen", "text", "state"]
    list_filter = ["state"]
    list_select_related = ["model", "benchmark"]
    search_fields = ["text", "model__name", "benchmark__name"]
    date_hierarchy = "at"


@admin.register(Settled)
class SettledAdmin(ReadOnlyAdmin, SimpleHistoryAdmin):
    """Findings of the queues that a curator found right; deleting one asks again."""

    list_display = ["at", "queue", "subject"]
    list_filter = ["queue"]
    search_fields = ["subject"]
    date_hierarchy = "at"

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    """The public change log: written by the site, read here."""

    list_display = ["at", "kind", "subject", "old", "new", "reason"]
    list_filter = ["kind"]
    search_fields = ["subject", "reason", "model__name", "model__slug"]
    date_hierarchy = "at"


@admin.register(CatalogueVersion)
class CatalogueVersionAdmin(ReadOnlyAdmin):
    list_display = ["number", "raised_at"]


@admin.register(Fit)
class FitAdmin(ReadOnlyAdmin):
    list_display = ["made_at", "catalogue", "scores", "seconds"]


@admin.register(Ability)
class AbilityAdmin(ReadOnlyAdmin):
    list_display = ["model", "score", "low", "high", "rank_low", "rank_high", "tests", "fit"]
    list_select_related = ["model", "fit"]
    search_fields = ["model__name", "model__slug"]
    ordering = ["-fit", "-score"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("fit__arrays")


@admin.register(Place)
class PlaceAdmin(ReadOnlyAdmin):
    """The course of models over time, written by each fit."""

    list_display = ["model", "category", "day", "rank", "score"]
    list_select_related = ["model", "category"]
    list_filter = ["category"]
    search_fields = ["model__name", "model__slug"]
    date_hierarchy = "day"
    ordering = ["-day", "rank"]
