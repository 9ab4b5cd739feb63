"""What the address of a page holds, and the links and fields that change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from comparisons import bills, tradeoffs, verdicts
from comparisons.models import LanguageModel
from comparisons.plain import Rulebook
from comparisons.tradeoffs import Workload
from comparisons.verdicts import percent


def comparison_path(models: Sequence[LanguageModel]) -> str:
    """The canonical address of models that are in the order of their slugs."""
    return f"/compare/{'-vs-'.join(model.slug for model in models)}/"


TWINS = {  # files for programs at the path of a page, by suffix: label and media type
    "json": ("JSON", "application/json"),
    "csv": ("CSV", "text/csv"),
    "md": ("Markdown", "text/markdown"),
}


def twin_address(address: str, suffix: str) -> str:
    """The address of a page's twin, with the same query; without a suffix that of the page."""
    path, mark, query = address.partition("?")
    return f"{path.rstrip('/')}.{suffix}{mark}{query}" if suffix else address


def twin_links(address: str) -> tuple[tuple[str, str, str], ...]:
    """Label, media type and address of each twin of a page."""
    return tuple((label, media, twin_address(address, suffix)) for suffix, (label, media) in TWINS.items())


@dataclass(frozen=True, slots=True)
class Toggle:
    """A link that changes what a panel shows."""

    id: str
    label: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Options:
    """What the address asks to see; the defaults are the bare page."""

    show: str = ""
    rows: str = ""
    sources: str = ""
    flip: str = ""
    reading: str = ""  # tested or shared: which reading stands first; empty is the estimated score
    w: str = ""  # multipliers of the categories' weights: coding:3,reasoning:2
    open: str = ""  # weights or bill: the form that is shown; a bare page leaves both out, and no other link keeps it
    workload: Workload = tradeoffs.USUAL

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What the address holds beside the workload, for a form that asks for that."""
        names = (name for name in self.__slots__ if name not in ("open", "workload"))
        return tuple((name, value) for name in names if (value := getattr(self, name)))

    @property
    def bill(self) -> tuple[tuple[str, str], ...]:
        """What the address holds of the workload."""
        return tuple(bills.query(self.workload).items())

    @property
    def weights(self) -> dict[str, int]:
        return {slug: int(times) for slug, times in (part.split(":") for part in self.w.split(",") if part)}

    def answers(self, form: str) -> bool:
        """Whether the address holds what a form asks."""
        return bool({"weights": self.w, "bill": self.bill}.get(form))

    def opener(self, form: str, address: Callable[..., str]) -> str:
        """The page's address with a form open; empty where it is, because somebody asked for it or has answered it."""
        return "" if self.open == form or self.answers(form) else address(open=form)

    def href(self, path: str, **changes: str) -> str:
        """The address of the same page with some options changed; defaults are left out."""
        state = dict(self.kept) | changes
        order = [name for name in self.__slots__ if state.get(name)]
        query = urlencode([*((name, state[name]) for name in order), *self.bill])
        return f"{path}?{query}" if query else path


PRESETS = {
    "Coding agent": {"agentic": 5, "coding": 5},
    "Chat": {"instruction-following": 5, "knowledge": 3, "multilingual": 3, "agentic": 0},
    "Document work": {"multimodal": 5, "knowledge": 2, "instruction-following": 3},
    "Long context": {"reasoning": 8, "knowledge": 2},
    "Maths": {"mathematics": 10, "reasoning": 3},
}


@dataclass(frozen=True, slots=True)
class WeightPanel:
    """The reader's own weights: a number from 0 to 10 a category, and ready-made sets."""

    fields: tuple[tuple[str, str, int, str], ...]  # slug, name, multiplier, share of the whole in words
    presets: tuple[Toggle, ...]
    said: str  # empty: the site's weights
    href: str  # of the page with the form; empty: it is shown


def weight_panel(rules: Rulebook, options: Options, address: Callable[..., str]) -> WeightPanel:
    """From the rulebook in force, already reweighted; `address` gives the page's own address with changes such as `w`."""
    whole = sum((c.weight for c in rules.categories), Decimal(0))
    times = options.weights
    known = {c.slug for c in rules.categories}
    presets = [("Site weights", "")]
    presets += [
        (name, ",".join(f"{slug}:{n}" for slug, n in _in_order(given, rules)))
        for name, given in PRESETS.items()
        if set(given) <= known
    ]
    chosen = [f"{c.name} × {times[c.slug]}" for c in rules.categories if c.slug in times]
    return WeightPanel(
        tuple((c.slug, c.name, times.get(c.slug, 1), percent(c.weight / whole)) for c in rules.categories)
        if whole
        else (),
        tuple(
            Toggle(
                f"w-{name.lower().replace(' ', '-')}",
                name,
                address(w=w, open="" if w else "weights"),
                w == options.w,
            )
            for name, w in presets
        ),
        f"Your weights: {verdicts.joined(chosen)}." if chosen else "",
        options.opener("weights", address),
    )


def _in_order(times: Mapping[str, int], rules: Rulebook) -> list[tuple[str, int]]:
    return [(c.slug, times[c.slug]) for c in rules.categories if c.slug in times]
