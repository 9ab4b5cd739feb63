"""One frozen object for each page about money: every offer with its bill, score against cost, the models that are good enough."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from comparisons import bills, scoring, tradeoffs
from comparisons.figures import Figure
from comparisons.links import comparison_path
from comparisons.listings import Column, OfferLine, by_column, offer_line, sort_columns
from comparisons.models import LanguageModel
from comparisons.plain import Whole
from comparisons.scoring import Scorecard
from comparisons.tradeoffs import Bill, Facts, Workload, day
from comparisons.verdicts import count, number, percent, score_text


def score_of(whole: Whole, model: LanguageModel) -> Decimal | None:
    """The score that pictures and floors judge a model by: the average of its own tests, where it is ranked by it."""
    card = whole.card(model)
    return card.overall.value if card.is_ranked and card.overall else None


def best_bill(facts: Facts, workload: Workload) -> Bill | None:
    """The lowest bill among a model's offers, free tiers and self-hosting last."""
    return tradeoffs.cheapest(facts, workload, facts.offers)


# --- every offer ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer of the pricing page; `key` holds stored values for sorting, None where one is not known."""

    name: str
    url: str
    creator: str
    offer: OfferLine
    context: str
    bill: str
    bill_remark: str
    key: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PricingPage:
    said: str  # the workload in words
    is_default: bool
    fields: tuple[bills.NumberField, ...]
    columns: tuple[Column, ...]
    rows: tuple[OfferRow, ...]
    found: str
    blanks: str  # under the table: rows that stand last because the sorted column is blank
    left_out: str  # rows that a filter cannot judge
    picture: Picture


COLUMNS = {
    "name": "Model",
    "bill": "Bill a month",
    "host": "Host",
    "input": "Input",
    "output": "Output",
    "cached": "Cached input",
    "context": "Context",
    "since": "Since",
}
LOW_FIRST = COLUMNS.keys() - {"context", "since"}  # a first click sorts so; the others from high to low
USUAL_SORT = "bill"


def pricing_page(whole: Whole, workload: Workload, wishes: Mapping, query: Mapping[str, str], path: str) -> PricingPage:
    """Offers that meet the wishes (creator, weights, context, price), in the wished order; the picture is of all models."""
    rows, unknown = [], 0
    for model in whole.models:
        facts = whole.facts[model.pk]
        for offer in facts.offers:
            meets = _meets(model, offer, wishes)
            unknown += meets is None
            if meets:
                rows.append(_offer_row(model, facts, offer, workload))
    sort = wishes.get("sort") or USUAL_SORT
    rows.sort(key=lambda row: (row.key["name"], row.key["host"]))
    known, blank = by_column(rows, sort)
    label = COLUMNS[sort.removeprefix("-")].lower()
    return PricingPage(
        said=workload.words(),
        is_default=workload == tradeoffs.USUAL,
        fields=bills.number_fields(workload),
        columns=sort_columns(path, query, COLUMNS, low_first=LOW_FIRST, usual=USUAL_SORT),
        rows=(*known, *blank),
        found=count(len(rows), "offer"),
        blanks=f"{count(len(blank), 'offer')} without a figure under “{label}” stand{'s' if len(blank) == 1 else ''} last in either order."
        if blank
        else f"Every offer here has a figure under “{label}”.",
        left_out=f"{count(unknown, 'offer')} left out because what you filter by is not known of {'it' if unknown == 1 else 'them'}."
        if unknown
        else "",
        picture=picture(whole, workload),
    )


def _meets(model: LanguageModel, offer: tradeoffs.Offer, wishes: Mapping) -> bool | None:
    """Whether an offer meets the filters; None where that is not known and nothing speaks against it."""
    answers: list[bool | None] = [True]
    if wishes.get("creator"):
        answers.append(model.creator_id == wishes["creator"].pk)
    if wishes.get("weights"):
        answers.append(None if model.open_weights is None else model.open_weights == (wishes["weights"] == "open"))
    if wishes.get("context"):
        answers.append(None if model.context_window is None else model.context_window >= int(wishes["context"]))
    if wishes.get("price") is not None:
        price = offer.output if offer.basis == "api" else None
        answers.append(None if price is None else price <= wishes["price"])
    return False if False in answers else None if None in answers else True


