"""PURE: money and limits. What a model costs and can take, and how two compare; no Django.

Money is Decimal US dollars per million tokens. None is not published, zero is free; a ratio needs two known positive numbers.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from comparisons.figures import Figure

Edge = Literal["a", "b", "tie", "unknown", "depends"]
RATIO_FROM, RATIO_TO = (
    Decimal("1.5"),
    Decimal(20),
)  # smaller is not worth a multiple, larger says less than the two numbers
PER_MILLION = "per 1M tokens"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Tier(NamedTuple):
    """Rates of the whole request from a number of prompt tokens on."""

    from_prompt_tokens: int
    input: Decimal | None
    output: Decimal | None
    cached_input: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What one host asks; `basis` is api, free_tier or self_hosted."""

    host: str
    basis: str
    input: Decimal | None
    output: Decimal | None
    cached_input: Decimal | None = None
    batch_discount: Decimal | None = None
    makers_own: bool = False
    starts_on: datetime.date | None = None
    source_url: str = ""
    ends_on: datetime.date | None = None
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Runtime:
    """A measured snapshot with host and date."""

    host: str
    measured_on: datetime.date
    output_tokens_per_second: Decimal | None = None
    ttft_seconds: Decimal | None = None
    ttft_kind: str = ""
    source_url: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about running one model; None and empty are unknown."""

    name: str
    offers: tuple[Offer, ...] = ()
    runtimes: tuple[Runtime, ...] = ()
    context_window: int | None = None
    max_output: int | None = None
    reasoning: str = ""  # yes, no, hybrid
    open_weights: bool | None = None
    licence: str = ""
    input_modalities: tuple[str, ...] = ()
    released_on: datetime.date | None = None
    retires_on: datetime.date | None = None
    knowledge_cutoff: str = ""  # YYYY-MM
    url: str = ""

    @property
    def paid(self) -> Offer | None:
        """The paid offer shown first: the maker's, else the one with the lowest output price."""
        return min(
            (offer for offer in self.offers if offer.basis == "api"),
            key=lambda o: (not o.makers_own, o.output is None, o.output or 0, "peak" in o.host, o.host),
            default=None,
        )

    @property
    def host_from(self) -> Offer | None:
        """The lowest offer of anyone but the maker, beside the maker's own: one host, so that no two are combined."""
        if not (self.paid and self.paid.makers_own):
            return None
        hosts = [offer for offer in self.offers if offer.basis == "api" and not offer.makers_own]
        return min(hosts, key=lambda o: (o.output is None, o.output or 0, o.input or 0, o.host), default=None)

    @property
    def free_tier(self) -> Offer | None:
        return next((offer for offer in self.offers if offer.basis == "free_tier"), None)

    @property
    def is_self_hostable(self) -> bool:
        return bool(self.open_weights) or any(offer.basis == "self_hosted" for offer in self.offers)


@dataclass(frozen=True, slots=True)
class Value:
    """One side of a tradeoff row: the figure, a line of detail, where it is from."""

    text: str  # empty: unknown
    detail: str = ""
    source_url: str = ""

    @property
    def is_known(self) -> bool:
        return self.text != ""


@dataclass(frozen=True, slots=True)
class TradeoffRow:
    label: str
    a: Value
    b: Value
    edge: Edge
    edge_text: str
    missing: str = "not known"
    unit: str = ""

    @property
    def is_difference(self) -> bool:
        return (self.a.text, self.a.detail) != (self.b.text, self.b.detail)


def money(amount: Decimal) -> Figure:
    """`$2.00`; every stored digit below a dollar (`$0.435`), three significant digits below a cent (`$0.0023`)."""
    if amount == 0 or amount >= 1:
        return Figure(f"${amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}", amount)
    kept = amount
    if amount < Decimal("0.01"):
        kept = amount.quantize(Decimal(1).scaleb(amount.adjusted() - 2), ROUND_HALF_UP)
    text = f"{kept.normalize():f}"
    return Figure("$" + (text if len(text) > 4 else f"{kept:.2f}"), amount)


def dollars(amount: Decimal) -> Figure:
    """A bill to the cent: `$1,234.50`; three significant digits below a cent (`$0.00235`)."""
    if amount and abs(amount) < Decimal("0.01"):
        return money(amount)
    return Figure(f"${amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}", amount)


