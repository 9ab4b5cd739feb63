"""One frozen object for each page that lists: leaderboard, model, benchmark, offers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import attrgetter
from statistics import median
from urllib.parse import urlencode

from comparisons import evidence, scoring, tradeoffs, verdicts
from comparisons.cells import ScoreCell, score_cell, tested_words
from comparisons.figures import Figure
from comparisons.links import Toggle
from comparisons.models import LanguageModel
from comparisons.plain import Rulebook, Whole
from comparisons.scoring import Scorecard
from comparisons.tradeoffs import Facts, day
from comparisons.verdicts import number, percent, points, score_text, span

ROWS = 200  # on one page of the leaderboard


@dataclass(frozen=True, slots=True)
class Standing:
    """One row of the leaderboard; `key` holds stored values for sorting, the rest is print."""

    rank: int | None
    name: str
    url: str
    creator: str
    score: Figure | str  # estimated; empty without a fit
    span: Figure | str  # its likely range
    places: Figure | str  # the range of ranks
    tests: int  # behind the estimate; without one, on record
    average: Figure | str
    coverage: Figure | str
    dots: int  # confidence, 1 to 4
    categories: tuple[tuple[Figure | str, bool], ...]  # figure of the reading in front, and whether it is a guess
    input: Figure | str
    output: Figure | str
    context: Figure | str
    released: Figure | str
    remark: str
    key: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Standings:
    """The rows of a stretch of the leaderboard; `after` rows stand before it, of `total`, of which `total_ranked` have a rank."""

    ranked: tuple[Standing, ...]
    unranked: tuple[Standing, ...]
    after: int
    total: int
    total_ranked: int

    @property
    def parts(self) -> list[tuple[str, tuple[Standing, ...]]]:
        """The parts of the table that have rows, with their headings."""
        return [(name, rows) for name, rows in (("", self.ranked), ("Not ranked", self.unranked)) if rows]


def standings(
    whole: Whole,
    *,
    category: scoring.Category | None = None,
    estimated: Mapping[str, evidence.Standing] | None = None,
    sort: str = "",
    shown: Collection[int] | None = None,
    after: int = 0,
    most: int | None = None,
) -> Standings:
    """Ranked rows by estimated score (by average where `estimated` is None), the others below with the reason.

    A sort by a column orders both lists, blanks last either way; a leading minus is from high to low. Ranks are over all models,
    whatever the sort and whichever are `shown` (their keys; None: all). Of what comes out, the rows after so many and at most so many
    are made (None: all); past the end, the last stretch.
    """
    rows = placed(whole, category, estimated)
    if shown is not None:
        rows = [row for row in rows if row.model.pk in shown]
    if sort:
        keys = {row.model.pk: _key(row, whole.facts[row.model.pk]) for row in rows}
        rows = [row for part in by_column(rows, sort, lambda row: keys[row.model.pk]) for row in part]
        rows.sort(key=lambda row: row.rank is None)
    total = len(rows)
    after = min(after, (total - 1) // most * most) if most and total else 0
    made = [
        _standing(row, whole.facts[row.model.pk], whole.rules, category)
        for row in (rows[after : after + most] if most else rows)
    ]
    return Standings(
        tuple(row for row in made if row.rank),
        tuple(row for row in made if not row.rank),
        after,
        total,
        sum(row.rank is not None for row in rows),
    )


def stretches(board: Standings, most: int, href: Callable[[int], str]) -> tuple[Toggle, ...]:
    """The first, previous, this, next and last stretch of a leaderboard; none where one holds all. `href` takes the rows before."""
    if board.total <= most:
        return ()
    last = (board.total - 1) // most * most
    starts = sorted({0, max(board.after - most, 0), board.after, min(board.after + most, last), last})
    return tuple(
        Toggle(
            f"after-{start}", f"{start + 1:,} to {min(start + most, board.total):,}", href(start), start == board.after
        )
        for start in starts
    )


FILTERS = ("creator", "weights", "reasoning", "context")


def meets(model: LanguageModel, wishes: Mapping) -> bool:
    """Whether a model meets the leaderboard's filters: creator, weights (open, closed), reasoning, context (tokens at least)."""
    return (
        (not wishes.get("creator") or model.creator_id == wishes["creator"].pk)
        and (not wishes.get("weights") or model.open_weights is (wishes["weights"] == "open"))
        and (not wishes.get("reasoning") or model.reasoning == wishes["reasoning"])
        and (not wishes.get("context") or (model.context_window or 0) >= int(wishes["context"]))
    )


