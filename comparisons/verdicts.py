"""PURE: judgement and words. One comparison in; badge, pick, doubts, flips and answers out; no Django.

Templates print these sentences and decide nothing, so that no sentence can contradict the table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from comparisons import evidence, flips, tradeoffs
from comparisons.figures import Figure
from comparisons.scoring import CategoryResult, Comparison, Flip, Outcome, Row, normalise
from comparisons.tradeoffs import Facts

LEVEL, POINT, SMALL = Decimal("0.5"), Decimal("1.5"), Decimal("3.5")  # unrounded gaps, in points
FEW_SHARED = 3  # fewer shared rows prove nothing head to head
LOW_OVERLAP = 5  # fewer shared rows earn the overlap note
MODEST_COVERAGE = Decimal("0.5")

GRADES = {
    "head_to_head": "3 or more tests in common",
    "partly": "1-2 tests in common",
    "no_shared_test": "no shared test",
    "one_sided": "only one tested",
    "none": "no scores",
}

LABELS = {  # what backs an estimate
    "head_to_head": "3 or more tests in common",
    "partly": "1-2 tests in common",
    "bridged": "compared through other models",
    "inferred": "guessed from other categories",
    "too_thin": "too few tests",
}
NAMED = {"head_to_head", "partly", "bridged"}  # backing on which the estimate names the winner of a category


@dataclass(frozen=True, slots=True)
class FlipLine:
    """One condition under which the answer changes, and whose it is then (a, b or tie)."""

    condition: str
    evidence: str
    winner: Outcome
    winner_text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    leader: Outcome  # whom the badge stands beside; tie and unknown: nobody
    badge: Literal[
        "Winner", "Likely", "Too close to call", "Too thin to call", "Ahead on its own tests", "Level", "No call"
    ]
    tested_leader: Outcome  # the same by the averages of their own tests
    tested_badge: Literal["Winner", "Ahead on its own tests", "Level", "No call"]
    odds: str  # of the estimate, in words; empty without one
    gap_words: str
    shared_words: str  # the tests both took, in words
    pick: str
    sentences: tuple[str, ...]
    overlap_note: str  # empty: enough shared tests and no dispute
    unconfirmed_note: str
    source_note: str
    flips: tuple[FlipLine, ...]
    questions: tuple[tuple[str, str], ...]


STEPS = tuple(Decimal(1).scaleb(-places) for places in range(10))
SUFFIXES = {"percent": "%", "seconds": " s", "minutes": " min"}


def points(value: float, places: int = 0) -> Figure:
    """An estimated score or an end of its interval."""
    return Figure(rounded(Decimal(value), places), value)


def span(estimate: evidence.Estimate) -> Figure:
    """The likely range of an estimated score."""
    return Figure(f"{points(estimate.low)} to {points(estimate.high)}", (estimate.low, estimate.high))


def odds(p: float) -> Figure:
    """The probability of the likelier side in whole percent; never 100."""
    share = max(p, 1 - p)
    return Figure("more than 99 %" if share >= 0.995 else percent(Decimal(share)), share)


def leaning(p: float | None) -> Outcome:
    """Whom a probability that a is better speaks for: nobody under 80 %."""
    if p is None:
        return "unknown"
    return "tie" if evidence.call(p) == "close" else "a" if p > 0.5 else "b"


def rounded(value: Decimal, places: int) -> str:
    return f"{value.quantize(STEPS[places], ROUND_HALF_UP):f}"


def number(value: Decimal, places: int = 0) -> Figure:
    """A value rounded half up to a fixed number of decimals."""
    return Figure(rounded(value, places), value)


def percent(share: Decimal) -> Figure:
    return Figure(f"{number(share * 100)} %", share)


def count(amount: int, noun: str, plural: str = "") -> Figure:
    """`1 category`, `2 categories`."""
    return Figure(f"{amount} {noun if amount == 1 else plural or noun + 's'}", amount)


def reading(row: Row, side: Literal["a", "b"]) -> str:
    """A displayed score in the unit of its benchmark, as published: `61%`, `54.6%`, `1450`."""
    return score_text(getattr(row, side).value, row.benchmark.unit)


def score_text(value: Decimal, unit: str) -> Figure:
    if unit == "usd":
        return Figure(f"${value.quantize(STEPS[2], ROUND_HALF_UP):,f}", value)
    return Figure(f"{value.normalize():f}{SUFFIXES.get(unit, '')}", value)


def gap_words(gap: Decimal | None) -> str:
    """The one place that turns a gap in points into words."""
    if gap is None:
        return "not comparable"
    for limit, words in ((LEVEL, "level"), (POINT, "a point apart"), (SMALL, "a small lead")):
        if abs(gap) < limit:
            return words
    return "clearly ahead"


def close_words(gap: Decimal) -> str:
    """A gap under 1.5 points between two averages of shared tests, in words."""
    return "within a point" if LEVEL <= abs(gap) <= 1 else gap_words(gap)


def joined(parts: Sequence[str], word: str = "and") -> str:
    *head, last = parts
    return f"{', '.join(head)} {word} {last}" if head else last


def verdict(
    comparison: Comparison,
    a: Facts,
    b: Facts,
    confirmed: Comparison | None = None,
    estimate: evidence.Pair | None = None,
    *,
    estimate_of_all: evidence.Pair | None = None,
    is_thin: bool = False,
) -> Verdict:
    """Everything the page says in words about two models.

    `confirmed` is the same comparison without the rows that only an aggregator reports; where it changes a leader the verdict says so.
    `estimate` is the fit's view of the two, which leads where there is one; `estimate_of_all` the same with unconfirmed rows;
    `is_thin`: there is a fit, and it knows too little of one of them.
    """
    c, facts = comparison, {"a": a, "b": b}
    is_thin = is_thin or (estimate is not None and (estimate.is_thin or estimate.p is None))
    estimate = None if is_thin else estimate
    tested = c.leader if c.leader in ("a", "b") and abs(c.gap) >= LEVEL else "tie" if c.gap is not None else "unknown"
    proven = c.shared_rows >= FEW_SHARED and c.shared_leader in (tested, "tie")
    tested_badge = {"tie": "Level", "unknown": "No call"}.get(tested) or (
        "Winner" if proven else "Ahead on its own tests"
    )
    ahead, badge = tested, tested_badge
    if is_thin:
        ahead, badge = "unknown", "Too thin to call"
    elif estimate:
        ahead = leaning(estimate.p)
        badge = {"clear": "Winner", "likely": "Likely", "close": "Too close to call"}[evidence.call(estimate.p)]
    spoken = (
        *_estimated(estimate, facts, ahead),
        *_aggregate(c, facts, tested, ahead, proven),
        *_against_averages(c, facts, tested, ahead, estimate),
        *_on_shared(c, facts, ahead, estimate),
        *_where(c, facts, tested, estimate),
        *_operation(facts),
    )
    return Verdict(
        leader=ahead,
        badge=badge,
        tested_leader=tested,
        tested_badge=tested_badge,
        odds=f"better with odds of {odds(estimate.p)}" if estimate and ahead in ("a", "b") else "",
        gap_words=gap_words(c.gap),
        shared_words=_shared_words(c),
        pick=_pick(c, facts, ahead, estimate, is_thin=is_thin),
        sentences=tuple(sentence for sentence in spoken if sentence),
        overlap_note=_overlap(c, facts),
        unconfirmed_note=_unconfirmed(c, confirmed, facts, estimate, estimate_of_all),
        source_note=_source_choice(c),
        flips=_flip_lines(c, facts, ahead, tested, estimate),
        questions=_questions(c, facts, ahead, tested, estimate),
    )


def _estimated(estimate: evidence.Pair | None, facts: dict[str, Facts], ahead: str) -> list[str]:
    """The estimate in one sentence: both scores with their ranges, the call, and over which categories."""
    if not estimate:
        return []
    sides = {"a": estimate.overall_a, "b": estimate.overall_b}
    texts = {side: f"{points(e.value)} ({span(e)})" for side, e in sides.items()}
    counted = sum(result.weight > 0 for result in estimate.categories)
    scope = "" if counted == len(estimate.categories) else f", over {_measured(counted)}"
    first = ahead if ahead in ("a", "b") else "a" if estimate.p >= 0.5 else "b"
    figures = f"{texts[first]} to {texts[_other(first)]}"
    if ahead in ("a", "b"):
        size = "clearly" if evidence.call(estimate.p) == "clear" else "likely"
        return [
            f"By the estimated score {facts[first].name} is {size} ahead, {figures}, with odds of {odds(estimate.p)}{scope}."
        ]
    return [
        f"By the estimated score the two are too close to call, {figures}, with odds of {odds(estimate.p)} for {facts[first].name}{scope}."
    ]


def _measured(counted: int) -> str:
    return (
        f"the {count(counted, 'category', 'categories')} that both were measured in"
        if counted > 1
        else "the one category that both were measured in"
    )


def _against_averages(
    c: Comparison, facts: dict[str, Facts], tested: str, ahead: str, estimate: evidence.Pair | None
) -> list[str]:
    """Why the averages of own tests name the other side: the rows that only the estimate's leader took and that weigh it down most."""
    if not estimate or {tested, ahead} != {"a", "b"}:
        return []
    card = getattr(c, ahead)
    weights = {result.category.slug: result.category.weight for result in c.categories}
    alone = [
        row for row in c.rows if row.benchmark.weight and getattr(row, _other(ahead)) is None and getattr(row, ahead)
    ]
    drags = [
        (
            weights[row.benchmark.category]
            * row.benchmark.weight
            * (card.overall.value - normalise(getattr(row, ahead).value, row.benchmark)),
            row.benchmark.name,
        )
        for row in alone
    ]
    names = [name for drag, name in sorted(drags, reverse=True)[:2] if drag > 0]
    why = (
        f": {joined(names)}, which {facts[_other(ahead)].name} did not take, {'pull' if len(names) > 1 else 'pulls'} it down"
        if names
        else ""
    )
    return [f"That average points the other way from the estimate because the two took different tests{why}."]