def tokens(count: int) -> Figure:
    """A token limit in short form: 262,144 gives 256K; 128,000 gives 128K; 1,047,576 gives 1M; 200,000 gives 200K."""
    if count >= 999_500:  # from here on thousands would round to 1000K
        millions = Decimal(count // 1_048_576 if count % 1_048_576 == 0 else count) / (
            1 if count % 1_048_576 == 0 else 1_000_000
        )
        return Figure(f"{millions.quantize(Decimal('0.1'), ROUND_HALF_UP).normalize():f}M", count)
    thousands = Decimal(count) / (1_024 if count % 1_000 and count % 1_024 == 0 else 1_000)
    step = Decimal("0.1") if count < 10_000 else Decimal(1)
    return Figure(f"{thousands.quantize(step, ROUND_HALF_UP).normalize():f}K", count)


def day(date: datetime.date) -> Figure:
    return Figure(f"{date.day} {MONTHS[date.month - 1]} {date.year}", date)


def ratio(larger: Decimal | None, smaller: Decimal | None) -> str:
    """`4x` or `2.5x` between two known positive numbers from 1.5 to 20 times; empty otherwise."""
    if not larger or not smaller or larger < 0 or smaller < 0:
        return ""
    times = Decimal(larger) / Decimal(smaller)
    if not RATIO_FROM <= times <= RATIO_TO:
        return ""
    return f"{times.quantize(Decimal('0.1'), ROUND_HALF_UP).normalize():f}×"


def price_words(facts: Facts) -> str:
    """How a model is paid for, as a clause: paid offer, free tier and self-hosting are three different things."""
    known = []
    if facts.paid:
        known.append(f"{facts.paid.host} asks {_pair(facts.paid)} per million tokens")
    if facts.free_tier:
        known.append(
            f"{facts.free_tier.host} offers a free tier" + ("" if facts.paid else ", with no paid one on record")
        )
    if facts.is_self_hostable and not facts.paid:
        known.append("self-hosting has no list price")
    return "; ".join(known) or "no price on record"


def _pair(offer: Offer) -> str:
    sides = [(offer.input, "input"), (offer.output, "output")]
    return " and ".join(
        f"{money(price)} {side}" if price is not None else f"an unpublished {side} price" for price, side in sides
    )


def cheaper(a: Facts, b: Facts) -> Edge:
    """Who costs less, input and output both; unknown unless both have a paid offer with both prices."""
    if not (a.paid and b.paid):
        return "unknown"
    pairs = [(a.paid.input, b.paid.input), (a.paid.output, b.paid.output)]
    if any(None in pair for pair in pairs):
        return "unknown"
    signs = {(x > y) - (x < y) for x, y in pairs} - {0}
    return "tie" if not signs else "depends" if len(signs) > 1 else "a" if signs == {-1} else "b"


def larger(a: Decimal | int | None, b: Decimal | int | None) -> Edge:
    if a is None or b is None:
        return "unknown"
    return "tie" if a == b else "a" if a > b else "b"


def rows(a: Facts, b: Facts, today: datetime.date) -> tuple[TradeoffRow, ...]:
    """Every tradeoff row of two models, one unit a row, the edge in words."""
    return tuple(
        row
        for row in (
            _price_row("Input price", "input", a, b),
            _price_row("Output price", "output", a, b),
            _price_row("Cached input", "cached_input", a, b),
            _batch_row(a, b),
            _tier_row(a, b),
            _speed_row(a, b),
            _latency_row(a, b),
            _limit_row("Context", "context_window", a, b),
            _limit_row("Maximum output", "max_output", a, b),
            _word_row("Reasoning", a, b, _reasoning),
            _word_row("Input modalities", a, b, lambda f: Value(", ".join(f.input_modalities))),
            _word_row("Licence", a, b, _licence),
            _word_row(
                "Knowledge cutoff",
                a,
                b,
                lambda f: Value(_month(f.knowledge_cutoff)),
                _later(a.knowledge_cutoff, b.knowledge_cutoff),
            ),
            _word_row("Released", a, b, lambda f: Value(day(f.released_on) if f.released_on else ""), _newer(a, b)),
            _word_row(
                "Retires",
                a,
                b,
                lambda f: _retires(f, today),
                _later(a.retires_on, b.retires_on),
                "no date announced",
            ),
        )
    )