@dataclass(frozen=True, slots=True)
class Placed:
    """A model's place by average; `reason` says why it has none."""

    rank: int | None
    model: LanguageModel
    card: Scorecard
    average: scoring.Average | None
    reason: str
    standing: evidence.Standing | None = None
    estimate: evidence.Estimate | None = None  # overall or of the category

    @property
    def value(self) -> float | Decimal | None:
        """What it is placed by."""
        if self.standing:
            return self.estimate.value if self.estimate else None
        return self.average.value if self.average else None


def placed(
    whole: Whole,
    category: scoring.Category | None = None,
    estimated: Mapping[str, evidence.Standing] | None = None,
) -> Sequence[Placed]:
    """Every model in the order of the leaderboard: ranked ones first, those without a figure last.

    By the estimated standings (by model slug) where they are given, else by the averages. Worked out once for what is given.
    """
    board = "places", category.slug if category else "", estimated is None
    kept = whole.worked_out.get(board)
    if kept is None or kept[0] is not estimated:
        whole.worked_out[board] = kept = estimated, _placed(whole, category, estimated)
    return kept[1]


def _placed(
    whole: Whole, category: scoring.Category | None, estimated: Mapping[str, evidence.Standing] | None
) -> tuple[Placed, ...]:
    rows = []
    for model in whole.models:
        card = whole.card(model)
        average = card.categories.get(category.slug) if category else card.overall
        if estimated is None:
            rows.append(Placed(None, model, card, average, _unranked_reason(card, average, category)))
            continue
        standing = estimated.get(model.slug)
        estimate = (standing.categories.get(category.slug) if category else standing.overall) if standing else None
        rows.append(
            Placed(None, model, card, average, _unestimated_reason(standing, estimate, category), standing, estimate)
        )
    rows.sort(key=lambda row: (row.reason != "", row.value is None, -(row.value or 0), row.model.name))
    ranks = scoring.ranks([None if row.reason else row.value for row in rows])
    return tuple(replace(row, rank=rank) for row, rank in zip(rows, ranks, strict=True))


def _unestimated_reason(
    standing: evidence.Standing | None, estimate: evidence.Estimate | None, category: scoring.Category | None
) -> str:
    if standing is None:
        return "no confirmed score that can be compared"
    if estimate is None:
        return "cannot do this" if category else "no estimate"
    if standing.rank is None:
        return f"{verdicts.count(sum(standing.tests.values()), 'confirmed test')}"
    return "guessed from other categories" if category and not standing.tests.get(category.slug) else ""


def by_column[Row](
    rows: Sequence[Row], sort: str, key: Callable[[Row], Mapping[str, object]] = attrgetter("key")
) -> tuple[list[Row], list[Row]]:
    """Rows in the order of one column of their keys (a leading minus: from high to low), and those that are blank there."""
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    known = [row for row in rows if key(row)[name] is not None]
    return sorted(known, key=lambda row: key(row)[name], reverse=descending), [
        row for row in rows if key(row)[name] is None
    ]


def _unranked_reason(card: Scorecard, average: scoring.Average | None, category: scoring.Category | None) -> str:
    if average is None:
        return "no weighted score"
    if category:
        if average.coverage < scoring.CATEGORY_SHARE:
            return f"{percent(average.coverage)} of the category's weight tested"
        return ""
    if card.is_ranked:
        return ""
    rows = verdicts.count(card.weighted_rows, "weighted score")
    return f"{rows} in {verdicts.count(len(card.categories), 'category', 'categories')}"