def _shared_words(c: Comparison) -> str:
    if c.shared_a is None:
        return "no weighted test in common"
    gap = c.shared_a - c.shared_b
    words = close_words(gap).replace("within", "level within")
    return f"{number(c.shared_a, 1)} v {number(c.shared_b, 1)}, {words}"


def _other(side: str) -> str:
    return "b" if side == "a" else "a"


def _strongest(c: Comparison, side: str) -> CategoryResult | None:
    """The category that a side leads by most."""
    led = [result for result in c.comparable if result.leader == side]
    return max(led, key=lambda result: (abs(result.gap), -result.category.order), default=None)


def _backing(result: CategoryResult, estimate: evidence.Pair | None) -> str:
    """What a category's lead lacks, as an aside; empty when a shared test backs it."""
    if {result.leader, named(estimate, result.category.slug)} == {"a", "b"}:
        return " (not by the estimate)"
    if result.is_disputed:
        return " (disputed by the shared tests)"
    return " (no shared test)" if result.grade == "no_shared_test" else ""


def named(estimate: evidence.Pair | None, category: str) -> Outcome:
    """Whom the estimate names the winner of a category: nobody where the evidence is a guess or the odds are under 80 %."""
    for result in estimate.categories if estimate else ():
        if result.category == category and result.label in NAMED:
            return leaning(result.p)
    return "unknown"


