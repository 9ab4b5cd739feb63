"""The catalogue for curators: what its lists show and filter and what its forms hold."""

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from comparisons import curation
from comparisons.admin_base import CurationAdmin, CurationInline, StatusAdmin, reason_of, rows_link
from comparisons.admin_filters import AgeFilter, ConfirmedFilter, CurrentFilter, PricedFilter
from comparisons.admin_forms import AliasFormSet, BenchmarkForm, CurationForm, OfferForm, OfferFormSet, ScoreForm
from comparisons.models import (
    Benchmark,
    Category,
    Change,
    Creator,
    FeaturedPair,
    LanguageModel,
    ModelAlias,
    Offer,
    OfferTier,
    Runtime,
    Score,
)


class ScoreInline(CurationInline):
    model = Score
    form = ScoreForm
    autocomplete_fields = ["benchmark"]
    fields = [
        "benchmark",
        "setting",
        "value",
        "source_kind",
        "source_url",
        "reported_on",
        "checked_on",
        "status",
        "note",
    ]


class OfferInline(CurationInline):
    model = Offer
    form = OfferForm
    formset = OfferFormSet
    fields = [
        "host",
        "makers_own",
        "basis",
        "input",
        "output",
        "cached_input",
        "starts_on",
        "ends_on",
        "source_url",
        "status",
        "price_is_right",
    ]


class AliasInline(CurationInline):
    model = ModelAlias
    formset = AliasFormSet
    fields = ["text"]


class RuntimeInline(CurationInline):
    model = Runtime
    fields = ["host", "output_tokens_per_second", "ttft_seconds", "ttft_kind", "measured_on", "method", "source_url"]


class TierInline(CurationInline):
    model = OfferTier
    fields = ["from_prompt_tokens", "input", "output", "cached_input"]
    show_change_link = False


