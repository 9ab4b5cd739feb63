"""PURE: what the rows say. Normalise, pick, average, compare; no Django, no formatting.

Values are Decimals on the scale of their benchmark; averages are Decimals from 0 to 100, rounded to nine places so that equal
fractions compare equal in whatever order they were added. `None` is unknown and never stands for zero.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Literal

Outcome = Literal["a", "b", "tie", "unknown"]
Grade = Literal["head_to_head", "partly", "no_shared_test", "one_sided", "none"]

# Order of trust of a source. Rule of the displayed result: kind, then the latest date, then the lower value.
SOURCE_ORDER = {"maintainer": 0, "independent": 1, "vendor": 2, "aggregator": 3}
SOURCES = {  # ?sources=: which kinds of source a reading may use
    "all": frozenset(SOURCE_ORDER),
    "confirmed": frozenset({"maintainer", "independent", "vendor"}),
    "independent": frozenset({"maintainer", "independent"}),
}
EVIDENCE_KINDS = {"skill", "preference"}  # kinds of benchmark that count as a shared test
RANKED_ROWS, RANKED_CATEGORIES = 5, 3  # weighted rows and categories that a rank needs
CATEGORY_SHARE = Decimal("0.5")  # share of a category's weight that a rank in the category needs
CONFIDENCE = ((7, 20, 4), (5, 12, 3), (3, 8, 2))  # categories and results that earn 4, 3, 2 dots; else 1
NOISE_Z = 1.645  # two-sided 90 % of the normal distribution
STALE_DAYS = 180  # a score neither reported nor checked since then is stale
WIDE_GAP = Decimal(10)  # points that ?show=gap asks for
PLACES = Decimal("1e-9")
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Category:
    slug: str
    name: str
    weight: Decimal  # share of the overall average
    order: int = 0


@dataclass(frozen=True, slots=True)
class Benchmark:
    slug: str
    name: str
    category: str  # slug
    weight: Decimal  # share of the category's average; 0 is shown, not counted
    unit: str = "percent"
    floor: Decimal | None = Decimal(0)
    ceiling: Decimal | None = HUNDRED
    direction: Literal["higher", "lower", "none"] = "higher"
    decimals: int = 1
    family: str = ""  # near-copies of one test share it
    kind: str = "skill"
    items: int | None = None  # number of questions
    status: str = "current"
    version: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One reported value of one model on one benchmark."""

    value: Decimal
    source_kind: str
    source_url: str = ""
    reported_on: datetime.date | None = None
    setting: str = ""
    note: str = ""
    checked_on: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """All results of one model on one benchmark: the displayed one, and those beside it in the order of the rule."""

    shown: Result
    others: tuple[Result, ...] = ()

    @property
    def value(self) -> Decimal:
        return self.shown.value

    @property
    def is_unconfirmed(self) -> bool:
        """Only an aggregator reports it."""
        return self.shown.source_kind == "aggregator"

    @property
    def results(self) -> tuple[Result, ...]:
        """The displayed one first."""
        return self.shown, *self.others

    @property
    def spread(self) -> tuple[Decimal, Decimal]:
        values = [result.value for result in self.results]
        return min(values), max(values)


@dataclass(frozen=True, slots=True)
class Average:
    """A weighted mean (0 to 100) with the share of the weight behind it (0 to 1) and the number of rows."""

    value: Decimal
    coverage: Decimal
    rows: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What one model has shown: cells by benchmark slug, averages by category slug, overall average (None: no weighted row)."""

    cells: Mapping[str, Cell]
    categories: Mapping[str, Average]
    overall: Average | None

    @property
    def weighted_rows(self) -> int:
        return sum(average.rows for average in self.categories.values())

    @property
    def is_ranked(self) -> bool:
        return self.weighted_rows >= RANKED_ROWS and len(self.categories) >= RANKED_CATEGORIES

    @property
    def confidence(self) -> int:
        """1 to 4: how many categories and results stand behind the overall average."""
        tested, results = len(self.categories), len(self.cells)
        return next((dots for categories, rows, dots in CONFIDENCE if tested >= categories and results >= rows), 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One benchmark of a comparison. `gap` is a's lead in points of the normalised scale, None where either is missing."""

    benchmark: Benchmark
    a: Cell | None
    b: Cell | None
    outcome: Outcome
    gap: Decimal | None
    within_noise: bool = False
    settings_differ: bool = False

    @property
    def is_shared(self) -> bool:
        return self.a is not None and self.b is not None