def _reasons(c: Comparison, facts: dict[str, Facts], side: str, estimate: evidence.Pair | None) -> list[str]:
    """Up to two reasons to choose a side: its widest category, cheaper, larger context, the kind of model."""
    other = facts[_other(side)]
    mine = facts[side]
    found = []
    strongest = _strongest(c, side)
    if strongest:
        found.append(f"{strongest.category.name} matters most to you{_backing(strongest, estimate)}")
    if _cheaper_side(facts) == side:
        found.append("you want the lower token price")
    if tradeoffs.larger(facts["a"].context_window, facts["b"].context_window) == side:
        found.append(f"you need its larger {_contexts(facts)[side]} context window")
    if {mine.reasoning, other.reasoning} == {"yes", "no"}:
        found.append(
            "you want a reasoning model" if mine.reasoning == "yes" else "you want answers without a thinking phase"
        )
    return found[:2]


def _cheaper_side(facts: dict[str, Facts]) -> str:
    return tradeoffs.cheaper(facts["a"], facts["b"])


def _pick(c: Comparison, facts: dict[str, Facts], ahead: str, estimate: evidence.Pair | None, *, is_thin: bool) -> str:
    if ahead in ("a", "b"):
        reasons = _reasons(c, facts, _other(ahead), estimate)
        text = f"Pick {facts[ahead].name} for the stronger benchmark profile."
        if estimate:
            sure = "it is clearly" if evidence.call(estimate.p) == "clear" else "it is likely"
            text = f"Pick {facts[ahead].name}: {sure} the stronger one by the estimated score."
        if reasons:
            return f"{text} Pick {facts[_other(ahead)].name} if {joined(reasons, 'or')}."
        return f"{text} Nothing on record speaks for {facts[_other(ahead)].name} instead."
    if is_thin:
        opening = "No pick on quality: too few confirmed tests stand behind at least one of them."
    elif estimate:
        opening = "The evidence does not separate them on quality."
    elif ahead == "tie":
        opening = "A split decision: the two averages are level."
    else:
        opening = "No pick on quality: there is no average for both."
    found = {side: _reasons(c, facts, side, estimate) for side in ("a", "b")}
    lines = [f"{facts[side].name} if {joined(reasons, 'or')}" for side, reasons in found.items() if reasons]
    return f"{opening} Pick {'; '.join(lines)}." if lines else f"{opening} Nothing on record separates them."