@admin.register(Creator)
class CreatorAdmin(CurationAdmin):
    list_display = ["name", "slug", "country", "model_count"]
    search_fields = ["name", "slug"]
    fieldsets = [(None, {"fields": ["name", "slug", "country", "url"]})]

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
    search_fields = ["name", "slug", "family", "creator__name", "aliases__text"]
    date_hierarchy = "released_on"
    autocomplete_fields = ["creator", "successor"]
    readonly_fields = ["lists"]
    inlines = [ScoreInline, OfferInline, RuntimeInline, AliasInline]
    fieldsets = [
        (
            None,
            {
                "description": "A draft is seen here only. A withdrawn model is gone and names its successor.",
                "fields": [
                    ("name", "short_name"),
                    "slug",
                    "creator",
                    ("family", "variant"),
                    ("status", "successor"),
                    "lists",
                ],
            },
        ),
        (
            "Dates",
            {
                "description": "Leave unknown dates empty.",
                "fields": [("released_on", "retires_on", "knowledge_cutoff")],
            },
        ),
        (
            "Limits and modalities",
            {
                "description": "In tokens, as the maker states them. Empty means unknown, never zero.",
                "fields": [
                    ("context_window", "max_output"),
                    ("input_modalities", "output_modalities"),
                    "reasoning",
                ],
            },
        ),
        (
            "Weights and licence",
            {"fields": [("open_weights", "licence", "commercial_use"), ("parameters_b", "active_parameters_b"), "url"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_result_counts()

    @admin.display(description="published scores", ordering="result_count")
    def result_count(self, row: LanguageModel) -> str:
        return rows_link(Score, f"model__id__exact={row.pk}", row.result_count)

    @admin.display(description="all rows")
    def lists(self, row: LanguageModel) -> str:
        if row.pk is None:
            return "–"
        query = f"model__id__exact={row.pk}"
        return format_html(
            "{}, {}, {}",
            *(rows_link(table, query, table._meta.verbose_name_plural) for table in (Score, Offer, Runtime)),
        )

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        """Only drafts go for good: an address that readers know must keep answering."""
        to_delete, counts, missing, protected = super().get_deleted_objects(objs, request)
        kept = [
            f"{row} is {row.get_status_display().lower()}: withdraw it instead of deleting"
            for row in objs
            if row.status != "draft"
        ]
        return to_delete, counts, missing, [*protected, *kept]


@admin.register(ModelAlias)
class ModelAliasAdmin(CurationAdmin):
    list_display = ["text", "model"]
    list_select_related = ["model"]
    search_fields = ["text", "model__name", "model__slug"]
    autocomplete_fields = ["model"]
    fieldsets = [
        (
            None,
            {
                "description": "Imports, old links and search find the model by it too.",
                "fields": ["model", "text"],
            },
        )
    ]


@admin.register(FeaturedPair)
class FeaturedPairAdmin(CurationAdmin):
    list_display = ["__str__", "first", "second", "order"]
    list_select_related = ["first", "second"]
    search_fields = ["first__name", "first__slug", "second__name", "second__slug"]
    autocomplete_fields = ["first", "second"]
    fieldsets = [
        (
            None,
            {
                "description": "The front page shows the pairs in this order.",
                "fields": [("first", "second"), "order"],
            },
        )
    ]


@admin.register(Category)
class CategoryAdmin(CurationAdmin):
    list_display = ["name", "slug", "weight", "order", "benchmark_count"]
    search_fields = ["name", "slug"]
    fieldsets = [(None, {"fields": ["name", "slug", "weight", "order", "description"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(benchmark_count=Count("benchmarks"))

    @admin.display(description="benchmarks", ordering="benchmark_count")
    def benchmark_count(self, row: Category) -> str:
        return rows_link(Benchmark, f"category__id__exact={row.pk}", row.benchmark_count)

    def save_model(self, request: HttpRequest, obj: Category, form: CurationForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        total = sum(category.weight for category in Category.objects.all())
        if total != 1:
            self.message_user(request, f"The weights of all categories now give {total:f}, not 1.", messages.WARNING)


@admin.register(Benchmark)
class BenchmarkAdmin(CurationAdmin):
    form = BenchmarkForm
    list_display = ["name", "category", "kind", "weight", "unit", "status", "checked_on", "score_count"]
    list_filter = ["category", "kind", "status", "unit", "direction"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "family"]
    date_hierarchy = "checked_on"
    autocomplete_fields = ["category"]
    readonly_fields = ["score_count"]
    fieldsets = [
        (None, {"fields": ["name", "slug", ("family", "version"), "category", "description", "url", "score_count"]}),
        (
            "How it counts",
            {
                "description": "Weight 0: shown, not counted. A weight needs floor, ceiling and direction.",
                "fields": [("kind", "weight"), ("unit", "direction"), ("floor", "ceiling"), ("decimals", "items")],
            },
        ),
        ("Freshness", {"fields": [("status", "checked_on")]}),
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
    list_display = ["model", "benchmark", "setting", "value", "source_kind", "reported_on", "checked_on", "status"]
    list_display_links = ["model", "benchmark"]
    list_filter = [
        "status",
        ConfirmedFilter,
        "source_kind",
        AgeFilter,
        "benchmark__category",
        ("model__creator", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["model", "benchmark"]
    search_fields = ["model__name", "model__slug", "benchmark__name", "benchmark__slug", "source_url"]
    date_hierarchy = "reported_on"
    autocomplete_fields = ["model", "benchmark"]
    readonly_fields = ["withdrawn_on"]
    fieldsets = [
        (
            None,
            {
                "description": "Write the value as the source prints it. Effort, tools and harness are the setting.",
                "fields": ["model", "benchmark", "setting", "value", "note"],
            },
        ),
        (
            "Source",
            {
                "description": "Name the page that shows the value. An aggregator's score is printed as unconfirmed.",
                "fields": ["source_kind", "source_url", ("reported_on", "checked_on")],
            },
        ),
        (
            "State",
            {
                "description": "A withdrawn score leaves every page.",
                "fields": [("status", "withdrawn_on")],
            },
        ),
    ]

    @admin.action(permissions=["change"], description="Checked today")
    def mark_checked(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.tell(request, curation.mark_checked(queryset, reason_of(request)), "marked as checked", "marked already")


@admin.register(Offer)
class OfferAdmin(StatusAdmin):
    form = OfferForm
    list_display = ["model", "host", "makers_own", "basis", "input", "output", "starts_on", "ends_on", "status"]
    list_filter = ["status", CurrentFilter, "basis", "makers_own", ("model__creator", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["model"]
    search_fields = ["model__name", "model__slug", "host", "source_url"]
    date_hierarchy = "starts_on"
    autocomplete_fields = ["model"]
    inlines = [TierInline]
    fieldsets = [
        (None, {"fields": ["model", ("host", "makers_own"), "basis"]}),
        (
            "Price",
            {
                "description": "US dollars per million tokens. Empty means not published, 0 means free.",
                "fields": [("input", "output", "cached_input"), "batch_discount", "price_is_right"],
            },
        ),
        (
            "Validity and source",
            {
                "description": "When a price changes, end the old offer and add a new one: both stay on record.",
                "fields": [("starts_on", "ends_on"), "source_url", "status", "note"],
            },
        ),
    ]


@admin.register(Runtime)
class RuntimeAdmin(CurationAdmin):
    list_display = ["model", "host", "output_tokens_per_second", "ttft_seconds", "ttft_kind", "measured_on"]
    list_filter = [
        "ttft_kind",
        ("measured_on", admin.EmptyFieldListFilter),
        ("model__creator", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["model"]
    search_fields = ["model__name", "model__slug", "host", "source_url"]
    date_hierarchy = "measured_on"
    autocomplete_fields = ["model"]
    fieldsets = [
        (
            None,
            {
                "description": "Readers see it only with host and date.",
                "fields": ["model", "host", "measured_on", "method"],
            },
        ),
        (None, {"fields": [("output_tokens_per_second", "ttft_seconds", "ttft_kind"), "source_url"]}),
    ]


@admin.register(Change)
class ChangeAdmin(admin.ModelAdmin):
    """The public change log: written by the site, read here."""

    list_display = ["at", "kind", "subject", "old", "new", "reason"]
    list_filter = ["kind"]
    search_fields = ["subject", "reason", "model__name", "model__slug"]
    date_hierarchy = "at"
    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