def _price(facts: Facts, part: str) -> Value:
    offer = facts.paid
    if offer:
        amount = getattr(offer, part)
        text = money(amount) if amount is not None else ""
        since = f", since {day(offer.starts_on)}" if offer.starts_on else ""
        detail = f"{offer.host}{since}" if text else f"{offer.host} does not publish one"
        if facts.free_tier and part != "cached_input":
            detail += f"; {facts.free_tier.host} has a free tier"
        other = facts.host_from
        if other and (lowest := getattr(other, part)) is not None:
            detail += f"; hosts from {money(lowest)} ({other.host})"
        return Value(text, detail, offer.source_url)
    if part == "cached_input":
        return Value("")
    if facts.free_tier:
        extra = "; self-hosted, no list price" if facts.is_self_hostable else ""
        return Value("Free tier", f"{facts.free_tier.host}, no paid offer on record{extra}", facts.free_tier.source_url)
    if facts.is_self_hostable:
        return Value("Self-hosted", "no list price", facts.url)
    return Value("")


def _price_row(label: str, part: str, a: Facts, b: Facts) -> TradeoffRow:
    left, right = (getattr(f.paid, part) if f.paid else None for f in (a, b))
    values = _price(a, part), _price(b, part)
    if left is None or right is None:
        return TradeoffRow(label, *values, "unknown", "no two prices to compare", "not published", PER_MILLION)
    if left == right:
        return TradeoffRow(label, *values, "tie", "same price", unit=PER_MILLION)
    times = ratio(max(left, right), min(left, right))
    return TradeoffRow(
        label, *values, "a" if left < right else "b", f"{times} cheaper" if times else "cheaper", unit=PER_MILLION
    )


def _batch_row(a: Facts, b: Facts) -> TradeoffRow:
    discounts = [facts.paid.batch_discount if facts.paid else None for facts in (a, b)]
    values = [
        Value(Figure(f"{(discount * 100).normalize():f}% off", discount), facts.paid.host) if discount else Value("")
        for facts, discount in zip((a, b), discounts, strict=True)
    ]
    edge = larger(*discounts)
    words = {"a": "more off", "b": "more off", "tie": "same", "unknown": "no two figures to compare"}[edge]
    return TradeoffRow("Batch", *values, edge, words, "not published")


def _tier_row(a: Facts, b: Facts) -> TradeoffRow:
    def value(facts: Facts) -> Value:
        if not facts.paid or not facts.paid.tiers:
            return Value("")
        start, given, made, *_ = facts.paid.tiers[0]
        prices = " / ".join(money(price) if price is not None else "not published" for price in (given, made))
        return Value(prices, f"input / output, whole request from {start:,} prompt tokens", facts.paid.source_url)

    values = value(a), value(b)
    if not all(each.is_known for each in values):
        edge = ("unknown", "no two figures to compare")
    else:
        edge = ("tie", "same") if a.paid.tiers[0] == b.paid.tiers[0] else ("depends", "depends on the length")
    return TradeoffRow("Long prompts", *values, *edge, "no tier on record")


def _snapshot(facts: Facts, part: str) -> Runtime | None:
    return next((runtime for runtime in facts.runtimes if getattr(runtime, part) is not None), None)


def speed_text(speed: Decimal) -> Figure:
    return Figure(f"{speed.normalize():f} tokens/s", speed)


def _speed_row(a: Facts, b: Facts) -> TradeoffRow:
    found = [_snapshot(facts, "output_tokens_per_second") for facts in (a, b)]
    values = [
        Value(speed_text(s.output_tokens_per_second), f"{s.host}, {day(s.measured_on)}", s.source_url)
        if s
        else Value("")
        for s in found
    ]
    speeds = [s.output_tokens_per_second if s else None for s in found]
    edge = larger(*speeds)
    words = {"a": "faster", "b": "faster", "tie": "same", "unknown": "no two snapshots to compare"}[edge]
    return TradeoffRow("Output speed", *values, edge, words, "N/A, no sourced snapshot")