@dataclass(frozen=True, slots=True)
class CategoryResult:
    """One category of a comparison, by averages of own tests and by the tests both took."""

    category: Category
    a: Average | None
    b: Average | None
    leader: Outcome
    gap: Decimal | None  # a's lead
    grade: Grade
    shared_tests: int  # distinct tests both took, near-copies once
    shared_a: Decimal | None  # averages over the weighted rows both have
    shared_b: Decimal | None
    shared_rows: int  # weighted rows both have
    shared_leader: Outcome
    only_displayed: bool  # there are rows, but none that counts
    source_choice: (
        tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal]] | None
    )  # ranges, where another source changes the leader

    @property
    def is_comparable(self) -> bool:
        return self.a is not None and self.b is not None

    @property
    def is_disputed(self) -> bool:
        return {self.leader, self.shared_leader} == {"a", "b"}


@dataclass(frozen=True, slots=True)
class Flip:
    """The share of the comparable weight from which on the other side is ahead, when the other weights keep their proportions."""

    category: Category
    share: Decimal  # 0 to 1
    now: Decimal  # 0 to 1
    winner: Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scorecards side by side: the one object that pages, sentences and twins print."""

    a: Scorecard
    b: Scorecard
    rows: tuple[Row, ...]
    categories: tuple[CategoryResult, ...]
    leader: Outcome
    gap: Decimal | None
    shared_a: Decimal | None
    shared_b: Decimal | None
    shared_leader: Outcome
    shared_rows: int  # weighted rows both have
    wins_a: int
    wins_b: int
    flips: tuple[Flip, ...]
    comparable_leader: Outcome  # who leads over the categories both have

    @property
    def shared(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.is_shared)

    @property
    def comparable(self) -> tuple[CategoryResult, ...]:
        return tuple(result for result in self.categories if result.is_comparable)

    @property
    def on_shared_tests(self) -> int:
        return sum(result.shared_tests > 0 for result in self.comparable)

    @property
    def disputed(self) -> tuple[CategoryResult, ...]:
        return tuple(result for result in self.categories if result.is_disputed)

    @property
    def unconfirmed_rows(self) -> int:
        return sum(cell.is_unconfirmed for row in self.rows for cell in (row.a, row.b) if cell)

    @property
    def widest(self) -> Row | None:
        """The shared row with the largest gap, among those in percent; the first of the page on equality."""
        rows = [row for row in self.shared if row.benchmark.unit == "percent" and row.gap]
        return max(rows, key=lambda row: abs(row.gap), default=None)


def normalise(value: Decimal, benchmark: Benchmark) -> Decimal | None:
    """A value on 0 to 100 by the benchmark's own floor and ceiling, reversed where lower is better; None without bounds or direction."""
    if benchmark.floor is None or benchmark.ceiling is None or benchmark.direction == "none":
        return None
    share = HUNDRED * (value - benchmark.floor) / (benchmark.ceiling - benchmark.floor)
    return HUNDRED - share if benchmark.direction == "lower" else share


def pick(results: Iterable[Result]) -> Cell:
    """The displayed result and the others: source kind, then the latest date (none is the oldest), then the lower value."""
    shown, *others = sorted(results, key=preference)
    return Cell(shown, tuple(others))


def preference(result: Result) -> tuple:
    """What orders the results of one cell, the displayed one first."""
    dated = -(result.reported_on.toordinal() if result.reported_on else 0)
    return SOURCE_ORDER[result.source_kind], dated, result.value, result.setting, result.source_url


def mean(weighted: Iterable[tuple[Decimal, Decimal]]) -> Decimal | None:
    """sum(w x) / sum(w) of (w, x) pairs, to nine places; None where no weight is."""
    total = weight = Decimal(0)
    for w, x in weighted:
        total += w * x
        weight += w
    return (total / weight).quantize(PLACES) if weight else None


def leader_of(a: Decimal | None, b: Decimal | None) -> Outcome:
    """Who has the larger value; a tie is equality of stored values, unknown where one is missing."""
    if a is None or b is None:
        return "unknown"
    return "tie" if a == b else "a" if a > b else "b"