def _standing(row: Placed, facts: Facts, rules: Rulebook, category: scoring.Category | None) -> Standing:
    model, card, average, paid, estimate = row.model, row.card, row.average, facts.paid, row.estimate
    standing = row.standing
    is_ranged = standing and not category and standing.best is not None
    remark = "; ".join(
        part for part in (row.reason, f"retired on {day(model.retires_on)}" if model.is_retired else "") if part
    )
    return Standing(
        rank=row.rank,
        name=model.name,
        url=model.get_absolute_url(),
        creator=model.creator.name,
        score=points(estimate.value, 1) if estimate else "",
        span=span(estimate) if estimate else "",
        places=_places(standing.best, standing.worst) if is_ranged else "",
        tests=sum(standing.tests.values()) if standing else len(card.cells),
        average=number(average.value, 1) if average else "",
        coverage=percent(average.coverage) if average else "",
        dots=card.confidence,
        categories=_category_figures(row, rules),
        input=tradeoffs.money(paid.input) if paid and paid.input is not None else "",
        output=tradeoffs.money(paid.output) if paid and paid.output is not None else "",
        context=tradeoffs.tokens(model.context_window) if model.context_window else "",
        released=day(model.released_on) if model.released_on else "",
        remark=remark,
        key=_key(row, facts),
    )


def _key(row: Placed, facts: Facts) -> dict[str, object]:
    """The stored values of a row by column, to sort by."""
    average, paid, estimate, standing = row.average, facts.paid, row.estimate, row.standing
    return {
        "score": estimate.value if estimate else None,
        "tests": sum(standing.tests.values()) if standing else len(row.card.cells),
        "average": average.value if average else None,
        "name": row.model.name.casefold(),
        "coverage": average.coverage if average else None,
        "input": paid.input if paid else None,
        "output": paid.output if paid else None,
        "context": row.model.context_window,
        "released": row.model.released_on,
    }


def _places(best: int, worst: int) -> Figure:
    return Figure(f"{best} to {worst}" if best != worst else str(best), (best, worst))


def _category_figures(row: Placed, rules: Rulebook) -> tuple[tuple[str, bool], ...]:
    if row.standing is None:
        averages = row.card.categories
        return tuple((number(averages[c.slug].value, 1) if c.slug in averages else "", False) for c in rules.categories)
    found = row.standing.categories
    return tuple(
        (points(found[c.slug].value, 1), not row.standing.tests.get(c.slug)) if c.slug in found else ("", False)
        for c in rules.categories
    )


COLUMNS = {
    "name": "Model",
    "score": "Estimated score",
    "tests": "Tests",
    "average": "Average",
    "coverage": "Weight tested",
    "input": "Input $/M",
    "output": "Output $/M",
    "context": "Context",
    "released": "Released",
}
LOW_FIRST = {"name", "input", "output"}  # a first click sorts so; the others from high to low


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    label: str
    href: str
    state: str  # ascending, descending or empty: the value of aria-sort