def _latency_row(a: Facts, b: Facts) -> TradeoffRow:
    found = [_snapshot(facts, "ttft_seconds") for facts in (a, b)]
    kinds = {
        "first_token": "first token",
        "first_answer_token": "first answer token",
        "": "first token of unstated kind",
    }
    values = [
        Value(
            Figure(f"{s.ttft_seconds.normalize():f} s", s.ttft_seconds),
            f"{kinds[s.ttft_kind]}, {s.host}, {day(s.measured_on)}",
            s.source_url,
        )
        if s
        else Value("")
        for s in found
    ]
    alike = all(found) and found[0].ttft_kind == found[1].ttft_kind
    edge = larger(*(s.ttft_seconds for s in reversed(found))) if alike else "unknown"
    words = {"a": "sooner", "b": "sooner", "tie": "same", "unknown": "no two snapshots to compare"}[edge]
    return TradeoffRow("Time to first token", *values, edge, words, "N/A, no sourced snapshot")


def _limit_row(label: str, part: str, a: Facts, b: Facts) -> TradeoffRow:
    counts = [getattr(facts, part) for facts in (a, b)]
    values = [Value(tokens(count), f"{count:,} tokens") if count is not None else Value("") for count in counts]
    edge = larger(*counts)
    if edge in ("a", "b"):
        times = ratio(Decimal(max(counts)), Decimal(min(counts)))
        return TradeoffRow(label, *values, edge, f"{times} larger" if times else "larger")
    return TradeoffRow(label, *values, edge, "same" if edge == "tie" else "no two figures to compare")


def _word_row(
    label, a: Facts, b: Facts, value, edge: tuple[Edge, str] | None = None, missing: str = "not known"
) -> TradeoffRow:
    values = value(a), value(b)
    if edge is None:
        known = all(v.is_known for v in values)
        same = (values[0].text, values[0].detail) == (values[1].text, values[1].detail)
        edge = (
            ("tie", "same")
            if known and same
            else ("depends", "depends on the job")
            if known
            else ("unknown", "no call")
        )
    return TradeoffRow(label, *values, *edge, missing)


def _reasoning(facts: Facts) -> Value:
    return {
        "yes": Value("Yes", "helps on hard tests, costs time and tokens"),
        "no": Value("No", "answers at once"),
        "hybrid": Value("Hybrid", "thinking can be switched"),
        "": Value(""),
    }[facts.reasoning]


def _licence(facts: Facts) -> Value:
    weights = {True: "open weights", False: "API only", None: "weights not known"}[facts.open_weights]
    return Value(facts.licence, weights) if facts.licence else Value("")


def _month(text: str) -> str:
    return f"{MONTHS[int(text[5:]) - 1]} {text[:4]}" if text else ""


def _later[When: (str, datetime.date | None)](a: When, b: When) -> tuple[Edge, str] | None:
    return ("a" if a > b else "b", "later") if a and b and a != b else None


def _newer(a: Facts, b: Facts) -> tuple[Edge, str] | None:
    if not (a.released_on and b.released_on) or a.released_on == b.released_on:
        return None
    months = round(abs((a.released_on - b.released_on).days) / 30.44)
    words = f"{months} months newer" if months > 1 else "1 month newer" if months == 1 else "days newer"
    return ("a" if a.released_on > b.released_on else "b", words)


def _retires(facts: Facts, today: datetime.date) -> Value:
    if not facts.retires_on:
        return Value("")
    return Value(day(facts.retires_on), "retired" if facts.retires_on <= today else "announced")


def ordered(offers: Sequence[Offer]) -> list[Offer]:
    """Offers for a table: the maker's own first, then by input price, unknown prices last."""
    return sorted(offers, key=lambda o: (not o.makers_own, o.basis, o.input is None, o.input or 0, o.host))


