"""What a browser may send. Unknown or broken display parameters fall back to the default, never to an error."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django import forms

from comparisons import bills, listings, pricing, stamps
from comparisons.links import Options
from comparisons.models import MODALITIES, Creator, validate_https
from comparisons.plain import Rulebook
from comparisons.scoring import Category
from comparisons.tradeoffs import Workload

DISPLAY = {  # display options and their values; anything else is the default
    "show": {"all", "shared", "gap"},
    "rows": {"diff"},
    "sources": {"confirmed", "independent"},
    "flip": {"1"},
    "reading": {"tested", "shared"},
    "open": {"weights", "bill"},
}
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def options(query: Mapping[str, str], categories: Sequence[Category]) -> Options:
    """The display options of a page from a query string."""
    chosen = {name: value if (value := query.get(name, "")) in values else "" for name, values in DISPLAY.items()}
    chosen["w"] = ",".join(f"{slug}:{times}" for slug, times in weights(query, categories).items())
    found = Options(**chosen, workload=workload(query))
    return replace(found, open="") if found.answers(found.open) else found  # it is open anyway


def weights(query: Mapping[str, str], categories: Sequence[Category]) -> dict[str, int]:
    """Whole multipliers of the categories' weights, 0 to 10, by slug; those of 1 are left out, and equal ones are no change.

    Read from `w=coding:3,reasoning:2`, or from one field a category, `w_coding=3`, as a form without script sends them.
    """
    given = dict(part.split(":", 1) for part in query.get("w", "")[:400].split(",") if ":" in part)
    given |= {c.slug: query[f"w_{c.slug}"] for c in categories if f"w_{c.slug}" in query}
    times = {c.slug: MULTIPLIERS.get(given.get(c.slug, "").strip(), 1) for c in categories}
    return {slug: n for slug, n in times.items() if n != 1} if len(set(times.values())) > 1 else {}


MULTIPLIERS = {str(n): n for n in range(11)}


def workload(query: Mapping[str, str]) -> Workload:
    """The calls of a month, from whole numbers within bounds; a broken one is the default's."""
    given = {}
    for name, (field, _, most) in bills.FIELDS.items():
        text = query.get(name, "").strip()
        if name == "think" and name in query and text in ("", bills.OPEN):
            given[field] = None
        elif text.isascii() and text.isdigit() and len(text) <= 12 and (name == "calls") <= int(text) <= most:
            given[field] = int(text)
    return Workload(**given)


def day(query: Mapping[str, str], name: str) -> tuple[str, datetime.date | None]:
    """What an address says of a day, cut to a line, and the day; None where it is not written as 2026-11-03."""
    text = query.get(name, "").replace("\0", "").strip()[:20]
    try:
        return text, datetime.date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return text, None


def days_kept(query: Mapping[str, str]) -> dict[str, str]:
    """The days that the controls of a page keep in the address."""
    found = {name: day(query, name)[1] for name in ("as_of", "since")}
    return {name: f"{asked}" for name, asked in found.items() if asked}


def typed_names(query) -> dict[str, str]:
    """What stands in the picker's four fields, cut at the length of any name."""
    return {key: query.get(key, "").replace("\0", "").strip()[:200] for key in "abcd"}


class LeaderboardForm(forms.Form):
    """Filters and order of the leaderboard."""

    sort = forms.ChoiceField(required=False, choices=[(s, s) for name in listings.COLUMNS for s in (name, f"-{name}")])
    creator = forms.ModelChoiceField(
        Creator.objects.all(), to_field_name="slug", required=False, empty_label="Any maker", label="Maker"
    )
    weights = forms.ChoiceField(
        required=False, label="Weights", choices=[("", "Open or closed"), ("open", "Open"), ("closed", "Closed")]
    )
    reasoning = forms.ChoiceField(
        required=False,
        choices=[("", "Any"), ("yes", "Reasoning"), ("no", "Not reasoning"), ("hybrid", "Hybrid")],
        label="Kind",
    )
    context = forms.ChoiceField(
        required=False,
        label="Context at least",
        choices=[("", "Any"), ("128000", "128K"), ("200000", "200K"), ("1000000", "1M")],
    )
    after = forms.IntegerField(required=False, min_value=0, max_value=10_000_000)  # rows on the pages before

    def offer(self, creators: Sequence[Creator]) -> None:
        """Choose among these makers, in their order."""
        self.fields["creator"].choices = [("", "Any maker"), *((row.slug, row.name) for row in creators)]

    def chosen(self) -> dict:
        """The valid part of what was sent."""
        self.is_valid()
        return self.cleaned_data

    def kept(self) -> dict[str, str]:
        """The valid part as it was sent, for the addresses of links, which lead to the first page."""
        return {name: self.data[name] for name, value in self.chosen().items() if value and name != "after"}


