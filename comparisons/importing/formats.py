"""The catalogue as CSV: one table per file, with its columns and how a cell is read and written."""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from django.core.exceptions import ValidationError
from django.db.models import Field, Model

from comparisons.models import (
    MODALITIES,
    MONTH,
    Benchmark,
    BenchmarkAlias,
    Category,
    Creator,
    FeaturedPair,
    LanguageModel,
    ModelAlias,
    Offer,
    OfferTier,
    Reasoning,
    Runtime,
    Score,
    SourceKind,
    Status,
    validate_plain_text,
)

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?\Z")
FORMULA = re.compile(r"'*[=+@-]")
LONGEST_NUMBER = 40  # characters; the widest column keeps 14 digits
FIRST_DAY = datetime.date(2020, 1, 1)
UNSET = object()


@dataclass(frozen=True)
class Column:
    """One column. `read` turns a cell into a value or raises ValueError with the reason; `write` is its inverse.

    `field` is the attribute on the table's row ("" for a column that is no field of it), `reference` the table whose
    slug the cell holds, `past` a date that may not lie in the future, `default` what a new row gets when the file has
    no such column (the field's own default when unset).
    """

    name: str
    field: str
    read: Callable[[str], object]
    write: Callable[[object], str] = str
    required: bool = True
    reference: str = ""
    past: bool = False
    default: object = UNSET

    @property
    def attribute(self) -> str:
        return f"{self.field}_id" if self.reference else self.field

    def value(self, cell: str) -> object:
        """What the cell says; raises ValueError with the reason. Any cell must be trimmed, composed, visible text."""
        try:
            validate_plain_text(cell)
        except ValidationError as error:
            raise ValueError(error.message) from None
        return self.read(cell)


@dataclass(frozen=True)
class Table:
    """One file: rows are matched by the columns of `key`, the columns of `unique` hold no value twice.

    `aliases` names the table of a row's other names and its field that holds the row.
    """

    name: str
    model: type[Model]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    required: bool = True
    aliases: tuple[type[Model], str] | None = None

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}


def shown(text: str) -> str:
    """A cell as a message prints it: 60 characters at most."""
    return text if len(text) <= 60 else f"{text[:60]}…"


def plain_number(value: Decimal | int | None) -> str:
    """The shortest decimal form: 80.00 gives `80`, 0.0250 `0.025`, unknown nothing; never an exponent."""
    if value is None:
        return ""
    return format(Decimal(value).normalize() + 0, "f") if value else "0"


def read_number(text: str, *, low: Decimal, high: Decimal, places: int, blank: bool) -> Decimal | int | None:
    """A plain decimal number within bounds, an int when the column keeps no places."""
    if text == "":
        if blank:
            return None
        raise ValueError("is empty")
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"is longer than any number here: {len(text):,} characters")
    if not NUMBER.match(text):
        raise ValueError(f"is not a plain number: {shown(text)}")
    value = Decimal(text)
    if not low <= value <= high:
        raise ValueError(f"must lie between {low:,f} and {high:,f}: {text}")
    if value != round(value, places):
        raise ValueError(f"has more than {places} decimals: {text}" if places else f"is not a whole number: {text}")
    return value if places else int(value)


def read_date(text: str, *, blank: bool) -> datetime.date | None:
    if text == "":
        if blank:
            return None
        raise ValueError("is empty")
    try:
        value = datetime.date.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or len(text) != 10 or "W" in text:
        raise ValueError(f"is not a date like 2026-04-07: {shown(text)}")
    if value < FIRST_DAY:
        raise ValueError(f"lies before {FIRST_DAY}: {text}")
    return value


def read_choice(text: str, *, choices: dict[str, object]) -> object:
    if text not in choices:
        known = ", ".join(choice or "nothing" for choice in choices)
        raise ValueError(f"is not one of {known}: {shown(text)}" if text else f"is empty; use one of {known}")
    return choices[text]


def read_text(cell: str, *, field: Field, blank: bool) -> str:
    """What the field's own validators allow, so that a form and a file agree."""
    text = unguarded(cell)
    if text == "":
        if blank:
            return ""
        raise ValueError("is empty")
    try:
        field.run_validators(text)
    except ValidationError as error:
        raise ValueError(f"{' '.join(error.messages)} ({shown(text)})") from None
    return text


def guarded(text: str) -> str:
    """Text as a cell: spreadsheets run what begins with = + - or @, so that gets an apostrophe in front."""
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def read_month(text: str) -> str:
    if text and not re.match(MONTH, text):
        raise ValueError(f"is not a month like 2025-01: {shown(text)}")
    return text