def _aggregate(c: Comparison, facts: dict[str, Facts], tested: str, ahead: str, proven: bool) -> list[str]:
    if tested == "unknown":
        return []
    first = tested if tested in ("a", "b") else "a"
    overall = {"a": c.a.overall, "b": c.b.overall}
    figures = f"{number(overall[first].value)} to {number(overall[_other(first)].value)}"
    if tested == "tie":
        text = f"The averages of their own tests are level, {figures}"
    else:
        words = {"a point apart": "a point ahead, a close call,", "a small lead": "ahead by a small but real lead,"}
        size = words.get(gap_words(c.gap), "clearly ahead")
        text = f"{facts[tested].name} is {size} on the average of its own tests, {figures}"
        if not proven:
            text += (
                ", which the tests both took do not prove"
                if c.shared_rows
                else ", with no weighted test in common to prove it"
            )
        elif min(average.coverage for average in overall.values()) < MODEST_COVERAGE:
            text += ", on less than half of the weight"
    return [text + "."]


def _on_shared(c: Comparison, facts: dict[str, Facts], ahead: str, estimate: evidence.Pair | None) -> list[str]:
    if c.shared_a is None:
        return []
    tests = f"{c.shared_rows} weighted tests" if c.shared_rows > 1 else "1 weighted test"
    values = f"{number(c.shared_a, 1)} to {number(c.shared_b, 1)}"
    contrary = {ahead, c.shared_leader} == {"a", "b"}
    why = " The estimate goes against them because it weighs every test of both." if estimate and contrary else ""
    words = gap_words(c.shared_a - c.shared_b)
    if words in ("level", "a point apart"):
        return [f"On the {tests} both took they are {close_words(c.shared_a - c.shared_b)}: {values}.{why}"]
    low, high = sorted((c.shared_a, c.shared_b))
    return [
        f"On the {tests} both took, {facts[c.shared_leader].name} is {'' if words == 'clearly ahead' else 'ahead by '}{words}"
        f"{' instead' if contrary else ''}: {number(high, 1)} to {number(low, 1)}.{why}"
    ]


def _where(c: Comparison, facts: dict[str, Facts], tested: str, estimate: evidence.Pair | None) -> list[str]:
    first = tested if tested in ("a", "b") else "a"
    parts = []
    for side in (first, _other(first)):
        strongest = _strongest(c, side)
        if strongest:
            mine, other = (getattr(strongest, s).value for s in (side, _other(side)))
            parts.append(
                f"{facts[side].name} wins {strongest.category.name} by most, averaging {number(mine, 1)} "
                f"against {number(other, 1)}{_backing(strongest, estimate)}."
            )
    if c.widest:
        side = c.widest.outcome
        parts.append(
            f"The widest gap on a test both took is {c.widest.benchmark.name}: {reading(c.widest, side)} for {facts[side].name}, "
            f"{reading(c.widest, _other(side))} for {facts[_other(side)].name}."
        )
    return parts