class ReportForm(forms.Form):
    """A reader's report on one score: no name, no address; the field `website` is one that only programs fill in."""

    LONGEST = 1000
    score = forms.ChoiceField(error_messages={"required": "Choose the score.", "invalid_choice": "Choose the score."})
    text = forms.CharField(error_messages={"required": "Say what is wrong with it."})
    source_url = forms.CharField(required=False, max_length=500, validators=[validate_https])
    stamp = forms.CharField(required=False, max_length=200)

    def __init__(self, *args, choices: Sequence[tuple[str, str, str]], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["score"].choices = [(key, said) for key, said, _ in choices]

    def clean_text(self) -> str:
        """As typed, less line ends of another system and characters that nobody sees."""
        text = unicodedata.normalize("NFC", self.cleaned_data["text"].replace("\r\n", "\n"))
        text = "".join(each for each in text if each == "\n" or unicodedata.category(each) not in ("Cc", "Cf")).strip()
        if len(text) > self.LONGEST:
            raise forms.ValidationError(f"Shorten the text to 1,000 characters: it has {len(text):,}.")
        if not text:
            raise forms.ValidationError("Say what is wrong with it.")
        return text

    def clean_stamp(self) -> str:
        stamps.check_stamp("report", self.cleaned_data["stamp"])
        return self.cleaned_data["stamp"]

    @property
    def is_trap_sprung(self) -> bool:
        return bool(self.data.get("website"))

    @property
    def faults(self) -> list[tuple[str, str]]:
        """(field, sentence) of each complaint, in the order of the fields."""
        return [(name, fault) for name, faults in self.errors.items() for fault in faults]


class SearchForm(forms.Form):
    q = forms.CharField(max_length=200, required=False, label="Search models and benchmarks")


class PricingForm(LeaderboardForm):
    """Filters and order of the offers."""

    reasoning = None
    after = None
    sort = forms.ChoiceField(required=False, choices=[(s, s) for name in pricing.COLUMNS for s in (name, f"-{name}")])
    price = forms.DecimalField(required=False, min_value=0, max_value=10_000, label="Output $ per 1M at most")

    def kept(self) -> dict[str, str]:
        return super().kept() | ({"price": self.data["price"]} if self.chosen().get("price") == 0 else {})


class FloorForm(forms.Form):
    """What a model must reach at least to be shortlisted."""

    category = forms.ChoiceField(required=False, label="Category")
    average = forms.DecimalField(required=False, min_value=0, max_value=100, label="Average at least")
    benchmark = forms.ChoiceField(required=False, label="Benchmark")
    score = forms.DecimalField(required=False, min_value=-10_000, max_value=1_000_000, label="Score at least")
    context = forms.IntegerField(required=False, min_value=1, max_value=20_000_000, label="Context at least, tokens")
    licence = forms.ChoiceField(required=False, label="Licence")
    modality = forms.ChoiceField(
        required=False, label="Takes as input", choices=[("", "Any"), *((name, name) for name in MODALITIES[1:])]
    )
    weights = forms.ChoiceField(required=False, label="Weights", choices=[("", "Open or closed"), ("open", "Open")])
    within = forms.DecimalField(required=False, min_value=0, max_value=600, label="First answer within, seconds")
    most = forms.DecimalField(required=False, min_value=0, max_value=10**9, label="Bill at most, $ a month")

    def __init__(self, query: Mapping[str, str], rules: Rulebook, licences: Sequence[str]) -> None:
        super().__init__(query)
        self.rules = rules
        tests = [b for b in rules.benchmarks.values() if b.direction != "none"]
        self.fields["category"].choices = [("", "All, by importance"), *((c.slug, c.name) for c in rules.categories)]
        self.fields["benchmark"].choices = [("", "None"), *((b.slug, b.name) for b in tests)]
        self.fields["licence"].choices = [("", "Any"), *((name, name) for name in licences)]

    def kept(self) -> dict[str, str]:
        """The valid part as it was sent, for addresses."""
        self.is_valid()
        return {name: self.data[name] for name, value in self.cleaned_data.items() if value not in ("", None)}

    def floors(self) -> pricing.Floors:
        """The valid part as demands."""
        self.is_valid()
        given = self.cleaned_data
        category = next((c for c in self.rules.categories if c.slug == given.get("category")), None)
        benchmark = self.rules.benchmarks.get(given.get("benchmark", ""))
        words = {name: given.get(name) or "" for name in ("licence", "modality", "weights")}
        numbers = {name: given.get(name) for name in ("average", "score", "context", "within", "most")}
        return pricing.Floors(category=category, benchmark=benchmark, **words, **numbers)
