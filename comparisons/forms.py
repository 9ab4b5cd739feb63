"""What a browser may send. Unknown or broken display parameters fall back to the default, never to an error."""

from __future__ import annotations

from django import forms

from comparisons import listings
from comparisons.models import Creator
from comparisons.panels import Options


def options(query) -> Options:
    """The display options of a comparison from a query string."""
    allowed = {"show": {"shared", "gap"}, "rows": {"diff"}, "sources": {"confirmed", "independent"}, "flip": {"1"}}
    explicit = "all" if query.get("show") == "all" else ""
    chosen = {name: value if (value := query.get(name, "")) in values else "" for name, values in allowed.items()}
    return Options(**chosen | {"show": chosen["show"] or explicit})


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


class SearchForm(forms.Form):
    q = forms.CharField(max_length=200, required=False, label="Search models and benchmarks")