def _operation(facts: dict[str, Facts]) -> list[str]:
    a, b = facts["a"], facts["b"]
    return [_price_sentence(a, b), _kind_sentence(a, b), _context_sentence(a, b)]


def _price_sentence(a: Facts, b: Facts) -> str:
    if a.paid and b.paid and None not in (a.paid.input, a.paid.output, b.paid.input, b.paid.output):
        prices = [f"{tradeoffs.money(o.input)} input and {tradeoffs.money(o.output)} output" for o in (a.paid, b.paid)]
        if tradeoffs.cheaper(a, b) == "tie":
            return f"Both cost {prices[0]} per million tokens."
        text = f"{a.name} costs {prices[0]} per million tokens, {b.name} {prices[1]}"
        cheap, dear = sorted((a, b), key=lambda facts: facts.paid.output)
        times = tradeoffs.ratio(dear.paid.output, cheap.paid.output)
        return f"{text}; {dear.name} is {times} as dear on output." if times else f"{text}."
    return f"Price: for {a.name}, {tradeoffs.price_words(a)}; for {b.name}, {tradeoffs.price_words(b)}."


def _kind_sentence(a: Facts, b: Facts) -> str:
    if {a.reasoning, b.reasoning} == {"yes", "no"}:
        thinker, other = (a, b) if a.reasoning == "yes" else (b, a)
        return (
            f"{thinker.name} thinks before it answers and {other.name} does not: that helps on hard tests and costs latency and extra "
            "output tokens."
        )
    if a.reasoning and b.reasoning and a.reasoning != b.reasoning:
        switched, other = (a, b) if a.reasoning == "hybrid" else (b, a)
        if other.reasoning == "yes":
            return f"{other.name} always thinks before it answers, {switched.name} only when asked to."
        return f"{switched.name} can think before it answers, when asked to, and {other.name} does not."
    return ""


def _contexts(facts: dict[str, Facts]) -> dict[str, str]:
    """Both context windows in short form, or in full where the short forms are the same."""
    counts = {side: facts[side].context_window for side in ("a", "b")}
    short = {side: tradeoffs.tokens(amount) for side, amount in counts.items()}
    return short if short["a"] != short["b"] else {side: f"{amount:,}" for side, amount in counts.items()}


def _context_sentence(a: Facts, b: Facts) -> str:
    edge = tradeoffs.larger(a.context_window, b.context_window)
    if edge not in ("a", "b"):
        return ""
    facts = {"a": a, "b": b}
    sizes = _contexts(facts)
    return f"{facts[edge].name} takes the longer prompt: {sizes[edge]} tokens of context against {sizes[_other(edge)]}."


def _overlap(c: Comparison, facts: dict[str, Facts]) -> str:
    disputed, shared = c.disputed, len(c.shared)
    parts = []
    if shared < LOW_OVERLAP:
        few = f"only {count(shared, 'test')} of {len(c.rows)} {'was' if shared == 1 else 'were'}"
        both = few if shared else "no test was"
        parts.append(f"Low overlap: {both} taken by both, so most averages compare different tests.")
    for result in disputed:
        parts.append(
            f"In {result.category.name} the average and the shared tests disagree: {facts[result.leader].name} has the higher average, "
            f"{facts[result.shared_leader].name} leads on what both took."
        )
    return " ".join(parts)


def _outcome_text(c: Comparison) -> str:
    values = [number(card.overall.value) if card.overall else "no average" for card in (c.a, c.b)]
    return f"{values[0]} v {values[1]}, wins {c.wins_a} v {c.wins_b}"


