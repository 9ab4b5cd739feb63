"""The tables. What stored data must always satisfy is a named constraint here; `clean` says only what a constraint cannot."""

import datetime
import os
import re
import time
import unicodedata
from contextlib import suppress
from decimal import Decimal
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from simple_history.models import HistoricalRecords

from comparisons import querysets
from comparisons.naming import short_name

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
RESERVED_SLUGS = ("options", "vs")
MONTH = r"^\d{4}-(0[1-9]|1[0-2])\Z"
MODALITIES = ("text", "image", "audio", "video", "pdf")
MODALITY_LIST = rf"^({'|'.join(MODALITIES)})(\|({'|'.join(MODALITIES)}))*\Z"


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


def validate_slug_form(slug: str) -> None:
    """Lower case letters and digits joined by single dashes, so that /compare/<a>-vs-<b>/ can be read only one way."""
    if not re.match(SLUG, slug):
        raise ValidationError("Use lower-case letters and digits joined by single dashes, for example gpt-4-1.")
    if slug in RESERVED_SLUGS:
        raise ValidationError(f"“{slug}” is a reserved word of the site's addresses.")
    if "vs" in slug.split("-"):
        raise ValidationError("“vs” separates the models of a comparison and cannot be a part of a slug.")


def validate_plain_text(text: str) -> None:
    """Trimmed, composed (NFC) and free of control characters: what is stored is what a reader sees."""
    if text != text.strip():
        raise ValidationError("Remove the spaces around the text.")
    if text != unicodedata.normalize("NFC", text):
        raise ValidationError("The text is not in composed Unicode form (NFC).")
    if any(unicodedata.category(character) in ("Cc", "Cf") for character in text):
        raise ValidationError("The text holds a control or invisible character.")


def validate_https(address: str) -> None:
    """A plain https address: a host with a dot, no user name, no port, nothing that needs escaping."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        clean = address.startswith("https://") and "." in host and "@" not in parts.netloc and parts.port is None
    except ValueError:
        clean = False
    if not clean or not address.isascii() or re.search(r"[\s\x00-\x1f<>\"\\]", address):
        raise ValidationError(f"“{address}” is not a plain https address.")


class SlugField(models.CharField):
    """A slug of the form that addresses need."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs = {"max_length": 80, "validators": [validate_slug_form]} | kwargs
        super().__init__(*args, **kwargs)


class TextField(models.CharField):
    """One line of plain text; empty means unknown or none."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs = {"max_length": 120, "validators": [validate_plain_text]} | kwargs
        super().__init__(*args, **kwargs)


class AddressField(models.CharField):
    """An https address on the public web."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs = {"max_length": 500, "validators": [validate_https]} | kwargs
        super().__init__(*args, **kwargs)


class MoneyField(models.DecimalField):
    """US dollars per million tokens; null is unknown, zero is free."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs = {"max_digits": 14, "decimal_places": 6, "null": True, "blank": True} | kwargs
        super().__init__(*args, **kwargs)


def slug_constraint(table: str) -> models.CheckConstraint:
    """The database's own copy of `validate_slug_form`."""
    return models.CheckConstraint(
        condition=Q(slug__regex=SLUG) & ~Q(slug__regex=r"(^|-)vs(-|$)") & ~Q(slug__in=RESERVED_SLUGS),
        name=f"{table}_slug_form",
        violation_error_message="The slug must be lower-case letters and digits joined by single dashes, without the part “vs”.",
    )


def https_constraint(table: str, field: str, *, blank: bool = False) -> models.CheckConstraint:
    """The database's own copy of the first half of `validate_https`."""
    condition = Q(**{f"{field}__startswith": "https://"})
    return models.CheckConstraint(
        condition=condition | Q(**{field: ""}) if blank else condition,
        name=f"{table}_{field}_https",
        violation_error_message=f"The {field.replace('_', ' ')} must be an https address.",
    )


@cache
def mark_file(state: Path) -> str:
    return str(state / "catalogue-version")


def version_mark() -> int:
    """A number that changes on this machine with each committed rise of the catalogue version; 0 where it cannot be kept."""
    try:
        return os.stat(mark_file(settings.STATE_DIR)).st_mtime_ns  # noqa: PTH116 (asked with every request)
    except OSError:
        return 0