def read_modalities(text: str) -> str:
    words = text.split("|") if text else []
    if len(words) != len(set(words)) or not set(words) <= set(MODALITIES):
        raise ValueError(f"must name {', '.join(MODALITIES)}, each once, joined by |: {shown(text)}")
    return text


def read_aliases(cell: str) -> tuple[str, ...]:
    text = unguarded(cell)
    aliases = text.split("|") if text else []
    if any(not alias or alias != alias.strip() or len(alias.casefold()) > 160 for alias in aliases):
        raise ValueError(f"holds an empty, untrimmed or overlong alias: {shown(text)}")
    folded = [alias.casefold() for alias in aliases]
    if twice := [alias for alias, key in zip(aliases, folded, strict=True) if folded.count(key) > 1]:
        raise ValueError(f"names {twice[-1]} twice")
    return tuple(sorted(aliases, key=lambda alias: (alias.casefold(), alias)))


def write_aliases(aliases: tuple[str, ...]) -> str:
    return guarded("|".join(aliases))


def iso(value: datetime.date | None) -> str:
    return value.isoformat() if value else ""


def text(model: type[Model], name: str, field: str = "", *, blank: bool = False, required: bool = True) -> Column:
    field = field or name
    read = partial(read_text, field=model._meta.get_field(field), blank=blank)
    return Column(name, field, read, guarded, required=required)


def number(
    model: type[Model], name: str, low, high, *, field: str = "", blank: bool = True, required: bool = True
) -> Column:
    places = getattr(model._meta.get_field(field or name), "decimal_places", 0)
    read = partial(read_number, low=Decimal(low), high=Decimal(high), places=places, blank=blank)
    return Column(name, field or name, read, plain_number, required=required)


def day(name: str, field: str = "", *, blank: bool = True, required: bool = True, past: bool = True) -> Column:
    return Column(name, field or name, partial(read_date, blank=blank), iso, required=required, past=past)


def choice(name: str, values, *, blank: bool = False, required: bool = True, default: object = UNSET) -> Column:
    choices = {value: value for value in (*values, *([""] if blank else []))}
    return Column(name, name, partial(read_choice, choices=choices), required=required, default=default)


def flag(name: str, words: dict[str, object], *, required: bool) -> Column:
    written = {value: word for word, value in words.items()}
    return Column(name, name, partial(read_choice, choices=words), written.__getitem__, required=required)


def reference(name: str, table: str, field: str = "", *, blank: bool = False, required: bool = True) -> Column:
    def read(text: str) -> str | None:
        if text == "" and not blank:
            raise ValueError("is empty")
        return text or None

    return Column(name, field or name, read, lambda slug: slug or "", required=required, reference=table)


YES_NO = {"yes": True, "no": False, "": None}
ONE_ZERO = {"1": True, "0": False}
LOWER_IS_BETTER = flag("lower_is_better", {"1": "lower", "0": "higher"}, required=False)  # read in place of `direction`


def prices(model: type[Model], *, required: bool = True) -> tuple[Column, ...]:
    return (
        number(model, "input_usd_per_mtok", 0, 1_000, field="input", required=required),
        number(model, "output_usd_per_mtok", 0, 2_000, field="output", required=required),
        number(model, "cached_input_usd_per_mtok", 0, 1_000, field="cached_input", required=required),
    )


def added_status() -> Column:
    """A file without the column holds rows meant for the public."""
    return choice("status", Status.values, required=False, default=Status.PUBLISHED.value)