def _unconfirmed(
    c: Comparison,
    confirmed: Comparison | None,
    facts: dict[str, Facts],
    estimate: evidence.Pair | None,
    estimate_of_all: evidence.Pair | None,
) -> str:
    """Said where leaving unconfirmed rows out changes a leader, or taking them in would change the call."""
    if not confirmed or not c.unconfirmed_rows:
        return ""
    before = (c.leader, tuple(result.leader for result in c.categories))
    after = (confirmed.leader, tuple(result.leader for result in confirmed.categories))
    with_all = _called(estimate_of_all, facts) if estimate and estimate_of_all else ""
    if before == after and with_all == (_called(estimate, facts) if estimate else ""):
        return ""
    one = c.unconfirmed_rows == 1
    text = (
        f"{count(c.unconfirmed_rows, 'score')} on this page {'is' if one else 'are'} unconfirmed and "
        f"{'decides' if one else 'decide'} a leader: with all rows {_outcome_text(c)}; "
        f"on confirmed rows {_outcome_text(confirmed)}."
    )
    return f"{text} The estimate leaves them out; with them it would say {with_all}." if with_all else text


def _called(estimate: evidence.Pair, facts: dict[str, Facts]) -> str:
    """The call with both scores, as a clause."""
    if estimate.p is None:
        return "too little to call"
    figures = f"{points(estimate.overall_a.value)} v {points(estimate.overall_b.value)}"
    side = leaning(estimate.p)
    return f"{figures}, {facts[side].name} ahead" if side in ("a", "b") else f"{figures}, too close to call"


def _source_choice(c: Comparison) -> str:
    names = [result.category.name for result in c.categories if result.source_choice]
    return f"Sources disagree: choosing others would change who wins {joined(names)}." if names else ""


def _flip_lines(
    c: Comparison, facts: dict[str, Facts], ahead: str, tested: str, estimate: evidence.Pair | None
) -> tuple[FlipLine, ...]:
    by_averages = _weight_flips(c, facts, tested)
    if estimate:
        by_averages = [replace(line, condition=f"{line.condition} (by the averages)") for line in by_averages]
    lines = [*_estimate_flips(c, facts, ahead, estimate), *([] if estimate else by_averages)]
    a, b = facts["a"], facts["b"]
    edge = tradeoffs.larger(a.context_window, b.context_window)
    if edge in ("a", "b"):
        small, large = facts[_other(edge)], facts[edge]
        lines.append(
            FlipLine(
                f"A prompt needs more than {_contexts(facts)[_other(edge)]} tokens",
                f"Context window: {large.context_window:,} tokens against {small.context_window:,}.",
                edge,
                large.name,
            )
        )
    if {a.open_weights, b.open_weights} == {True, False}:
        side = "a" if a.open_weights else "b"
        licence = f" under {facts[side].licence}" if facts[side].licence else ""
        lines.append(
            FlipLine(
                "You must host it yourself",
                f"Open weights{licence}; {facts[_other(side)].name} is reached by API only.",
                side,
                f"{facts[side].name}, the only option",
            )
        )
    if c.shared_a is not None and ahead in ("a", "b"):
        gap = c.shared_a - c.shared_b
        level = abs(gap) < POINT
        if level or c.shared_leader != ahead:
            side = "tie" if level else c.shared_leader
            lines.append(
                FlipLine(
                    "You trust only the tests both took",
                    f"{count(c.shared_rows, 'weighted test')}, {number(c.shared_a, 1)} v {number(c.shared_b, 1)}.",
                    side,
                    close_words(gap).replace("within", "level within").capitalize() if level else facts[side].name,
                )
            )
    cheap = _cheaper_side(facts)
    if cheap in ("a", "b") and ahead == _other(cheap):
        lines.append(FlipLine("The token price decides", _price_sentence(a, b), cheap, facts[cheap].name))
    return (*lines, *(by_averages if estimate else ()))