def address(path: str, query: Mapping[str, str], **changes: str) -> str:
    """The address of the same list with some of its query changed; empty values are left out."""
    kept = {name: value for name, value in (dict(query) | changes).items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def readings(path: str, query: Mapping[str, str], has_fit: bool) -> tuple[Toggle, ...]:
    """Which reading ranks the models; nothing to choose before the first fit."""
    if not has_fit:
        return ()
    is_tested = query.get("reading") == "tested"
    return (
        Toggle("reading-score", "Estimated score", address(path, query, reading="", sort=""), not is_tested),
        Toggle("reading-tested", "Averages of own tests", address(path, query, reading="tested", sort=""), is_tested),
    )


def sort_columns(
    path: str, query: Mapping[str, str], labels: Mapping[str, str], *, low_first: Collection[str], usual: str
) -> tuple[Column, ...]:
    """The sortable columns by name: a first click sorts the useful way, a second one reverses. `usual` is the sort of no sort."""
    current = query.get("sort") or usual
    columns = []
    for name, label in labels.items():
        useful, other = (name, f"-{name}") if name in low_first else (f"-{name}", name)
        target = other if current == useful else useful
        state = {name: "ascending", f"-{name}": "descending"}.get(current, "")
        columns.append(Column(name, label, address(path, query, sort="" if target == usual else target), state))
    return tuple(columns)


def standing_columns(path: str, query: Mapping[str, str], ranked_by: str) -> tuple[Column, ...]:
    """Those of the leaderboard, from high to low by `ranked_by` where no sort is asked for; before the first fit there is no score."""
    labels = {name: label for name, label in COLUMNS.items() if name != "score" or ranked_by == "score"}
    return sort_columns(path, query, labels, low_first=LOW_FIRST, usual=f"-{ranked_by}")


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer as printed; empty: not published, not known."""

    host: str
    kind: str
    input: Figure | str
    output: Figure | str
    cached: Figure | str
    since: Figure | str
    source_url: str


@dataclass(frozen=True, slots=True)
class ModelLine:
    benchmark: str
    url: str
    remark: str
    cell: ScoreCell


@dataclass(frozen=True, slots=True)
class ModelPage:
    score: Figure | str
    span: Figure | str
    places: Figure | str
    average: Figure | str
    tested: str
    rank: int | None
    ranked: int  # models that have a rank
    facts: tuple[tuple[str, tradeoffs.Value, str], ...]  # label, value, what is said where it is not known
    categories: tuple[tuple[str, str, str, str, str, str], ...]  # name, address, average, coverage, estimate, its range
    groups: tuple[tuple[str, str, tuple[ModelLine, ...]], ...]  # slug and name of the category
    offers: tuple[OfferLine, ...]
    rivals: tuple[tuple[str, str, str], ...]  # name, address of the pair, average
    tests: int

    @property
    def results(self) -> list[scoring.Result]:
        return [result for *_, lines in self.groups for line in lines for result in line.cell.stored.results]


def model_page(
    model: LanguageModel, whole: Whole, estimated: Mapping[str, evidence.Standing] | None = None
) -> ModelPage:
    card, facts, rules = whole.card(model), whole.facts[model.pk], whole.rules
    places = {row.model.pk: row.rank for row in placed(whole, estimated=estimated)}
    standing = estimated.get(model.slug) if estimated else None
    rows = tradeoffs.rows(facts, facts, whole.day)
    prices = {"Input price", "Output price", "Cached input", "Batch", "Long prompts"}
    averages = [(c, card.categories.get(c.slug)) for c in rules.categories]
    return ModelPage(
        score=points(standing.overall.value) if standing else "",
        span=span(standing.overall) if standing else "",
        places=_places(standing.best, standing.worst) if standing and standing.best is not None else "",
        average=number(card.overall.value) if card.overall else "",
        tested=tested_words(card, len(rules.categories)).capitalize(),
        rank=places[model.pk],
        ranked=sum(rank is not None for rank in places.values()),
        facts=tuple((row.label, row.a, row.missing) for row in rows if row.label not in prices),
        categories=tuple(
            (
                c.name,
                f"/leaderboard/{c.slug}/",
                *((number(average.value, 1), percent(average.coverage)) if average else ("", "")),
                *_category_estimate(standing, c.slug),
            )
            for c, average in averages
        ),
        groups=tuple(
            (c.slug, c.name, lines)
            for c in rules.categories
            if (
                lines := tuple(
                    ModelLine(
                        b.name,
                        f"/benchmarks/{b.slug}/",
                        "" if b.weight else "shown, not counted",
                        score_cell(card.cells[b.slug], b.unit, of=(model.slug, b.slug)),
                    )
                    for b in rules.benchmarks.values()
                    if b.category == c.slug and b.slug in card.cells
                )
            )
        ),
        offers=offer_lines(facts.offers),
        rivals=_rivals(model, whole),
        tests=len(card.cells),
    )


def _category_estimate(standing: evidence.Standing | None, slug: str) -> tuple[str, str]:
    """Estimate and its range with the word for a guess; empty where there is none."""
    estimate = standing.categories.get(slug) if standing else None
    if estimate is None:
        return "", ""
    likely = span(estimate)
    return points(estimate.value), likely if standing.tests.get(slug) else Figure(f"{likely}, a guess", likely.value)


def _rivals(model: LanguageModel, whole: Whole) -> tuple[tuple[str, str, str], ...]:
    """The eight models that share most tests with this one, those nearest in average first among equals."""
    mine = whole.card(model)
    found = []
    for other in whole.models:
        card = whole.card(other)
        shared = len(mine.cells.keys() & card.cells.keys())
        if other.pk != model.pk and mine.overall and card.overall and shared >= verdicts.FEW_SHARED:
            found.append((-shared, abs(mine.overall.value - card.overall.value), other.name, other, shared))
    pairs = []
    for *_, other, shared in sorted(found, key=lambda row: row[:3])[:8]:
        first, second = sorted((model.slug, other.slug))
        pairs.append((other.name, f"/compare/{first}-vs-{second}/", verdicts.count(shared, "shared test")))
    return tuple(pairs)


UNPRICED = {"free_tier": "free tier", "self_hosted": "no list price"}
BASES = {"api": "paid API", "free_tier": "free tier", "self_hosted": "self-hosted, no list price"}


def offer_lines(offers: Sequence[tradeoffs.Offer]) -> tuple[OfferLine, ...]:
    """Offers in the order of the table: the maker's own first."""
    return tuple(offer_line(offer) for offer in tradeoffs.ordered(offers))


def offer_line(offer: tradeoffs.Offer) -> OfferLine:
    """The price of a self-hosted model is not on any list, and a free tier is not a price of zero: both print their kind alone."""
    prices = (offer.input, offer.output, offer.cached_input)
    if offer.basis == "api":
        texts = ["" if price is None else tradeoffs.money(price) for price in prices]
    else:
        texts = [UNPRICED[offer.basis]] * 2 + ["none"]
    since = day(offer.starts_on) if offer.starts_on else ""
    return OfferLine(offer.host, BASES[offer.basis], *texts, since, offer.source_url)


@dataclass(frozen=True, slots=True)
class BenchmarkPage:
    facts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[int | None, str, str, ScoreCell, str], ...]  # rank, model, url, cell, position
    spread: str
    direction: str

    @property
    def results(self) -> list[scoring.Result]:
        return [result for row in self.rows for result in row[3].stored.results]