def _offer_row(model: LanguageModel, facts: Facts, offer: tradeoffs.Offer, workload: Workload) -> OfferRow:
    found = tradeoffs.model_bill(facts, offer, workload)
    is_paid = offer.basis == "api"
    return OfferRow(
        name=model.name,
        url=model.get_absolute_url(),
        creator=model.creator.name + (f"; retired on {day(model.retires_on)}" if model.is_retired else ""),
        offer=offer_line(offer),
        context=tradeoffs.tokens(model.context_window) if model.context_window else "",
        bill=found.text,
        bill_remark=f"open: {', '.join(found.open)}" if found.open else "",
        key={
            "name": model.name.casefold(),
            "bill": found.cost,
            "host": offer.host.casefold(),
            "input": offer.input if is_paid else None,
            "output": offer.output if is_paid else None,
            "cached": offer.cached_input if is_paid else None,
            "context": model.context_window,
            "since": offer.starts_on,
        },
    )


# --- score against cost ---------------------------------------------------------------------------------------------
LEFT, RIGHT, TOP, BOTTOM = 13.0, 97.0, 7.0, 88.0  # where the points lie, in percent of the picture
MOST_TICKS = 5
CLOSE = 4.5  # percent of the height: a name this near another would lie over it


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    url: str
    score: str
    bill: str
    host: str
    place: int | None  # on the front, from the cheapest; None: another model beats it
    beaten_by: str
    x: str
    y: str
    is_named: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Models by score and bill: places in percent of the picture, and the same facts for the table."""

    points: tuple[Point, ...]
    steps: tuple[tuple[str, str, str, str], ...]  # lines of the front: x1, y1, x2, y2
    costs: tuple[tuple[str, str], ...]  # place from the left, amount
    scores: tuple[tuple[str, str], ...]  # place from the top, score
    left_out: str

    @property
    def front(self) -> list[Point]:
        return [point for point in self.points if point.place]

    @property
    def others(self) -> list[Point]:
        return [point for point in self.points if not point.place]


def picture(whole: Whole, workload: Workload) -> Picture:
    """Every ranked model with a bill, drawn by its lowest one (upper end of a range) on a logarithmic scale."""
    found, unscored, unbilled = [], 0, 0
    for model in whole.models:
        score, lowest = score_of(whole, model), best_bill(whole.facts[model.pk], workload)
        cost = lowest.cost if lowest else None
        unscored += score is None
        unbilled += score is not None and not cost
        if score is not None and cost:
            found.append((cost, score, model, lowest))
    found.sort(key=lambda each: (each[0], -each[1], each[2].name))
    left_out = (
        f"Not drawn: {count(unscored, 'model')} without a rank and {count(unbilled, 'model')} without a known bill."
    )
    if not found:
        return Picture((), (), (), (), left_out)
    costs, scores = [each[0] for each in found], [each[1] for each in found]
    low, high = _round_down(min(costs)), _round_up(max(costs))
    bottom, top = math.floor(min(scores) / 10) * 10, math.ceil(max(scores) / 10) * 10
    top += 10 * (top == bottom)

    def across(cost: Decimal) -> float:
        return LEFT + (RIGHT - LEFT) * math.log10(cost / low) / math.log10(high / low)

    def down(score: Decimal) -> float:
        return BOTTOM - (BOTTOM - TOP) * (float(score) - bottom) / (top - bottom)

    best = tradeoffs.front(list(zip(costs, scores, strict=True)))
    places = {at: place for place, at in enumerate(sorted(best), start=1)}
    named = _named([(at, down(scores[at])) for at in sorted(best, reverse=True)])
    points = tuple(
        Point(
            name=model.name,
            url=model.get_absolute_url(),
            score=number(score, 1),
            bill=lowest.text,
            host=lowest.host,
            place=places.get(at),
            beaten_by="" if at in places else _beater(at, best, costs, scores, found),
            x=f"{across(cost):.2f}",
            y=f"{down(score):.2f}",
            is_named=at in named,
        )
        for at, (cost, score, model, lowest) in enumerate(found)
    )
    front = [point for point in points if point.place]
    steps = [(a.x, a.y, b.x, a.y) for a, b in pairwise(front)]
    steps += [(b.x, a.y, b.x, b.y) for a, b in pairwise(front)]
    return Picture(
        points,
        tuple(steps),
        tuple((f"{across(cost):.2f}", _amount(cost)) for cost in _ticks(low, high)),
        tuple((f"{down(Decimal(score)):.2f}", str(score)) for score in range(bottom, top + 1, 10)),
        left_out,
    )


def _named(front: Sequence[tuple[int, float]]) -> set[int]:
    """Places on the front with room for a name: from the best down, none close under the one before."""
    named, last = set(), -100.0
    for at, height in front:
        if height - last >= CLOSE:
            named.add(at)
            last = height
    return named


def _beater(at: int, best: set[int], costs: Sequence[Decimal], scores: Sequence[Decimal], found: Sequence) -> str:
    """The cheapest model of the front that costs no more and scores no less."""
    return found[min(other for other in best if costs[other] <= costs[at] and scores[other] >= scores[at])][2].name


def _steps(power: int) -> list[Decimal]:
    return [Decimal(step).scaleb(power) for step in (1, 2, 5)]


def _round_down(cost: Decimal) -> Decimal:
    """The largest of 1, 2, 5, 10, 20 and so on that is below the cost."""
    return max(step for power in (cost.adjusted() - 1, cost.adjusted()) for step in _steps(power) if step < cost)


def _round_up(cost: Decimal) -> Decimal:
    return min(step for power in (cost.adjusted(), cost.adjusted() + 1) for step in _steps(power) if step > cost)


def _ticks(low: Decimal, high: Decimal) -> list[Decimal]:
    """Round amounts for the scale: powers of ten, or with 2 and 5 where those are few."""
    steps = [s for power in range(low.adjusted(), high.adjusted() + 1) for s in _steps(power) if low <= s <= high]
    tens = [step for step in steps if step == Decimal(1).scaleb(step.adjusted())]
    return steps if len(steps) <= MOST_TICKS else tens if len(tens) > 1 else steps[::2]


def _amount(cost: Decimal) -> str:
    return f"${cost:,.0f}" if cost >= 1 else tradeoffs.money(cost)


# --- good enough, then cheapest -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Floors:
    """What a model must reach at least; None and empty are no demand."""

    category: scoring.Category | None = None
    average: Decimal | None = None  # of the category, or overall where no category is named
    benchmark: scoring.Benchmark | None = None
    score: Decimal | None = None  # on the benchmark's own scale; at most this where lower is better
    context: int | None = None
    licence: str = ""
    modality: str = ""
    weights: str = ""  # open
    within: Decimal | None = None  # seconds to the first answer token
    most: Decimal | None = None  # dollars a month


Answer = tuple[bool | None, str]  # reached, and what to say where it is not


@dataclass(frozen=True, slots=True)
class Candidate:
    slug: str
    name: str
    url: str
    creator: str
    score: str
    bill: str
    host: str
    remarks: tuple[str, ...]  # floors missed, or what is not known


@dataclass(frozen=True, slots=True)
class CandidatePage:
    said: str
    is_default: bool
    fields: tuple[bills.NumberField, ...]
    demands: tuple[str, ...]
    passes: tuple[Candidate, ...]
    unknown: tuple[Candidate, ...]
    fails: tuple[Candidate, ...]
    compare_href: str  # the cheapest that pass, side by side
    compare_label: str


MOST_COMPARED = 4


def candidate_page(whole: Whole, workload: Workload, floors: Floors) -> CandidatePage:
    """Every published model in exactly one of three lists, each ordered by the bill, those without one last."""
    lists: dict[str, list[Candidate]] = {"passes": [], "unknown": [], "fails": []}
    found = []
    for model in whole.models:
        facts = whole.facts[model.pk]
        lowest = best_bill(facts, workload)
        cost = lowest.cost if lowest else None
        found.append((cost is None, cost or 0, model.name.casefold(), model, facts, lowest))
    for *_, model, facts, lowest in sorted(found, key=lambda each: each[:3]):
        answers = judge(floors, whole.card(model), score_of(whole, model), facts, workload)
        missed = [words for reached, words in answers if reached is False]
        open_ones = [words for reached, words in answers if reached is None]
        score = score_of(whole, model)
        lists["fails" if missed else "unknown" if open_ones else "passes"].append(
            Candidate(
                slug=model.slug,
                name=model.name,
                url=model.get_absolute_url(),
                creator=model.creator.name + (f"; retired on {day(model.retires_on)}" if model.is_retired else ""),
                score=number(score, 1) if score is not None else "",
                bill=lowest.text if lowest else "no offer on record",
                host=lowest.host if lowest else "",
                remarks=tuple(missed or open_ones),
            )
        )
    compared = sorted(lists["passes"][:MOST_COMPARED], key=lambda each: each.slug)
    return CandidatePage(
        said=workload.words(),
        is_default=workload == tradeoffs.USUAL,
        fields=bills.number_fields(workload),
        demands=demands(floors),
        passes=tuple(lists["passes"]),
        unknown=tuple(lists["unknown"]),
        fails=tuple(lists["fails"]),
        compare_href=comparison_path(compared) if len(compared) > 1 else "",
        compare_label=f"Compare the first {len(compared)} that pass",
    )


def demands(floors: Floors) -> tuple[str, ...]:
    """The floors in words."""
    parts = []
    if floors.category or floors.average is not None:
        name = floors.category.name if floors.category else "Average of its own tests"
        parts.append(f"{name} {_least(floors.average)}" if floors.average is not None else f"tested in {name}")
    if floors.benchmark:
        word = "at most" if floors.benchmark.direction == "lower" else "at least"
        known = floors.score is not None
        parts.append(
            f"{floors.benchmark.name} {word} {score_text(floors.score, floors.benchmark.unit)}"
            if known
            else f"tested on {floors.benchmark.name}"
        )
    if floors.context is not None:
        parts.append(f"context of {floors.context:,} tokens or more")
    if floors.licence:
        parts.append(f"licence {floors.licence}")
    if floors.modality:
        parts.append(f"takes {floors.modality}")
    if floors.weights:
        parts.append("open weights")
    if floors.within is not None:
        parts.append(f"first answer within {floors.within.normalize():f} s")
    if floors.most is not None:
        parts.append(f"at most {tradeoffs.dollars(floors.most)} a month")
    return tuple(parts)


def _least(value: Decimal) -> str:
    return f"{value.normalize():f} or more"


def judge(floors: Floors, card: Scorecard, score: Decimal | None, facts: Facts, workload: Workload) -> list[Answer]:
    """One answer a floor: reached, missed with the figure, or not known with what is missing."""
    answers: list[Answer] = []
    if floors.category:
        answers.append(_by_category(floors, card))
    elif floors.average is not None:
        answers.append(_reaches(score, floors.average, "average", "not ranked: too few tests"))
    if floors.benchmark:
        answers.append(_by_benchmark(floors, card))
    if floors.context is not None:
        known = facts.context_window
        answers.append(
            (known >= floors.context, f"context {tradeoffs.tokens(known)}")
            if known is not None
            else (None, "context not known")
        )
    if floors.licence:
        answers.append(
            (facts.licence == floors.licence if facts.licence else None, facts.licence or "licence not known")
        )
    if floors.modality:
        takes = facts.input_modalities
        answers.append((floors.modality in takes, f"no {floors.modality}") if takes else (None, "modalities not known"))
    if floors.weights:
        answers.append((facts.open_weights, "weights not known" if facts.open_weights is None else "weights not open"))
    if floors.within is not None:
        answers.append(_by_wait(floors.within, facts))
    if floors.most is not None:
        answers.append(_by_bill(floors.most, facts, workload))
    return answers


def _reaches(value: Decimal | None, floor: Decimal, label: str, unknown: str) -> Answer:
    return (None, unknown) if value is None else (value >= floor, f"{label} {number(value, 1)}")


def _by_category(floors: Floors, card: Scorecard) -> Answer:
    """An average counts where it has the weight that a rank in the category needs."""
    name, average = floors.category.name, card.categories.get(floors.category.slug)
    if average is None:
        return None, f"{name} not tested"
    if average.coverage < scoring.CATEGORY_SHARE:
        return None, f"{name} tested by {percent(average.coverage)} of its weight"
    return _reaches(average.value, floors.average or Decimal(0), name, "")


def _by_benchmark(floors: Floors, card: Scorecard) -> Answer:
    test, cell = floors.benchmark, card.cells.get(floors.benchmark.slug)
    if cell is None:
        return None, f"{test.name} not tested"
    text = f"{test.name} {score_text(cell.value, test.unit)}"
    if floors.score is None:
        return True, text
    return (cell.value <= floors.score if test.direction == "lower" else cell.value >= floors.score), text


def _by_wait(within: Decimal, facts: Facts) -> Answer:
    """The first answer token never comes before the first token: a late first token decides, an early one only where
    the model does not think before it answers or the source says that it timed the answer."""
    timed = [snapshot for snapshot in facts.runtimes if snapshot.ttft_seconds is not None]
    if not timed:
        return None, "no sourced time to first token"
    fastest = min(timed, key=lambda snapshot: snapshot.ttft_seconds)
    text = f"first token after {fastest.ttft_seconds.normalize():f} s at {fastest.host}"
    if fastest.ttft_seconds > within:
        return False, text
    is_answer = any(
        snapshot.ttft_seconds <= within and (facts.reasoning == "no" or snapshot.ttft_kind == "first_answer_token")
        for snapshot in timed
    )
    return (True, text) if is_answer else (None, f"{text}, but not known when the answer begins")


def _by_bill(most: Decimal, facts: Facts, workload: Workload) -> Answer:
    """One offer within the limit is enough; missed where each is known to cost more or the call does not fit."""
    found = [tradeoffs.model_bill(facts, offer, workload) for offer in facts.offers if offer.basis == "api"]
    if any(each.cost is not None and each.cost <= most for each in found):
        return True, ""
    lowest = tradeoffs.cheapest(facts, workload, [offer for offer in facts.offers if offer.basis == "api"])
    if not found:
        return None, "no paid offer on record"
    if all(each.remark or each.low > most for each in found):
        return False, lowest.remark or f"bill {lowest.text}"
    return None, f"bill {lowest.text}"


# --- one model over time --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PriceStep:
    since: str
    until: str
    input: str
    output: str
    cached: str
    source_url: str


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """One host's prices, a step each; lines are places in percent of the picture: name of the line, x1, y1, x2, y2."""

    host: str
    steps: tuple[PriceStep, ...]
    lines: tuple[tuple[str, str, str, str, str], ...]
    highest: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    host: str
    speed: str
    first_token: str
    measured: str
    method: str
    source_url: str