TABLES = {
    table.name: table
    for table in (
        Table(
            "categories",
            Category,
            ("slug",),
            (
                text(Category, "slug"),
                text(Category, "name"),
                number(Category, "weight", 0, 1, blank=False),
                number(Category, "order", 1, 99, blank=False),
                text(Category, "description"),
            ),
            unique=("name", "order"),
            order=("order",),
        ),
        Table(
            "benchmarks",
            Benchmark,
            ("slug",),
            (
                text(Benchmark, "slug"),
                text(Benchmark, "name"),
                text(Benchmark, "family"),
                reference("category", "categories"),
                number(Benchmark, "weight", 0, 1, blank=False),
                choice("kind", Benchmark.Kind.values),
                choice("unit", Benchmark.Unit.values),
                choice("direction", Benchmark.Direction.values, blank=True, required=False),
                number(Benchmark, "floor", -1_000_000, 1_000_000),
                number(Benchmark, "ceiling", -1_000_000, 1_000_000),
                number(Benchmark, "decimals", 0, 4, blank=False),
                number(Benchmark, "items", 1, 2_000_000_000),
                text(Benchmark, "version", blank=True),
                choice("status", Benchmark.Freshness.values),
                text(Benchmark, "url"),
                text(Benchmark, "description"),
                day("checked_on", required=False),
                Column("aliases", "", read_aliases, write_aliases, required=False, default=()),
            ),
            unique=("name",),
            aliases=(BenchmarkAlias, "benchmark"),
        ),
        Table(
            "creators",
            Creator,
            ("slug",),
            (text(Creator, "slug"), text(Creator, "name"), text(Creator, "country", blank=True), text(Creator, "url")),
            unique=("name",),
        ),
        Table(
            "models",
            LanguageModel,
            ("slug",),
            (
                text(LanguageModel, "slug"),
                text(LanguageModel, "name"),
                text(LanguageModel, "short_name", blank=True, required=False),
                reference("creator", "creators"),
                text(LanguageModel, "family", blank=True),
                text(LanguageModel, "variant", blank=True),
                added_status(),
                reference("successor", "models", blank=True, required=False),
                day("released_on"),
                day("retires_on", required=False, past=False),
                flag("open_weights", YES_NO, required=True),
                text(LanguageModel, "licence", blank=True),
                flag("commercial_use", YES_NO, required=False),
                choice("reasoning", Reasoning.values, blank=True),
                number(LanguageModel, "context_window", 1_000, 20_000_000),
                number(LanguageModel, "max_output", 256, 2_000_000),
                Column("knowledge_cutoff", "knowledge_cutoff", read_month),
                Column("input_modalities", "input_modalities", read_modalities),
                Column("output_modalities", "output_modalities", read_modalities),
                number(LanguageModel, "parameters_b", "0.1", 20_000),
                number(LanguageModel, "active_parameters_b", "0.1", 20_000),
                text(LanguageModel, "url", blank=True),
                Column("aliases", "", read_aliases, write_aliases, default=()),
            ),
            unique=("name",),
            aliases=(ModelAlias, "model"),
        ),
        Table(
            "scores",
            Score,
            ("model", "benchmark", "setting", "source_url"),
            (
                reference("model", "models"),
                reference("benchmark", "benchmarks"),
                number(Score, "value", -1_000_000, 1_000_000, blank=False),
                choice("source_kind", SourceKind.values),
                text(Score, "source_url"),
                day("reported_on"),
                text(Score, "setting", blank=True),
                day("checked_on", required=False),
                added_status(),
                day("withdrawn_on", required=False),
                text(Score, "note", blank=True, required=False),
            ),
        ),
        Table(
            "prices",
            Offer,
            ("model", "provider", "basis", "effective_on"),
            (
                reference("model", "models"),
                text(Offer, "provider", "host"),
                choice("basis", Offer.Basis.values),
                *prices(Offer),
                day("effective_on", "starts_on"),
                text(Offer, "source_url"),
                flag("makers_own", ONE_ZERO, required=False),
                number(Offer, "batch_discount", 0, 1, required=False),
                day("ends_on", required=False, past=False),
                added_status(),
                text(Offer, "note", blank=True, required=False),
            ),
        ),
        Table(
            "offer_tiers",
            OfferTier,
            ("model", "provider", "basis", "effective_on", "from_prompt_tokens"),
            (
                reference("model", "models", "offer.model"),
                replace(text(Offer, "provider", "host"), field="offer.host"),
                Column("basis", "offer.basis", choice("basis", Offer.Basis.values).read),
                day("effective_on", "offer.starts_on"),
                number(OfferTier, "from_prompt_tokens", 1, 20_000_000, blank=False),
                *prices(OfferTier),
            ),
            required=False,
        ),
        Table(
            "runtimes",
            Runtime,
            ("model", "provider", "source_url"),
            (
                reference("model", "models"),
                text(Runtime, "provider", "host", blank=True),
                number(Runtime, "output_tokens_per_second", "0.1", 10_000),
                number(Runtime, "time_to_first_token_s", "0.001", 600, field="ttft_seconds"),
                day("measured_on"),
                text(Runtime, "source_url"),
                choice("ttft_kind", Runtime.TtftKind.values, blank=True, required=False),
                text(Runtime, "method", blank=True, required=False),
            ),
        ),
        Table(
            "featured_pairs",
            FeaturedPair,
            ("first", "second"),
            (
                reference("first", "models"),
                reference("second", "models"),
                number(FeaturedPair, "order", 1, 999, blank=False),
            ),
            order=("order",),
            required=False,
        ),
    )
}


def default_value(table: Table, column: Column) -> object:
    """What a new row holds where the file has no such column."""
    if column.default is not UNSET:
        return column.default
    value = table.model._meta.get_field(column.field).get_default()
    return getattr(value, "value", value)