def scorecard(
    results: Iterable[tuple[str, Result]],
    benchmarks: Mapping[str, Benchmark],
    categories: Sequence[Category],
    *,
    sources: Iterable[str] = SOURCES["all"],
) -> Scorecard:
    """The scorecard of one model from (benchmark slug, result) pairs; results of other kinds than `sources` are left out."""
    found: dict[str, list[Result]] = {}
    for slug, result in results:
        if result.source_kind in sources and slug in benchmarks:
            found.setdefault(slug, []).append(result)
    cells = {slug: pick(found[slug]) for slug in sorted(found)}
    averages = {}
    for category in categories:
        inside = [b for b in benchmarks.values() if b.category == category.slug and b.weight]
        rows = [(b.weight, normalise(cells[b.slug].value, b)) for b in inside if b.slug in cells]
        value = mean(rows)
        if value is not None:
            whole = sum(b.weight for b in inside)
            averages[category.slug] = Average(value, sum(w for w, _ in rows) / whole, len(rows))
    return Scorecard(cells, averages, _overall(averages, categories))


def reweighted(card: Scorecard, categories: Sequence[Category]) -> Scorecard:
    """The same averages of categories under other weights of the categories."""
    return replace(card, overall=_overall(card.categories, categories))


def _overall(averages: Mapping[str, Average], categories: Sequence[Category]) -> Average | None:
    tested = [c for c in categories if c.slug in averages]
    value = mean((c.weight, averages[c.slug].value) for c in tested)
    if value is None:
        return None
    coverage = sum(c.weight for c in tested) / sum(c.weight for c in categories)
    return Average(value, coverage, sum(average.rows for average in averages.values()))


def compare(
    a: Scorecard, b: Scorecard, benchmarks: Mapping[str, Benchmark], categories: Sequence[Category]
) -> Comparison:
    """Everything two scorecards say beside each other. Swapping them mirrors the result."""
    order = {category.slug: category.order for category in categories}
    tested = [benchmark for slug, benchmark in benchmarks.items() if slug in a.cells or slug in b.cells]
    tested.sort(key=lambda b: (order[b.category], -b.weight, b.name))
    rows = tuple(_row(test, a.cells.get(test.slug), b.cells.get(test.slug)) for test in tested)
    results = tuple(_category(c, a, b, [row for row in rows if row.benchmark.category == c.slug]) for c in categories)
    overall_a, overall_b = (card.overall.value if card.overall else None for card in (a, b))
    both = [result for result in results if result.shared_rows]
    shared_a = mean((result.category.weight, result.shared_a) for result in both)
    shared_b = mean((result.category.weight, result.shared_b) for result in both)
    lead, flips = _flips(results)
    leaders = Counter(result.leader for result in results)
    return Comparison(
        a=a,
        b=b,
        rows=rows,
        categories=results,
        leader=leader_of(overall_a, overall_b),
        gap=None if overall_a is None or overall_b is None else overall_a - overall_b,
        shared_a=shared_a,
        shared_b=shared_b,
        shared_leader=leader_of(shared_a, shared_b),
        shared_rows=sum(result.shared_rows for result in results),
        wins_a=leaders["a"],
        wins_b=leaders["b"],
        flips=flips,
        comparable_leader=leader_of(lead, None if lead is None else Decimal(0)),
    )


def _row(benchmark: Benchmark, a: Cell | None, b: Cell | None) -> Row:
    if a is None or b is None or benchmark.direction == "none":
        return Row(benchmark, a, b, "unknown", None)
    better = leader_of(a.value, b.value)
    if benchmark.direction == "lower" and better in ("a", "b"):
        better = "b" if better == "a" else "a"
    scaled = [normalise(cell.value, benchmark) for cell in (a, b)]
    gap = (
        scaled[0] - scaled[1]
        if None not in scaled
        else (a.value - b.value) * (-1 if benchmark.direction == "lower" else 1)
    )
    settings = {cell.shown.setting.casefold() for cell in (a, b)}
    return Row(benchmark, a, b, better, gap, _within_noise(benchmark, a.value, b.value), len(settings) > 1)