# --- the bill of a workload -----------------------------------------------------------------------------------------
MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Workload:
    """A month of calls. Tokens are those of one call, shares whole percents; `thinking` None: nobody knows how many."""

    calls: int = 100_000
    prompt: int = 2_000
    cached: int = 0  # percent of the prompt that is read from the cache
    output: int = 500
    thinking: int | None = 1_000  # reasoning tokens of a model that reasons, billed as output
    batch: int = 0  # percent of the calls that can wait for a batch

    def words(self) -> str:
        """The workload as a sentence without its full stop."""
        parts = [f"{self.prompt:,} prompt tokens" + (f" ({self.cached} % of them cached)" if self.cached else "")]
        parts.append(f"{self.output:,} output tokens")
        text = f"{self.calls:,} call{'' if self.calls == 1 else 's'} a month, each with {' and '.join(parts)}"
        if self.thinking:
            text += f"; a model that reasons makes {self.thinking:,} reasoning tokens more"
        elif self.thinking is None:
            text += "; the number of reasoning tokens is left open"
        return text + (f"; {self.batch} % of the calls in batches" if self.batch else "")


USUAL = Workload()  # what a page bills until the reader says


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a month's bill in dollars, between `low` and `high`; `high` None: nobody can say how much."""

    label: str
    count: int  # tokens a month; 0 where the line is no count of tokens
    rate: Decimal | None  # dollars per million; None: not published
    low: Decimal
    high: Decimal | None
    remark: str = ""

    @property
    def text(self) -> str:
        if self.low < 0:
            return Figure(f"{'' if self.low == self.high else 'up to '}−{dollars(-self.low)}", (self.low, self.high))
        return spread(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a month costs at one host, in US dollars. Free tiers and self-hosting have no lines and no sum."""

    host: str
    basis: str
    lines: tuple[BillLine, ...] = ()
    remark: str = ""  # the workload does not fit the model

    @property
    def is_priced(self) -> bool:
        return bool(self.lines) and not self.remark

    @property
    def low(self) -> Decimal:
        return sum((line.low for line in self.lines), Decimal(0))

    @property
    def high(self) -> Decimal | None:
        highs = [line.high for line in self.lines]
        return None if None in highs else sum(highs, Decimal(0))

    @property
    def cost(self) -> Decimal | None:
        """The dollars to sort and draw by: the upper end; None where there is none."""
        return self.high if self.is_priced else None

    @property
    def text(self) -> str:
        if self.remark:
            return self.remark
        if not self.lines:
            return UNBILLED[self.basis]
        return spread(self.low, self.high)

    @property
    def open(self) -> tuple[str, ...]:
        """The lines whose amount is not known."""
        return tuple(line.label.lower() for line in self.lines if line.low != line.high)


UNBILLED = {
    "api": "no tokens, no bill",
    "free_tier": "free tier, no bill",
    "self_hosted": "self-hosted, no list price",
}


def spread(low: Decimal, high: Decimal | None) -> Figure:
    """`$12.00`, `$12.00 to $15.00`, `from $12.00`, `at most $15.00`, `not known`: an unknown end is never printed as zero."""
    if low == high:
        text = dollars(low)
    elif high is None:
        text = f"from {dollars(low)}" if low > 0 else "not known"
    else:
        text = f"{dollars(low)} to {dollars(high)}" if low > 0 else f"at most {dollars(high)}"
    return Figure(text, (low, high))


def bill(offer: Offer, workload: Workload, reasoning: str = "no") -> Bill:
    """The itemised bill of a month at one offer; `reasoning` is the model's kind (yes, no, hybrid, empty for unknown).

    A tier's rates hold for the whole request from its threshold on. An unpublished rate leaves its line open: cached
    input costs at most fresh input, an unpublished discount is at most the whole. A batch discount is taken from fresh
    prompt, output and reasoning tokens; reads from the cache keep their rate, as OpenAI and Google bill them.
    """
    if offer.basis != "api":
        return Bill(offer.host, offer.basis)
    rates = rates_for(offer, workload.prompt)
    per_month = workload.calls * workload.prompt
    from_cache = per_month * workload.cached // 100
    lines = [_line("Prompt", per_month - from_cache, rates.input)]
    if from_cache:
        lines.append(_cached_line(from_cache, rates))
    lines.append(_line("Output", workload.calls * workload.output, rates.output))
    if reasoning != "no" and workload.thinking != 0:
        lines.append(_thinking_line(workload, rates.output, reasoning))
    if workload.batch:
        lines.append(_batch_line(offer.batch_discount, workload.batch, lines))
    return Bill(offer.host, offer.basis, tuple(line for line in lines if line.count or line.label in UNCOUNTED))


BATCH, REASONING = "Batch discount", "Reasoning"
UNCOUNTED = (BATCH, REASONING)


def rates_for(offer: Offer, prompt: int) -> Tier:
    """The rates that hold for a prompt of so many tokens: the base, or those of the highest tier it reaches."""
    base = Tier(0, offer.input, offer.output, offer.cached_input)
    reached = [Tier(*tier) for tier in offer.tiers if tier[0] <= prompt]
    return max(reached, key=lambda tier: tier.from_prompt_tokens, default=base)


def _line(label: str, count: int, rate: Decimal | None) -> BillLine:
    if rate is None:
        return BillLine(label, count, None, Decimal(0), None, "rate not published")
    amount = count * rate / MILLION
    return BillLine(label, count, rate, amount, amount)


def _cached_line(count: int, rates: Tier) -> BillLine:
    if rates.cached_input is not None:
        return _line("Prompt from cache", count, rates.cached_input)
    most = None if rates.input is None else count * rates.input / MILLION
    remark = "rate not published" + ("" if most is None else ", at most that of fresh prompt")
    return BillLine("Prompt from cache", count, None, Decimal(0), most, remark)


def _thinking_line(workload: Workload, rate: Decimal | None, reasoning: str) -> BillLine:
    if workload.thinking is None:
        return BillLine(REASONING, 0, rate, Decimal(0), None, "number of tokens not known")
    line = _line(REASONING, workload.calls * workload.thinking, rate)
    if reasoning == "yes" or rate is None:
        return line
    remark = "thinking can be switched off" if reasoning == "hybrid" else "not known whether the model reasons"
    return BillLine(line.label, line.count, rate, Decimal(0), line.high, remark)


def _batch_line(discount: Decimal | None, share: int, lines: Sequence[BillLine]) -> BillLine:
    """What a batch takes off: its share of every line but the reads from the cache, times the discount."""
    fresh = [line for line in lines if line.label != "Prompt from cache"]
    part = Decimal(share) / 100
    low = sum((line.low for line in fresh), Decimal(0)) * part
    if discount is None:
        return BillLine(BATCH, 0, None, -low, Decimal(0), "not published; the sum is at most that without one")
    highs = [line.high for line in fresh]
    is_whole = None not in highs
    most = sum(highs, Decimal(0)) * part if is_whole else low
    remark = f"{(discount * 100).normalize():f} % off" + ("" if is_whole else " what is known")
    return BillLine(BATCH, 0, None, -low * discount, -most * discount, remark)


def misfit(facts: Facts, workload: Workload) -> str:
    """Why one call of the workload cannot be made with the model; empty where it can, as far as is known."""
    if facts.context_window is not None and workload.prompt + workload.output > facts.context_window:
        return f"does not fit its context of {tokens(facts.context_window)}"
    if facts.max_output is not None and workload.output > facts.max_output:
        return f"output above its limit of {tokens(facts.max_output)}"
    return ""


def model_bill(facts: Facts, offer: Offer, workload: Workload) -> Bill:
    """The bill at one offer of a model, or why there can be none."""
    remark = misfit(facts, workload)
    if remark and offer.basis == "api":
        return Bill(offer.host, offer.basis, remark=remark)
    return bill(offer, workload, facts.reasoning)


def cheapest(facts: Facts, workload: Workload, offers: Sequence[Offer]) -> Bill | None:
    """The lowest of several bills, those without an upper end last."""
    bills = [model_bill(facts, offer, workload) for offer in offers]
    return min(bills, key=lambda b: (b.cost is None, b.cost or 0, not b.lines, b.low, b.host), default=None)


# --- score against cost ---------------------------------------------------------------------------------------------
def front(points: Sequence[tuple[Decimal, Decimal]]) -> set[int]:
    """Places of the (cost, score) pairs that no other beats: none is as cheap and as good, and better in one of both."""
    best: Decimal | None = None
    kept: set[int] = set()
    order = sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1]))
    last: tuple[Decimal, Decimal] | None = None
    for place in order:
        cost, score = points[place]
        if best is None or score > best or (cost, score) == last:
            kept.add(place)
            best, last = score, (cost, score)
    return kept