@dataclass(frozen=True, slots=True)
class Running:
    """What the model page says about running the model: its prices over time, measured speed, its life."""

    histories: tuple[PriceHistory, ...]
    snapshots: tuple[Snapshot, ...]
    life: tuple[tuple[str, str], ...]
    replacements: tuple[tuple[str, str, str], ...]  # name, address, why it is near


KINDS_OF_TOKEN = {"first_token": "first token", "first_answer_token": "first answer token", "": "kind not stated"}
REPLACEMENTS = 4


def running(model: LanguageModel, whole: Whole, offers: Iterable[tradeoffs.Offer]) -> Running:
    """From a model's paid offers over time, its snapshots and dates; replacements only where an end is announced."""
    facts, by_host = whole.facts[model.pk], {}
    for offer in offers:
        by_host.setdefault(offer.host, []).append(offer)
    life = [("Released", day(model.released_on) if model.released_on else "not known")]
    if model.retires_on:
        life.append(("Retired" if model.retires_on <= whole.day else "Retirement announced for", day(model.retires_on)))
    else:
        life.append(("Retires", "no date announced"))
    return Running(
        histories=tuple(_history(host, found, whole.day) for host, found in by_host.items() if len(found) > 1),
        snapshots=tuple(
            Snapshot(
                host=each.host,
                speed=tradeoffs.speed_text(each.output_tokens_per_second) if each.output_tokens_per_second else "",
                first_token=Figure(
                    f"{each.ttft_seconds.normalize():f} s, {KINDS_OF_TOKEN[each.ttft_kind]}", each.ttft_seconds
                )
                if each.ttft_seconds
                else "",
                measured=day(each.measured_on),
                method=each.method or "not stated",
                source_url=each.source_url,
            )
            for each in facts.runtimes
        ),
        life=tuple(life),
        replacements=_replacements(model, whole) if model.retires_on else (),
    )