def _within_noise(benchmark: Benchmark, a: Decimal, b: Decimal) -> bool:
    """Whether two shares of correct answers differ by less than the 90 % margin of two independent proportions."""
    if benchmark.items is None or benchmark.unit != "percent" or a == b:
        return False
    shares = [float(value) / 100 for value in (a, b)]
    deviation = (sum(p * (1 - p) for p in shares) / benchmark.items) ** 0.5
    return abs(shares[0] - shares[1]) < NOISE_Z * deviation


def _category(category: Category, a: Scorecard, b: Scorecard, rows: list[Row]) -> CategoryResult:
    averages = a.categories.get(category.slug), b.categories.get(category.slug)
    value_a, value_b = (average.value if average else None for average in averages)
    shared = [row for row in rows if row.is_shared]
    counted = [row for row in shared if row.benchmark.weight]
    shared_a = mean((row.benchmark.weight, normalise(row.a.value, row.benchmark)) for row in counted)
    shared_b = mean((row.benchmark.weight, normalise(row.b.value, row.benchmark)) for row in counted)
    leader = leader_of(value_a, value_b)
    choice = None
    if leader != "unknown" and any(cell.others for row in rows for cell in (row.a, row.b) if cell):
        ranges = _range([(r.benchmark, r.a) for r in rows if r.a]), _range([(r.benchmark, r.b) for r in rows if r.b])
        (low_a, high_a), (low_b, high_b) = ranges
        stays = {"a": low_a > high_b, "b": low_b > high_a, "tie": low_a == high_a == low_b == high_b}[leader]
        choice = None if stays else ranges
    families = {row.benchmark.family or row.benchmark.slug for row in shared if row.benchmark.kind in EVIDENCE_KINDS}
    return CategoryResult(
        category=category,
        a=averages[0],
        b=averages[1],
        leader=leader,
        gap=None if leader == "unknown" else value_a - value_b,
        grade=_grade(rows, len(families)),
        shared_tests=len(families),
        shared_a=shared_a,
        shared_b=shared_b,
        shared_rows=len(counted),
        shared_leader=leader_of(shared_a, shared_b),
        only_displayed=bool(rows) and averages == (None, None),
        source_choice=choice,
    )


def _grade(rows: list[Row], shared_tests: int) -> Grade:
    if shared_tests:
        return "head_to_head" if shared_tests >= 3 else "partly"
    measured = sum(any(getattr(row, side) for row in rows) for side in ("a", "b"))
    return ("none", "one_sided", "no_shared_test")[measured]


def _range(cells: list[tuple[Benchmark, Cell]]) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest category average over every choice of source for every cell."""
    ends = []
    for benchmark, cell in cells:
        if benchmark.weight:
            scaled = [normalise(value, benchmark) for value in cell.spread]
            ends.append((benchmark.weight, min(scaled), max(scaled)))
    if not ends:
        return None
    return mean((w, low) for w, low, _ in ends), mean((w, high) for w, _, high in ends)


def _flips(results: Sequence[CategoryResult]) -> tuple[Decimal | None, tuple[Flip, ...]]:
    """a's lead over the comparable categories, and the single-category flips, the nearest first.

    With weights W and gaps g the lead is L = sum(W g)/sum(W). For a category c against the leader, R is the lead of the others; the
    lead is zero at the share R/(R - g).
    """
    both = [result for result in results if result.is_comparable and result.category.weight]
    lead = mean((result.category.weight, result.gap) for result in both)
    if not lead:
        return lead, ()
    whole = sum(result.category.weight for result in both)
    found = []
    for result in both:
        if result.gap * lead < 0:
            rest = mean((other.category.weight, other.gap) for other in both if other is not result)
            share, now = rest / (rest - result.gap), result.category.weight / whole
            found.append(Flip(result.category, share, now, "b" if lead > 0 else "a"))
    return lead, tuple(sorted(found, key=lambda flip: (flip.share - flip.now, flip.category.order)))


def ranks(values: Sequence[Decimal | None]) -> list[int | None]:
    """Rank of each value of a descending sequence; equal values share a rank, None has none."""
    found: list[int | None] = [None if not values or values[0] is None else 1]
    for place, (before, value) in enumerate(pairwise(values), start=2):
        found.append(None if value is None else found[-1] if value == before else place)
    return found if values else []