def _estimate_flips(
    c: Comparison, facts: dict[str, Facts], ahead: str, estimate: evidence.Pair | None
) -> list[FlipLine]:
    """The nearest change of one category's weight that turns the estimate round, or that there is none."""
    if not estimate or ahead not in ("a", "b"):
        return []
    names = {result.category.slug: result.category.name for result in c.categories}
    counted = [result for result in estimate.categories if result.weight > 0]
    if len(counted) == 1:
        return [
            FlipLine(
                f"Anything but {names[counted[0].category]} counts",
                "It is the one category that both were measured in; the others are guesses.",
                "tie",
                "Open",
            )
        ]
    leads, weights = [result.gap for result in counted], [result.weight for result in counted]
    everywhere = flips.ahead_everywhere(leads, [result.p for result in counted])
    leader, other = facts[ahead].name, facts[_other(ahead)].name
    if everywhere and everywhere.is_safe:
        return [
            FlipLine(
                f"No weighting puts {other} ahead",
                f"By the estimate {leader} leads in each of the {len(counted)} categories that both were measured in.",
                ahead,
                leader,
            )
        ]
    if everywhere:
        weakest = names[counted[everywhere.weakest].category]
        return [
            FlipLine(
                f"Only {weakest} counts",
                f"{leader} is ahead in every category, but its lead in {weakest} is within the error.",
                "tie",
                "Too close to call",
            )
        ]
    lines = []
    for flip in flips.single_flips(leads, weights)[:1]:
        lines.append(FlipLine(*_one_weight(flip, counted, names), _other(ahead), other))
    if evidence.call(estimate.p) != "close":
        places = [estimate.categories.index(result) for result in counted]
        for flip in flips.close_flips(leads, weights, estimate.gap_cov[places][:, places])[:1]:
            condition, why = _one_weight(flip, counted, names)
            lines.append(
                FlipLine(condition, f"{why} From there on the lead is within the error.", "tie", "Too close to call")
            )
    if len(counted) > 2:
        lines.append(
            _several_weights(leads, weights, [names[result.category] for result in counted], _other(ahead), other)
        )
    return lines


def _several_weights(
    leads: list[float], weights: list[float], names: list[str], side: Outcome, winner: str
) -> FlipLine:
    """The smallest change of weights that turns an answer which some weighting turns."""
    share, after = flips.smallest_move(leads, weights)
    gains = names[max(range(len(names)), key=lambda c: after[c] - weights[c])]
    gives = [name for name, now, then in zip(names, weights, after, strict=True) if then < now]
    return FlipLine(
        f"{percent(Decimal(share))} of the weight moves to {gains}",
        f"Taken from {joined(gives)}. No smaller change of the weights turns the answer.",
        side,
        winner,
    )


def _one_weight(flip: flips.Flip, counted: list[evidence.CategoryPair], names: dict[str, str]) -> tuple[str, str]:
    share, now = shares(flip)
    more = "more" if flip.share > flip.now else "less"
    return (
        f"{names[counted[flip.category].category]} counts for {more} than {share} %",
        f"It is {now} % of the weight of the categories both were measured in.",
    )


def _weight_flips(c: Comparison, facts: dict[str, Facts], ahead: str) -> list[FlipLine]:
    if ahead not in ("a", "b") or c.comparable_leader == "unknown":
        return []
    if c.comparable_leader != ahead:
        who = {"tie": "neither is ahead"}.get(c.comparable_leader) or f"{facts[c.comparable_leader].name} is ahead"
        side = c.comparable_leader
        return [
            FlipLine(
                f"You weigh only the {'one category' if len(c.comparable) == 1 else f'{len(c.comparable)} categories'} both were tested in",
                f"Over those {who}; the overall averages also count categories that only one was tested in.",
                side,
                facts[side].name if side in ("a", "b") else "Level",
            )
        ]
    if not c.flips:
        return [
            FlipLine(
                "No weighting of the comparable categories flips it",
                f"{facts[ahead].name} is not behind in any of the {count(len(c.comparable), 'category', 'categories')} both were tested in."
                if len(c.comparable) > 1
                else f"{c.comparable[0].category.name} is the one category both were tested in.",
                ahead,
                facts[ahead].name,
            )
        ]
    return [_weight_flip(flip, facts) for flip in c.flips]


def _weight_flip(flip: Flip, facts: dict[str, Facts]) -> FlipLine:
    share, now = shares(flip)
    return FlipLine(
        f"{flip.category.name} counts for more than {share} %",
        f"It is {now} % of the comparable weight now.",
        flip.winner,
        facts[flip.winner].name,
    )


def shares(flip: Flip | flips.Flip) -> tuple[str, str]:
    """Share and present share in percent, with decimals where rounding would print 0, 100 or the same figure twice."""
    for places in (0, 1, 2):
        share, now = (number(Decimal(part) * 100, places) for part in (flip.share, flip.now))
        if share != now and Decimal(share) not in (0, 100):
            break
    return share, now