def _history(host: str, offers: Sequence[tradeoffs.Offer], today: datetime.date) -> PriceHistory:
    first, last = offers[0].starts_on, max(today, *(offer.starts_on for offer in offers))
    days = max((last - first).days, 1)
    top = max((price for offer in offers for price in (offer.input, offer.output) if price), default=Decimal(1))

    def across(date: datetime.date) -> str:
        return f"{LEFT + (RIGHT - LEFT) * (date - first).days / days:.2f}"

    def down(price: Decimal) -> str:
        return f"{BOTTOM - (BOTTOM - TOP) * float(price / top):.2f}"

    ends = [offer.starts_on for offer in offers[1:]] + [offers[-1].ends_on or last]
    lines = []
    for part in ("input", "output"):
        prices = [getattr(offer, part) for offer in offers]
        for offer, end, price in zip(offers, ends, prices, strict=True):
            if price is not None:
                lines.append((part, across(offer.starts_on), down(price), across(end), down(price)))
        for offer, before, price in zip(offers[1:], prices, prices[1:], strict=False):
            if None not in (before, price):
                lines.append((part, across(offer.starts_on), down(before), across(offer.starts_on), down(price)))
    return PriceHistory(
        host,
        tuple(
            PriceStep(
                since=line.since,
                until=day(offer.ends_on) if offer.ends_on else "now",
                input=line.input,
                output=line.output,
                cached=line.cached,
                source_url=offer.source_url,
            )
            for offer, line in ((offer, offer_line(offer)) for offer in offers)
        ),
        tuple(lines),
        tradeoffs.money(top),
    )


def _replacements(model: LanguageModel, whole: Whole) -> tuple[tuple[str, str, str], ...]:
    """The successor, then models that stay: of the maker and newer, the nearest in score first, then anyone's."""
    score = score_of(whole, model)
    found = []
    for other in whole.models:
        if other.pk == model.pk or (other.retires_on and other.retires_on <= (model.retires_on or whole.day)):
            continue
        value = score_of(whole, other)
        gap = abs(value - score) if value is not None and score is not None else None
        is_newer = bool(model.released_on and other.released_on and other.released_on > model.released_on)
        if other.pk == model.successor_id:
            rank, why = 0, "successor named by the maker"
        elif other.creator_id == model.creator_id and is_newer:
            rank, why = 1, "newer, of the same maker"
        elif gap is not None:
            rank, why = 2, "nearest average of another model"
        else:
            continue
        found.append((rank, gap is None, gap or 0, other.name, other.get_absolute_url(), why))
    return tuple(row[3:] for row in sorted(found)[:REPLACEMENTS])