def set_version_mark() -> None:
    with suppress(OSError):  # a folder that cannot be written to: an edit is then seen within a second
        mark, moment = mark_file(settings.STATE_DIR), time.time_ns()
        Path(mark).touch()
        os.utime(mark, ns=(moment, moment))


class CatalogueVersion(models.Model):
    """One row: a number that rises with every change that a public page can show. Caches and ETags hang on it."""

    number = models.PositiveBigIntegerField(default=0)
    raised_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="catalogueversion_single_row")]

    def __str__(self) -> str:
        return f"version {self.number}"

    @classmethod
    def rise(cls) -> None:
        """Count one change, in the transaction of the change."""
        if not cls.objects.filter(pk=1).update(number=F("number") + 1, raised_at=timezone.now()):
            cls.objects.create(pk=1, number=1)
        transaction.on_commit(set_version_mark)

    @classmethod
    def stamp(cls) -> str:
        """The version as one word for an ETag; unlike the number alone it never repeats after a restored backup."""
        row = cls.objects.values_list("number", "raised_at").first()
        return f"{row[0]}-{row[1].timestamp():.6f}" if row else "0"

    @staticmethod
    def number_of(stamp: str) -> int:
        return int(stamp.partition("-")[0])

    @staticmethod
    def moment_of(stamp: str) -> datetime.datetime | None:
        """When the version of a stamp was raised."""
        moment = stamp.partition("-")[2]
        return datetime.datetime.fromtimestamp(float(moment), datetime.UTC) if moment else None


class CatalogueRow(models.Model):
    """A row that a public page can show: however it is written, the catalogue version rises with it."""

    objects = querysets.CatalogueQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            CatalogueVersion.rise()

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            CatalogueVersion.rise()
        return deleted


class Creator(CatalogueRow):
    slug = SlugField(unique=True)
    name = TextField(unique=True)
    country = models.CharField(
        "country code",
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", "Use two capital letters, for example US.")],
    )
    url = AddressField("website")
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [slug_constraint("creator"), https_constraint("creator", "url", blank=True)]

    def __str__(self) -> str:
        return self.name