def _questions(
    c: Comparison, facts: dict[str, Facts], ahead: str, tested: str, estimate: evidence.Pair | None
) -> tuple[tuple[str, str], ...]:
    a, b = facts["a"], facts["b"]
    found = [(f"Which is better, {a.name} or {b.name}?", _better(c, facts, ahead, tested, estimate))]
    for result in c.comparable:
        answer = _category_answer(result, c, facts)
        called = named(estimate, result.category.slug)
        if {called, result.leader} == {"a", "b"}:
            answer += f" The estimate has {facts[called].name} ahead."
        found.append((f"Which is better for {result.category.name}?", answer))
    cheap = _cheaper_side(facts)
    if cheap in ("a", "b"):
        answer = (
            f"{facts[cheap].name}, on input and output both." if _both_lower(facts, cheap) else f"{facts[cheap].name}."
        )
    elif cheap == "tie":
        answer = "Neither: their list prices are the same."
    elif cheap == "depends":
        answer = "It depends on the mix: one is cheaper on input, the other on output."
    else:
        answer = f"The prices on record cannot be compared: for {a.name}, {tradeoffs.price_words(a)}; for {b.name}, {tradeoffs.price_words(b)}."
    found.append(("Which is cheaper?", answer))
    edge = tradeoffs.larger(a.context_window, b.context_window)
    if edge in ("a", "b"):
        large = facts[edge]
        found.append(("Which has the larger context window?", f"{large.name}, with {large.context_window:,} tokens."))
    elif edge == "tie":
        found.append(("Which has the larger context window?", f"Neither: both take {a.context_window:,} tokens."))
    return tuple(found)


def _both_lower(facts: dict[str, Facts], side: str) -> bool:
    mine, other = facts[side].paid, facts[_other(side)].paid
    return mine.input < other.input and mine.output < other.output


def _better(c: Comparison, facts: dict[str, Facts], ahead: str, tested: str, estimate: evidence.Pair | None) -> str:
    if estimate:
        figures = {"a": points(estimate.overall_a.value), "b": points(estimate.overall_b.value)}
        if ahead in ("a", "b"):
            return f"{facts[ahead].name}, by the estimated score, {figures[ahead]} to {figures[_other(ahead)]}, with odds of {odds(estimate.p)}."
        return f"Too close to call: the estimated scores are {figures['a']} and {figures['b']}."
    ahead = tested
    first, second = (c.wins_b, c.wins_a) if ahead == "b" else (c.wins_a, c.wins_b)
    wins = (
        f"It is {first} to {second} in category wins, {len(c.comparable)} comparable, "
        f"{c.on_shared_tests} of them with a shared test."
        if c.comparable
        else "No category is comparable."
    )
    if ahead == "unknown":
        return "The scores on record cannot say: at least one of the two has no weighted score."
    if ahead == "tie":
        return f"Neither, on the averages of their own tests. {wins}"
    return f"{facts[ahead].name}, by the average of its own tests. {wins}"


def _category_answer(result: CategoryResult, c: Comparison, facts: dict[str, Facts]) -> str:
    values = f"{number(max(result.a.value, result.b.value), 1)} to {number(min(result.a.value, result.b.value), 1)}"
    if result.leader == "tie":
        text = f"Neither: both average {number(result.a.value, 1)}."
    else:
        text = f"{facts[result.leader].name}, {values} on average."
    if result.grade == "no_shared_test":
        return f"{text} The two took different tests, so nothing backs this head to head."
    rows = [row for row in c.rows if row.outcome in ("a", "b") and row.benchmark.category == result.category.slug]
    if not rows:
        return text
    # Points of a rating are not points of a percentage: a row in percent goes first.
    row = max(rows, key=lambda row: (row.benchmark.unit == "percent", abs(row.gap), row.benchmark.name))
    leader = facts[row.outcome].name
    contrary = "But on" if result.leader in ("a", "b") and row.outcome != result.leader else "On"
    return f"{text} {contrary} {row.benchmark.name}, which both took, {leader} is ahead, {reading(row, row.outcome)} to {reading(row, _other(row.outcome))}."