def benchmark_page(benchmark: scoring.Benchmark, whole: Whole) -> BenchmarkPage:
    """Everyone who took the test, the best first."""
    cards = [(model, whole.card(model)) for model in whole.models]
    found = [(model, card.cells[benchmark.slug]) for model, card in cards if benchmark.slug in card.cells]
    sign = 1 if benchmark.direction == "lower" else -1
    found.sort(key=lambda row: (sign * row[1].value, row[0].name))
    placed = scoring.ranks([cell.value for _, cell in found])
    rows = []
    for rank, (model, cell) in zip(placed, found, strict=True):
        scaled = scoring.normalise(cell.value, benchmark)
        rows.append(
            (
                rank,
                model.name,
                model.get_absolute_url(),
                score_cell(cell, benchmark.unit, of=(model.slug, benchmark.slug)),
                number(scaled, 1) if scaled is not None else "",
            )
        )
    values = [cell.value for _, cell in found]
    spread = "No model tested yet"
    if values:
        low, middle, high = (score_text(Decimal(v), benchmark.unit) for v in (min(values), median(values), max(values)))
        spread = f"{verdicts.count(len(values), 'model')} tested: lowest {low}, median {middle}, highest {high}"
    words = {"higher": "Higher is better", "lower": "Lower is better", "none": "Neither direction is better"}
    return BenchmarkPage(_test_facts(benchmark), tuple(rows), spread, words[benchmark.direction])


def _test_facts(benchmark: scoring.Benchmark) -> tuple[tuple[str, str], ...]:
    scale = {"percent": "Percent", "usd": "US dollars", "elo": "Elo rating"}.get(
        benchmark.unit, benchmark.unit.capitalize()
    )
    if benchmark.floor is not None and benchmark.ceiling is not None:
        scale += f", {benchmark.floor.normalize():f} to {benchmark.ceiling.normalize():f}"
    return (
        ("Weight", weight_words(benchmark.weight)),
        ("Scale", scale),
        ("Version", benchmark.version or "not stated"),
        ("Questions", f"{benchmark.items:,}" if benchmark.items else "not known"),
        ("State", benchmark.status.capitalize()),
    )


def weight_words(weight: Decimal) -> str:
    return f"{percent(weight)} of its category" if weight else "shown, not counted"