class Reasoning(models.TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    HYBRID = "hybrid", "Hybrid"


class LanguageModel(CatalogueRow):
    """A model as it can be called: an effort or thinking variant is a row of its own. Null and empty mean unknown."""

    slug = SlugField(unique=True, help_text="Part of every address of the model. Dots become dashes: gpt-4-1.")
    name = TextField(unique=True, help_text="As the maker writes it, with the variant where several share a name.")
    short_name = TextField(
        max_length=14, blank=True, help_text="For narrow columns, 14 characters at most. Empty: made by rule."
    )
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="models")
    family = TextField(max_length=80, blank=True, help_text="What siblings share, for example gpt-4.1.")
    variant = TextField(max_length=80, blank=True, help_text="Effort, thinking mode or snapshot.")
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    successor = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="predecessors")
    released_on = models.DateField(null=True, blank=True)
    retires_on = models.DateField(
        null=True, blank=True, help_text="Announced last day. A retired model stays on the site, marked."
    )
    open_weights = models.BooleanField(null=True, blank=True)
    licence = TextField(max_length=80, blank=True)
    commercial_use = models.BooleanField(null=True, blank=True)
    reasoning = models.CharField(max_length=6, choices=Reasoning, blank=True)
    context_window = models.PositiveIntegerField("context window (tokens)", null=True, blank=True)
    max_output = models.PositiveIntegerField("maximum output (tokens)", null=True, blank=True)
    knowledge_cutoff = models.CharField(
        max_length=7, blank=True, help_text="YYYY-MM", validators=[RegexValidator(MONTH, "Write the month as YYYY-MM.")]
    )
    input_modalities = models.CharField(
        max_length=40,
        blank=True,
        help_text="text, image, audio, video, pdf; joined by |",
        validators=[RegexValidator(MODALITY_LIST, "Use text, image, audio, video, pdf, joined by |.")],
    )
    output_modalities = models.CharField(
        max_length=40,
        blank=True,
        help_text="text, image, audio, video, pdf; joined by |",
        validators=[RegexValidator(MODALITY_LIST, "Use text, image, audio, video, pdf, joined by |.")],
    )
    parameters_b = models.DecimalField("parameters (billion)", max_digits=9, decimal_places=3, null=True, blank=True)
    active_parameters_b = models.DecimalField(
        "active parameters (billion)", max_digits=9, decimal_places=3, null=True, blank=True
    )
    url = AddressField("maker's page", blank=True)
    objects = querysets.LanguageModelQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        permissions = [("publish_languagemodel", "Can publish and withdraw language models")]
        constraints = [
            slug_constraint("languagemodel"),
            https_constraint("languagemodel", "url", blank=True),
            models.CheckConstraint(
                condition=Q(max_output__lte=F("context_window")) | Q(max_output=None) | Q(context_window=None),
                name="languagemodel_output_within_context",
                violation_error_message="The maximum output is above the context window.",
            ),
            models.CheckConstraint(
                condition=Q(retires_on__gt=F("released_on")) | Q(retires_on=None) | Q(released_on=None),
                name="languagemodel_retires_after_release",
                violation_error_message="The model retires before it is released.",
            ),
            models.CheckConstraint(
                condition=(Q(context_window=None) | Q(context_window__range=(1_000, 20_000_000)))
                & (Q(max_output=None) | Q(max_output__range=(256, 20_000_000))),
                name="languagemodel_plausible_limits",
                violation_error_message="A context window has 1,000 to 20,000,000 tokens, an output limit 256 or more.",
            ),
            models.CheckConstraint(
                condition=Q(active_parameters_b=None)
                | Q(active_parameters_b__lte=F("parameters_b"), active_parameters_b__gt=0),
                name="languagemodel_active_within_parameters",
                violation_error_message="Active parameters need a larger total.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values) & Q(reasoning__in=["", *Reasoning.values]),
                name="languagemodel_known_choices",
                violation_error_message="The status or the reasoning kind is not one of the choices.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("model", args=[self.slug])

    @property
    def short(self) -> str:
        """A name of 14 characters at most: the curator's, else made by rule."""
        return self.short_name or short_name(self.name)

    seen_on = None  # the day of the page that shows a row rebuilt from history; else it is today

    @property
    def is_retired(self) -> bool:
        return self.retires_on is not None and self.retires_on <= (self.seen_on or timezone.localdate())

    def clean(self) -> None:
        faults = {}
        if self.knowledge_cutoff and self.released_on and self.knowledge_cutoff > f"{self.released_on:%Y-%m}":
            faults["knowledge_cutoff"] = "The knowledge cutoff is after the release."
        if self.successor_id is not None and self.successor_id == self.pk:
            faults["successor"] = "A model cannot succeed itself."
        alias = (
            ModelAlias.objects.filter(key=self.slug.casefold()).exclude(model=self.pk).select_related("model").first()
        )
        if alias:
            faults["slug"] = f"“{self.slug}” is already an alias of {alias.model}."
        if faults:
            raise ValidationError(faults)


class ModelAlias(CatalogueRow):
    """Another text by which imports, old links and search find a model."""

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="aliases")
    text = TextField(max_length=160)
    key = models.CharField(max_length=200, unique=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["text"]
        verbose_name_plural = "model aliases"
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="modelalias_text_given")]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        self.key = self.text.casefold()
        owner = LanguageModel.objects.filter(slug=self.key).exclude(pk=self.model_id).first()
        taken = ModelAlias.objects.filter(key=self.key).exclude(pk=self.pk).select_related("model").first()
        if owner or taken:
            raise ValidationError({"text": f"“{self.text}” already names {owner or taken.model}."})

    def save(self, *args, **kwargs) -> None:
        self.key = self.text.casefold()
        super().save(*args, **kwargs)


