"""The bill of a reader's workload as printed on any page: its fields, its address, one column an offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from comparisons import tradeoffs
from comparisons.figures import Figure
from comparisons.tradeoffs import Bill, Facts, Workload

# Name in the address: field, label, most that is read.
FIELDS = {
    "calls": ("calls", "Calls a month", 1_000_000_000),
    "in": ("prompt", "Prompt tokens a call", 10_000_000),
    "cached": ("cached", "Of them cached, %", 100),
    "out": ("output", "Output tokens a call", 1_000_000),
    "think": ("thinking", "Reasoning tokens, where a model reasons", 1_000_000),
    "batch": ("batch", "Calls in batches, %", 100),
}
OPEN = "open"  # how an address says that the number of reasoning tokens is not known


def query(workload: Workload) -> dict[str, str]:
    """The part of an address that keeps a workload: what differs from the default."""
    if workload == tradeoffs.USUAL:
        return {}
    given = {name: getattr(workload, field) for name, (field, *_) in FIELDS.items()}
    usual = {name: getattr(tradeoffs.USUAL, field) for name, (field, *_) in FIELDS.items()}
    return {name: OPEN if value is None else str(value) for name, value in given.items() if value != usual[name]}


@dataclass(frozen=True, slots=True)
class NumberField:
    name: str
    label: str
    value: str
    most: int


def number_fields(workload: Workload) -> tuple[NumberField, ...]:
    values = {name: getattr(workload, field) for name, (field, *_) in FIELDS.items()}
    return tuple(
        NumberField(name, label, "" if values[name] is None else str(values[name]), most)
        for name, (_, label, most) in FIELDS.items()
    )


@dataclass(frozen=True, slots=True)
class BillColumn:
    """One model's bill: the maker's offer, else the lowest host; `hosts` names the lowest of the other hosts."""

    mark: str
    name: str
    host: str
    total: Figure | str  # the ends of the sum; words where there is none
    source_url: str
    hosts: Figure | str
    remark: str


@dataclass(frozen=True, slots=True)
class BillPanel:
    said: str
    is_default: bool
    fields: tuple[NumberField, ...]
    columns: tuple[BillColumn, ...]
    rows: tuple[tuple[str, tuple[tuple[Figure | str, str], ...]], ...]  # label, then amount and detail of each model
    has_hosts: bool
    edge: str  # who pays less, in words; empty where nobody can say
    kept: tuple[tuple[str, str], ...]  # the page's other options, for the form
    href: str  # of the page with the form for a workload; empty: it is shown


def bill_panel(
    facts: Sequence[Facts], workload: Workload, kept: Sequence[tuple[str, str]] = (), href: str = ""
) -> BillPanel:
    """The bills of two to four models side by side."""
    offers = [fact.paid or fact.free_tier or next(iter(fact.offers), None) for fact in facts]
    found = [tradeoffs.model_bill(f, o, workload) if o else None for f, o in zip(facts, offers, strict=True)]
    columns = tuple(
        _column(mark, fact, offer, each, workload)
        for mark, fact, offer, each in zip("abcd", facts, offers, found, strict=False)
    )
    labels = list(dict.fromkeys(line.label for each in found if each for line in each.lines))
    labels.sort(key=ORDER.index)
    return BillPanel(
        said=workload.words(),
        is_default=workload == tradeoffs.USUAL,
        fields=number_fields(workload),
        columns=columns,
        rows=tuple((label, tuple(_cell(each, label) for each in found)) for label in labels),
        has_hosts=any(column.hosts for column in columns),
        edge=_edge(facts, found) if len(facts) == 2 else "",
        kept=tuple(kept),
        href=href,
    )


ORDER = ["Prompt", "Prompt from cache", "Output", tradeoffs.REASONING, tradeoffs.BATCH]


def _column(
    mark: str, facts: Facts, offer: tradeoffs.Offer | None, found: Bill | None, workload: Workload
) -> BillColumn:
    hosts = [each for each in facts.offers if each.basis == "api" and not each.makers_own and each is not offer]
    lowest = tradeoffs.cheapest(facts, workload, hosts)
    remarks = []
    if facts.paid and facts.free_tier:
        remarks.append(f"{facts.free_tier.host} also has a free tier")
    if facts.is_self_hostable:
        remarks.append("can be self-hosted, no list price")
    return BillColumn(
        mark=mark,
        name=facts.name,
        host=offer.host if offer else "",
        total=found.text if found else "no offer on record",
        source_url=offer.source_url if offer else "",
        hosts=Figure(f"{lowest.text} ({lowest.host})", (lowest.low, lowest.high)) if lowest else "",
        remark="; ".join(remarks) if found and found.lines else "",
    )


def _cell(found: Bill | None, label: str) -> tuple[Figure | str, str]:
    line = next((line for line in found.lines if line.label == label), None) if found else None
    if line is None:
        return "", ""
    rate = (
        f"{line.count:,} tokens at {tradeoffs.money(line.rate)} per 1M" if line.count and line.rate is not None else ""
    )
    return line.text, "; ".join(part for part in (rate, line.remark) if part)


def _edge(facts: Sequence[Facts], found: Sequence[Bill | None]) -> str:
    """Who pays less, where no open line can turn it; a multiple only between two exact sums."""
    a, b = found
    if not (a and b and a.is_priced and b.is_priced) or None in (a.high, b.high):
        return ""
    if a.low == a.high == b.low == b.high:
        return "Both bills are the same."
    for mine, other, name in ((a, b, facts[0].name), (b, a, facts[1].name)):
        if mine.high < other.low:
            times = tradeoffs.ratio(other.high, mine.high) if mine.low == mine.high and other.low == other.high else ""
            return f"{name} costs less, by {tradeoffs.spread(other.low - mine.high, other.high - mine.low)} a month" + (
                f" ({times})." if times else "."
            )
    return "The bills overlap: what is not published decides which is lower."
