"""What a browser may send. Unknown or broken display parameters fall back to the default, never to an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import forms

from comparisons import listings
from comparisons.models import Creator
from comparisons.panels import Options
from comparisons.scoring import Category


def options(query: Mapping[str, str], categories: Sequence[Category]) -> Options:
    """The display options of a page from a query string."""
    allowed = {
        "show": {"shared", "gap"},
        "rows": {"diff"},
        "sources": {"confirmed", "independent"},
        "flip": {"1"},
        "reading": {"tested", "shared"},
    }
    explicit = "all" if query.get("show") == "all" else ""
    chosen = {name: value if (value := query.get(name, "")) in values else "" for name, values in allowed.items()}
    chosen["w"] = ",".join(f"{slug}:{times}" for slug, times in weights(query, categories).items())
    return Options(**chosen | {"show": chosen["show"] or explicit})


def weights(query: Mapping[str, str], categories: Sequence[Category]) -> dict[str, int]:
    """Whole multipliers of the categories' weights, 0 to 10, by slug; those of 1 are left out, and equal ones are no change.

    Read from `w=coding:3,reasoning:2`, or from one field a category, `w_coding=3`, as a form without script sends them.
    """
    given = dict(part.split(":", 1) for part in query.get("w", "")[:400].split(",") if ":" in part)
    given |= {c.slug: query[f"w_{c.slug}"] for c in categories if f"w_{c.slug}" in query}
    times = {c.slug: MULTIPLIERS.get(given.get(c.slug, "").strip(), 1) for c in categories}
    return {slug: n for slug, n in times.items() if n != 1} if len(set(times.values())) > 1 else {}


MULTIPLIERS = {str(n): n for n in range(11)}


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

    def chosen(self) -> dict:
        """The valid part of what was sent."""
        self.is_valid()
        return self.cleaned_data

    def kept(self) -> dict[str, str]:
        """The valid part as it was sent, for the addresses of links."""
        return {name: self.data[name] for name, value in self.chosen().items() if value}


class SearchForm(forms.Form):
    q = forms.CharField(max_length=200, required=False, label="Search models and benchmarks")