class FeaturedPair(CatalogueRow):
    """A comparison that the front page shows and search engines may list whatever its overlap."""

    first = models.ForeignKey(LanguageModel, models.CASCADE, related_name="+")
    second = models.ForeignKey(LanguageModel, models.CASCADE, related_name="+")
    order = models.PositiveSmallIntegerField(default=1)
    history = HistoricalRecords()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"],
                name="featuredpair_once",
                violation_error_message="This pair is featured already.",
            ),
            models.CheckConstraint(
                condition=~Q(first=F("second")),
                name="featuredpair_two_models",
                violation_error_message="A pair needs two different models.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} vs {self.second}"

    def clean(self) -> None:
        if self.first_id and self.second_id and self.first.slug > self.second.slug:
            self.first, self.second = self.second, self.first

    def get_absolute_url(self) -> str:
        return reverse("compare", args=[f"{self.first.slug}-vs-{self.second.slug}"])


class Category(CatalogueRow):
    slug = SlugField(unique=True)
    name = TextField(unique=True)
    weight = models.DecimalField(
        max_digits=5, decimal_places=4, help_text="Share of the overall average. All categories together give 1."
    )
    order = models.PositiveSmallIntegerField(unique=True)
    description = TextField(max_length=140)
    history = HistoricalRecords()

    class Meta:
        ordering = ["order"]
        verbose_name_plural = "categories"
        constraints = [
            slug_constraint("category"),
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=1),
                name="category_weight_share",
                violation_error_message="A weight lies between 0 and 1.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("leaderboard_category", args=[self.slug])


class Benchmark(CatalogueRow):
    """One test. A dated version or window is a benchmark of its own, joined to its near-copies by the family."""

    class Kind(models.TextChoices):
        SKILL = "skill", "Skill"
        PREFERENCE = "preference", "Preference"
        COMPOSITE = "composite", "Composite"
        MANNERS = "manners", "Manners"

    class Unit(models.TextChoices):
        PERCENT = "percent", "Percent"
        INDEX = "index", "Index"
        ELO = "elo", "Elo rating"
        USD = "usd", "US dollars"
        SECONDS = "seconds", "Seconds"
        MINUTES = "minutes", "Minutes"

    class Direction(models.TextChoices):
        HIGHER = "higher", "Higher is better"
        LOWER = "lower", "Lower is better"
        NONE = "none", "Neither is better"

    class Freshness(models.TextChoices):
        CURRENT = "current", "Current"
        AGING = "aging", "Aging"
        SATURATED = "saturated", "Saturated"
        RETIRED = "retired", "Retired"

    slug = SlugField(unique=True)
    name = TextField(unique=True)
    family = SlugField(help_text="Near-copies of one test share it and count once as evidence.")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SKILL)
    version = TextField(max_length=40, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="benchmarks")
    weight = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal(0),
        help_text="Share of the category's average; 0: shown, not counted.",
    )
    unit = models.CharField(max_length=7, choices=Unit, default=Unit.PERCENT)
    floor = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    ceiling = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    direction = models.CharField(max_length=6, choices=Direction, default=Direction.HIGHER)
    decimals = models.PositiveSmallIntegerField(default=1)
    items = models.PositiveIntegerField(
        null=True, blank=True, help_text="Number of questions, for the noise of a share. Empty: unknown."
    )
    status = models.CharField("freshness", max_length=9, choices=Freshness, default=Freshness.CURRENT)
    checked_on = models.DateField(null=True, blank=True)
    url = AddressField("home page")
    description = TextField(max_length=140)
    objects = querysets.BenchmarkQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["category__order", "-weight", "name"]
        constraints = [
            slug_constraint("benchmark"),
            https_constraint("benchmark", "url", blank=True),
            models.CheckConstraint(
                condition=Q(weight__gte=0, weight__lte=1),
                name="benchmark_weight_share",
                violation_error_message="A weight lies between 0 and 1.",
            ),
            models.CheckConstraint(
                condition=Q(weight=0) | Q(floor__isnull=False, ceiling__isnull=False),
                name="benchmark_bounds_or_no_weight",
                violation_error_message="A benchmark without floor and ceiling cannot carry weight.",
            ),
            models.CheckConstraint(
                condition=Q(floor=None, ceiling=None) | Q(floor__isnull=False, ceiling__gt=F("floor")),
                name="benchmark_ceiling_above_floor",
                violation_error_message="Give both floor and ceiling, the ceiling above the floor, or neither.",
            ),
            models.CheckConstraint(
                condition=Q(weight=0) | ~Q(direction="none"),
                name="benchmark_direction_or_no_weight",
                violation_error_message="A benchmark without a direction cannot carry weight.",
            ),
            models.CheckConstraint(
                condition=Q(items=None) | Q(items__gte=1),
                name="benchmark_items_positive",
                violation_error_message="A benchmark has at least one question, or an unknown number.",
            ),
            models.CheckConstraint(
                condition=Q(decimals__lte=4), name="benchmark_decimals", violation_error_message="At most 4 decimals."
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("benchmark", args=[self.slug])


class BenchmarkAlias(CatalogueRow):
    """Another text by which imports and pasted tables find a benchmark: the name that a board or a tool gives it."""

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="aliases")
    text = TextField(max_length=160)
    key = models.CharField(max_length=200, unique=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["text"]
        verbose_name_plural = "benchmark aliases"
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="benchmarkalias_text_given")]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        self.key = self.text.casefold()
        owner = Benchmark.objects.filter(slug=self.key).exclude(pk=self.benchmark_id).first()
        taken = BenchmarkAlias.objects.filter(key=self.key).exclude(pk=self.pk).select_related("benchmark").first()
        if owner or taken:
            raise ValidationError({"text": f"“{self.text}” already names {owner or taken.benchmark}."})

    def save(self, *args, **kwargs) -> None:
        self.key = self.text.casefold()
        super().save(*args, **kwargs)


PLAUSIBLE = {  # lowest and highest value that a unit allows where the benchmark itself has no bounds
    "percent": (0, 100),
    "index": (-10_000, 10_000),
    "elo": (500, 4_000),
    "usd": (-1_000, 100_000),
    "seconds": (0, 86_400),
    "minutes": (0, 100_000),
}


class SourceKind(models.TextChoices):
    MAINTAINER = "maintainer", "Maintainer of the benchmark"
    INDEPENDENT = "independent", "Independent run"
    VENDOR = "vendor", "Maker of the model"
    AGGREGATOR = "aggregator", "Aggregator"


class Score(CatalogueRow):
    """One reported result. Several for one model and benchmark are normal; scoring.pick chooses the displayed one."""

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="scores")
    benchmark = models.ForeignKey(Benchmark, models.PROTECT, related_name="scores")
    setting = TextField(max_length=100, blank=True, help_text="Effort, tools, harness, sampling.")
    value = models.DecimalField(max_digits=12, decimal_places=4)
    source_kind = models.CharField(max_length=11, choices=SourceKind)
    source_url = AddressField("source")
    reported_on = models.DateField(null=True, blank=True)
    checked_on = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.PUBLISHED)
    withdrawn_on = models.DateField(null=True, blank=True)
    note = TextField(max_length=200, blank=True, help_text="Printed with the score.")
    objects = querysets.ScoreQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["benchmark__category__order", "benchmark__name", "source_kind"]
        permissions = [("publish_score", "Can publish and withdraw scores")]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "benchmark", "setting", "source_url"],
                name="score_once_per_source",
                violation_error_message="This source already has a score for the model, benchmark and setting.",
            ),
            https_constraint("score", "source_url"),
            models.CheckConstraint(
                condition=Q(status__in=Status.values, source_kind__in=SourceKind.values),
                name="score_known_choices",
                violation_error_message="The status or the source kind is not one of the choices.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model}, {self.benchmark}: {self.value.normalize():f}"

    def clean(self) -> None:
        faults = {}
        if self.value is not None and self.benchmark_id:
            low, high = value_range(self.benchmark)
            if not low <= self.value <= high:
                faults["value"] = f"{self.benchmark} allows {low:f} to {high:f}."
        for field in ("reported_on", "checked_on", "withdrawn_on"):
            day = getattr(self, field)
            if day and day > timezone.localdate():
                faults[field] = "This date is in the future."
        if self.withdrawn_on and self.status == Status.PUBLISHED:
            faults["status"] = "A score with a withdrawal date is not published."
        if faults:
            raise ValidationError(faults)


def value_range(benchmark: Benchmark) -> tuple[Decimal, Decimal]:
    """Lowest and highest value a score on the benchmark may have: its own bounds within those of its unit."""
    low, high = (Decimal(bound) for bound in PLAUSIBLE[benchmark.unit])
    if benchmark.floor is not None:
        low, high = max(low, benchmark.floor), min(high, benchmark.ceiling)
    return low, high


class Offer(CatalogueRow):
    """What one host asks for one model, in US dollars per million tokens. Null is not published, zero is free."""

    class Basis(models.TextChoices):
        API = "api", "Paid API"
        FREE_TIER = "free_tier", "Free tier"
        SELF_HOSTED = "self_hosted", "Self-hosted"

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="offers")
    host = TextField(max_length=80)
    makers_own = models.BooleanField("maker's own", default=False, help_text="The offer is the model maker's.")
    basis = models.CharField(max_length=11, choices=Basis, default=Basis.API)
    input = MoneyField("input price")
    output = MoneyField("output price")
    cached_input = MoneyField("cached input price")
    batch_discount = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        null=True,
        blank=True,
        help_text="Share taken off in batches: 0.5 is half price.",
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True, help_text="Last day of this price. Empty: current.")
    source_url = AddressField("source")
    status = models.CharField(max_length=9, choices=Status, default=Status.PUBLISHED)
    note = TextField(max_length=200, blank=True)
    objects = querysets.OfferQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["model__name", "-makers_own", "host", "-starts_on"]
        permissions = [("publish_offer", "Can publish and withdraw offers")]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "host", "basis"],
                condition=Q(ends_on=None, status="published"),
                name="offer_one_current",
                violation_error_message="The host already has a current offer of this kind for the model: end the old one first.",
            ),
            models.UniqueConstraint(
                fields=["model", "host", "basis", "starts_on"],
                name="offer_once_per_day",
                violation_error_message="The host already has an offer of this kind from that day.",
            ),
            models.UniqueConstraint(  # no two unknown days are the same to the one above
                fields=["model", "host", "basis"],
                condition=Q(starts_on=None),
                name="offer_once_without_day",
                violation_error_message="The host already has an offer of this kind without a first day.",
            ),
            https_constraint("offer", "source_url"),
            models.CheckConstraint(
                condition=(Q(input=None) | Q(input__gte=0))
                & (Q(output=None) | Q(output__gte=0))
                & (Q(cached_input=None) | Q(cached_input__gte=0)),
                name="offer_prices_not_negative",
                violation_error_message="A price is zero or more.",
            ),
            models.CheckConstraint(
                condition=Q(cached_input=None) | Q(input=None) | Q(cached_input__lte=F("input")),
                name="offer_cached_within_input",
                violation_error_message="Cached input costs more than input.",
            ),
            models.CheckConstraint(
                condition=~Q(basis="self_hosted") | (Q(input=None) | Q(input=0)) & (Q(output=None) | Q(output=0)),
                name="offer_self_hosted_no_list_price",
                violation_error_message="A self-hosted model has no list price.",
            ),
            models.CheckConstraint(
                condition=~Q(basis="free_tier") | (Q(input=None) | Q(input=0)) & (Q(output=None) | Q(output=0)),
                name="offer_free_tier_free",
                violation_error_message="A free tier costs nothing: use a paid API offer for its price.",
            ),
            models.CheckConstraint(
                condition=Q(batch_discount=None) | Q(batch_discount__gt=0, batch_discount__lt=1),
                name="offer_batch_discount_share",
                violation_error_message="A batch discount lies between 0 and 1.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on=None) | Q(ends_on__gte=F("starts_on")),
                name="offer_ends_after_start",
                violation_error_message="The offer ends before it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.host} ({self.get_basis_display().lower()})"

    def clean(self) -> None:
        faults = {}
        if self.basis == self.Basis.API and self.input is None and self.output is None:
            faults["input"] = "A paid offer needs at least one known price."
        if self.basis == self.Basis.API and 0 in (self.input, self.output):
            faults["basis"] = "A paid offer costs more than nothing: choose free tier or self-hosted for 0."
        if faults:
            raise ValidationError(faults)


class OfferTier(CatalogueRow):
    """Prices of the whole request from a number of prompt tokens on."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="tiers")
    from_prompt_tokens = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    input = MoneyField("input price")
    output = MoneyField("output price")
    cached_input = MoneyField("cached input price")
    history = HistoricalRecords()

    class Meta:
        ordering = ["from_prompt_tokens"]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "from_prompt_tokens"],
                name="offertier_once_per_threshold",
                violation_error_message="The offer already has a tier from that number of tokens.",
            ),
            models.CheckConstraint(
                condition=Q(from_prompt_tokens__gte=1)
                & (Q(input=None) | Q(input__gte=0))
                & (Q(output=None) | Q(output__gte=0))
                & (Q(cached_input=None) | Q(cached_input__gte=0)),
                name="offertier_plausible",
                violation_error_message="A tier starts at 1 token or more and its prices are zero or more.",
            ),
        ]

    def __str__(self) -> str:
        return f"from {self.from_prompt_tokens:,} prompt tokens"


class Runtime(CatalogueRow):
    """One measured snapshot of speed at one host."""

    class TtftKind(models.TextChoices):
        FIRST_TOKEN = "first_token", "First token"
        FIRST_ANSWER_TOKEN = "first_answer_token", "First answer token"

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="runtimes")
    host = TextField(
        max_length=80, blank=True, help_text="Empty: the source does not say. Shown only with host and date."
    )
    output_tokens_per_second = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    ttft_seconds = models.DecimalField("time to first token (s)", max_digits=9, decimal_places=4, null=True, blank=True)
    ttft_kind = models.CharField("which first token", max_length=18, choices=TtftKind, blank=True)
    measured_on = models.DateField(null=True, blank=True)
    method = TextField(max_length=200, blank=True)
    source_url = AddressField("source")
    objects = querysets.RuntimeQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["model__name", "host"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "host", "source_url"],
                name="runtime_once_per_source",
                violation_error_message="This source already has a snapshot of the model at that host.",
            ),
            https_constraint("runtime", "source_url"),
            models.CheckConstraint(
                condition=Q(output_tokens_per_second__isnull=False) | Q(ttft_seconds__isnull=False),
                name="runtime_one_figure",
                violation_error_message="Give a speed or a time to first token.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(output_tokens_per_second=None) | Q(output_tokens_per_second__range=(Decimal("0.1"), 10_000))
                )
                & (Q(ttft_seconds=None) | Q(ttft_seconds__range=(Decimal("0.001"), 600))),
                name="runtime_plausible",
                violation_error_message="Speed lies between 0.1 and 10,000 tokens a second, first token between 1 ms and 600 s.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.host or 'unnamed host'}"


class Change(models.Model):
    """What changed on the public site. Written once, never edited."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=240)
    model = models.ForeignKey(LanguageModel, models.SET_NULL, null=True, blank=True, related_name="changes")
    old = models.CharField(max_length=240, blank=True)
    new = models.CharField(max_length=240, blank=True)
    reason = models.CharField(max_length=240, blank=True)
    source_url = models.CharField(max_length=500, blank=True, validators=[MaxLengthValidator(500)])
    objects = querysets.ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.subject}"

    def save(self, *args, **kwargs) -> None:
        if self.pk is not None:
            raise ValidationError("A change is written once and never edited.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        raise ValidationError("A change is never deleted.")


class ScoreReport(models.Model):
    """What a reader says is wrong with a score. Nothing is kept of who said it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Corrected"
        DISMISSED = "dismissed", "Nothing wrong"

    at = models.DateTimeField(default=timezone.now)
    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="reports")
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="reports")
    score = models.ForeignKey(Score, models.SET_NULL, null=True, blank=True, related_name="reports")
    seen = models.CharField(max_length=200, help_text="The value that the reader saw.")
    text = models.CharField(max_length=1000)
    source_url = AddressField("source", blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    history = HistoricalRecords()

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.model}, {self.benchmark}"


class Settled(models.Model):
    """A finding of a queue that a curator looked at and found right. Its key holds the values seen, so that a new one is asked again."""

    queue = models.CharField(max_length=24)
    key = models.CharField(max_length=240)
    subject = models.CharField(max_length=240)
    at = models.DateTimeField(default=timezone.now)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "settled findings"
        verbose_name = "settled finding"
        constraints = [models.UniqueConstraint(fields=["queue", "key"], name="settled_once")]

    def __str__(self) -> str:
        return self.subject


class Tally(models.Model):
    """How often something was done since its window opened. A key that stands for a name is an HMAC."""

    key = models.CharField(max_length=80, unique=True)
    since = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.count} since {self.since:%Y-%m-%d %H:%M}"


class Batch(models.Model):
    """One paste or import, or the undoing of one. The rows that it wrote are those of the history with its very time."""

    class Kind(models.TextChoices):
        PASTE = "paste", "Paste"
        IMPORT = "import", "Import"
        UNDO = "undo", "Undo"

    at = models.DateTimeField(default=timezone.now, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind)
    title = models.CharField(max_length=160)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone")

    class Meta:
        ordering = ["-at"]
        verbose_name = "paste or import"
        verbose_name_plural = "pastes and imports"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}: {self.title}"


class UnmatchedName(models.Model):
    """A model's or benchmark's name that an import did not know. A curator says what it is, or that it is nothing."""

    class Kind(models.TextChoices):
        MODEL = "model", "Model"
        BENCHMARK = "benchmark", "Benchmark"

    kind = models.CharField(max_length=9, choices=Kind)
    text = models.CharField(max_length=160)
    key = models.CharField(max_length=200, editable=False)
    source = models.CharField(max_length=160, blank=True, help_text="The import that named it last.")
    scores = models.PositiveIntegerField(default=0, help_text="Scores that wait for it.")
    seen_at = models.DateTimeField(default=timezone.now)
    is_ignored = models.BooleanField("ignored", default=False)

    class Meta:
        ordering = ["is_ignored", "-scores", "text"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="unmatchedname_once")]

    def __str__(self) -> str:
        return self.text


class Fit(models.Model):
    """One run of the ability fit (`evidence`): what it saw, what it found, how well it predicts hidden scores."""

    made_at = models.DateTimeField(default=timezone.now)
    catalogue = models.CharField(max_length=40, help_text="Catalogue version that the fit read.")
    seconds = models.FloatField()
    scores = models.PositiveIntegerField(help_text="Scores that entered.")
    arrays = models.BinaryField(help_text="The estimates themselves, as compressed arrays.")
    self_test = models.JSONField(help_text="Accuracy, Brier score, log loss and interval coverage on hidden scores.")
    told = models.JSONField(default=dict, help_text="Places on the leaderboard that readers know of, and since when.")
    ranges = models.JSONField(
        null=True, help_text="Best and worst rank of its ranked models, and a digest of what they hold for."
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"fit of {self.made_at:%Y-%m-%d %H:%M}"


class Ability(models.Model):
    """One model's estimated score in one fit: the expected average on the basket, 0 to 100, with its 90 % interval."""

    fit = models.ForeignKey(Fit, models.CASCADE, related_name="abilities")
    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="abilities")
    tests = models.PositiveIntegerField(help_text="Distinct confirmed tests behind it.")
    score = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    rank_low = models.PositiveIntegerField(
        null=True, help_text="Best rank of the 90 % range; empty: too few tests for a rank."
    )
    rank_high = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name_plural = "abilities"
        constraints = [
            models.UniqueConstraint(fields=["fit", "model"], name="ability_once_per_fit"),
            models.CheckConstraint(
                condition=Q(low__lte=F("score"), score__lte=F("high"), low__gte=0, high__lte=100),
                name="ability_in_its_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.score:.1f}"


class Place(models.Model):
    """A model's place on the leaderboard from a day on, as the last fit of that day had it, until its next row.

    Without a category it is the overall place; no score: it has left the board.
    """

    day = models.DateField()
    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="places")
    category = models.ForeignKey(Category, models.CASCADE, null=True, blank=True, related_name="+")
    rank = models.PositiveIntegerField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    objects = querysets.PlaceQuerySet.as_manager()

    class Meta:
        ordering = ["day", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["model", "category", "day"], name="place_once_a_day"),
            models.UniqueConstraint(
                fields=["model", "day"], condition=Q(category=None), name="place_overall_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(score=None, low=None, high=None, rank=None) | Q(low__lte=F("score"), score__lte=F("high")),
                name="place_score_in_its_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} from {self.day:%Y-%m-%d}: {self.rank or 'no rank'}"
