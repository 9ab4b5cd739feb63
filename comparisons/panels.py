"""The page of a pair: fetched rows in, one frozen object out, finished strings that HTML, and later the twins, only print."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from comparisons import bills, evidence, scoring, tradeoffs, verdicts
from comparisons.cells import ScoreCell, Side, remarks_on, score_cell, side
from comparisons.estimates import PairEstimates
from comparisons.figures import Figure
from comparisons.links import Options, Toggle, WeightPanel, weight_panel
from comparisons.models import LanguageModel
from comparisons.plain import Rulebook
from comparisons.scoring import CategoryResult, Comparison, Row, Scorecard
from comparisons.tradeoffs import Facts, TradeoffRow, day
from comparisons.verdicts import FlipLine, Verdict, count, number, percent, points, score_text, span

INDEXED_ROWS, INDEXED_CATEGORIES = 3, 2  # shared rows and categories that make a pair worth a search engine's time
NEAREST_FLIPS = 2
TIE = Figure("tie", Decimal(0))
READINGS = {
    "confirmed": "Confirmed rows only: scores that only an aggregator reports are left out.",
    "independent": "Independent rows only: aggregators' and the makers' own figures are left out.",
}


@dataclass(frozen=True, slots=True)
class BenchmarkLine:
    name: str
    url: str
    unit: str
    remark: str
    cells: tuple[ScoreCell | None, ...]
    lead_mark: str
    lead: Figure | str
    lead_words: str  # for the ear: who leads
    is_shared: bool


@dataclass(frozen=True, slots=True)
class BenchmarkGroup:
    slug: str
    name: str
    mark: str
    is_hollow: bool
    words: str
    lines: tuple[BenchmarkLine, ...]
    has_shared: bool


@dataclass(frozen=True, slots=True)
class CategoryEstimate:
    """What the fit says of one category; a guess names nobody."""

    cells: tuple[tuple[Figure, Figure, bool], ...]  # score, likely range, whether it is the better one
    is_guess: bool
    mark: str
    said: str
    p: float  # probability that the first is better


@dataclass(frozen=True, slots=True)
class CategoryLine:
    name: str
    url: str
    cells: tuple[tuple[Figure | str, bool], ...]  # average and whether it is the better one
    positions: tuple[str, ...]
    leader: str  # whose mark stands beside the lead
    is_hollow: bool
    lead: Figure | str
    lead_words: str  # for the ear, before the lead
    averages: str  # both in words, for a small screen
    evidence: str
    outcome: str  # the line in words
    tile: str  # ta or tb where a side wins the category
    is_tie: bool
    ranges: tuple[tuple[str, str] | None, tuple[str, str] | None]
    estimate: CategoryEstimate | None


@dataclass(frozen=True, slots=True)
class Front:
    """The reading that stands first: the estimated score, the averages of own tests, or the tests both took."""

    title: str
    figures: tuple[Figure | str, Figure | str]  # empty: none
    spans: tuple[Figure | str, Figure | str]  # likely range in words
    positions: tuple[str, str]  # places on the line from 0 to 100
    ranges: tuple[tuple[str, str] | None, tuple[str, str] | None]
    leader: str  # a, b: beside whom the badge stands
    badge: str
    said: str  # under the line
    p: float | None = None  # probability that the first is better


@dataclass(frozen=True, slots=True)
class PairPage:
    path: str
    day: Figure  # of which the page is
    title: str
    description: str
    announcement: str
    is_indexed: bool
    sides: tuple[Side, Side]
    subtitle: str
    on_record: int  # benchmarks
    in_common: int  # of them, run on both
    coverage: str
    newest: Figure | str  # day of the last check of a score, else of the newest score
    fronts: Mapping[str, Front]  # every reading that there is, by name
    reading: str  # which of them stands in front
    readings: tuple[Toggle, ...]
    lines: tuple[str, ...]  # the readings that do not stand in front, one line each
    wins_line: str
    reading_line: str  # said when some kinds of source are left out
    confirmed_href: str
    all_sources_href: str
    verdict: Verdict
    flips: tuple[FlipLine, ...]  # the nearest
    further_flips: tuple[FlipLine, ...]
    brief: tuple[
        tuple[str, str, str, str], ...
    ]  # price, context, speed for a small screen: label, both, edge, edge in words
    categories: tuple[CategoryLine, ...]
    has_estimate: bool
    age_note: str  # said of an estimate that is older than the catalogue
    settle: str  # the test that would say most about who is better
    blanks: tuple[
        tuple[str, str, str], ...
    ]  # category, range of a's lead over plausible values of missing scores, what that means
    blanks_said: str
    row_toggles: tuple[Toggle, ...]
    tradeoffs: tuple[TradeoffRow, ...]
    show_toggles: tuple[Toggle, ...]
    phone_toggles: tuple[Toggle, ...]
    groups: tuple[BenchmarkGroup, ...]
    shown_rows: int
    opens_on_shared: bool  # on a phone the table opens on the tests both took
    shared_values: tuple[Figure, Figure] | None
    shared_mark: str
    shared_gap: Figure | str
    bill: bills.BillPanel
    weights: WeightPanel
    flip_href: str
    add_href: str
    checked: str

    @property
    def front(self) -> Front:
        return self.fronts[self.reading]


def pair_page(
    pair: Sequence[LanguageModel],
    comparison: Comparison,
    confirmed: Comparison | None,
    facts: Sequence[Facts],
    rules: Rulebook,
    options: Options,
    *,
    estimates: PairEstimates | None = None,
    path: str,
    is_featured: bool,
    today: datetime.date,
) -> PairPage:
    """The pair page, in the order of `pair`; without `estimates` the averages lead."""
    found = estimates or PairEstimates()
    said = verdicts.verdict(
        comparison,
        *facts,
        confirmed,
        found.pair,
        estimate_of_all=found.of_all,
        is_thin=estimates is not None and found.pair is None,
    )
    estimate = found.pair if said.odds or said.badge == "Too close to call" else None
    offered = ["score", "tested", "shared"] if estimate else ["tested", "shared"]
    fronts = {reading: _front(reading, comparison, said, estimate) for reading in offered}
    chosen_reading = options.reading or offered[0]
    front = fronts[chosen_reading]
    lines = _lines(comparison, said, estimate)
    names = [model.name for model in pair]
    shared = comparison.shared
    wide = [row for row in shared if row.gap is not None and abs(row.gap) >= scoring.WIDE_GAP]
    show = options.show or "all"
    chosen = {"all": comparison.rows, "shared": shared, "gap": wide}[show]
    tradeoff_rows = tradeoffs.rows(*facts, today)
    differing = tuple(row for row in tradeoff_rows if row.is_difference)
    scored = [result.category.name for result in comparison.categories if result.a or result.b]
    dates = [
        cell.shown.checked_on for row in comparison.rows for cell in (row.a, row.b) if cell and cell.shown.checked_on
    ]
    reported = [
        cell.shown.reported_on for row in comparison.rows for cell in (row.a, row.b) if cell and cell.shown.reported_on
    ]
    newest = day(max(dates or reported)) if dates or reported else ""
    checked = f"{'Checked' if dates else 'Newest score'} {newest}." if newest else ""
    overlap = f"{count(len(comparison.rows), 'benchmark')} on record, {len(shared)} run on both models."
    shared_gap = None if comparison.shared_a is None else comparison.shared_a - comparison.shared_b
    toggles = [
        ("all", f"All ({len(comparison.rows)})", True),
        ("shared", f"Tests both took ({len(shared)})", bool(shared)),
    ]
    toggles.append(("gap", f"Gap of 10 or more ({len(wide)})", bool(wide)))
    address = partial(options.href, path)
    return PairPage(
        path=path,
        day=day(today),
        title=f"{names[0]} vs {names[1]}: benchmarks, price and context compared",
        description=f"{said.sentences[0] if said.sentences else said.pick} {overlap} Every score with its source.",
        announcement=f"{names[0]} against {names[1]}: {count(len(chosen), 'benchmark')} shown",
        is_indexed=is_featured
        or (len(shared) >= INDEXED_ROWS and len({row.benchmark.category for row in shared}) >= INDEXED_CATEGORIES),
        sides=(_side(pair[0], "a", comparison, front), _side(pair[1], "b", comparison, front)),
        subtitle=f"Side-by-side comparison across {verdicts.joined(scored)}."
        if scored
        else "No weighted score on record yet.",
        on_record=len(comparison.rows),
        in_common=len(shared),
        coverage=f"{overlap} {checked}".strip(),
        newest=newest,
        fronts=fronts,
        reading=chosen_reading,
        readings=_readings(options, path, offered),
        lines=tuple(line for reading, line in lines.items() if line and reading != chosen_reading),
        wins_line=f"Wins {comparison.wins_a}/{len(comparison.categories)} v {comparison.wins_b}/{len(comparison.categories)} categories "
        f"on those averages; {_comparable(comparison)}",
        reading_line=READINGS.get(options.sources, ""),
        confirmed_href=options.href(path, sources="confirmed"),
        all_sources_href=options.href(path, sources=""),
        verdict=said,
        flips=said.flips[:NEAREST_FLIPS],
        further_flips=said.flips[NEAREST_FLIPS:],
        brief=_brief(tradeoff_rows),
        categories=tuple(
            _category_line(result, names, _estimate_of(estimate, result), chosen_reading)
            for result in _by_evidence(comparison.categories)
        ),
        has_estimate=estimate is not None,
        age_note=found.age_note if estimate else "",
        settle=_settle(found.settling, pair) if estimate else "",
        blanks=_blanks(comparison, found.blanks, names),
        blanks_said=_blanks_said(comparison, found.blanks),
        row_toggles=(
            Toggle("rows-all", f"All rows ({len(tradeoff_rows)})", options.href(path, rows=""), options.rows != "diff"),
            Toggle(
                "rows-diff",
                f"Only differences ({len(differing)})",
                options.href(path, rows="diff"),
                options.rows == "diff",
            ),
        ),
        tradeoffs=differing if options.rows == "diff" else tradeoff_rows,
        show_toggles=tuple(
            Toggle(f"show-{value}", label, options.href(path, show="" if value == "all" else value), show == value)
            for value, label, is_offered in toggles
            if is_offered or show == value
        ),
        phone_toggles=(
            Toggle("show-phone-shared", f"Tests both took ({len(shared)})", options.href(path, show="shared"), True),
            Toggle("show-phone-all", f"All {len(comparison.rows)}", options.href(path, show="all"), False),
        ),
        groups=_groups(comparison, chosen, pair, found.odd),
        shown_rows=len(chosen),
        opens_on_shared=not options.show and len(shared) >= INDEXED_ROWS,
        shared_values=None if shared_gap is None else (number(comparison.shared_a, 1), number(comparison.shared_b, 1)),
        shared_mark=comparison.shared_leader if shared_gap is not None and abs(shared_gap) >= verdicts.LEVEL else "",
        shared_gap="" if shared_gap is None else _lead(shared_gap) if shared_gap else TIE,
        bill=bills.bill_panel(facts, options.workload, options.kept, options.opener("bill", address)),
        weights=weight_panel(rules, options, address),
        flip_href=options.href(path, flip="" if options.flip else "1"),
        add_href="/compare/?" + urlencode({"a": pair[0].slug, "b": pair[1].slug, "more": "1"}),
        checked=checked,
    )


def _lead(gap: Decimal) -> Figure:
    """A lead in points of the scale from 0 to 100; the value is the first model's."""
    return Figure(f"+{number(abs(gap), 1)}", gap)


def _brief(rows: Sequence[TradeoffRow]) -> tuple[tuple[str, str, str, str], ...]:
    """Output price, context and speed, each in one line."""
    found = []
    for row in rows:
        if row.label in ("Output price", "Context", "Output speed"):
            texts = [value.text or row.missing.partition(",")[0] for value in (row.a, row.b)]
            both = texts[0] if texts[0] == texts[1] else f"{texts[0]} v {texts[1]}"
            found.append((row.label, both, row.edge, row.edge_text))
    return tuple(found)


def _comparable(comparison: Comparison) -> str:
    bare = [result.category.name for result in comparison.comparable if result.grade == "no_shared_test"]
    text = f"{len(comparison.comparable)} comparable, {comparison.on_shared_tests} of them on shared tests"
    return f"{text}; {verdicts.joined(bare)} without a shared test" if bare else text


def _side(model: LanguageModel, mark: str, comparison: Comparison, front: Front) -> Side:
    card: Scorecard = getattr(comparison, mark)
    wins = comparison.wins_a if mark == "a" else comparison.wins_b
    return side(
        model,
        mark,
        card,
        categories=len(comparison.categories),
        wins=Figure(f"wins {wins}/{len(comparison.categories)} categories", wins),
        figure=front.figures["ab".index(mark)],
        span=front.spans["ab".index(mark)],
        badge=front.badge if front.leader == mark else "",
        is_behind=front.leader in ("a", "b") and front.leader != mark,
    )


def _front(reading: str, c: Comparison, said: Verdict, estimate: evidence.Pair | None) -> Front:
    if reading == "score" and estimate:
        sides = estimate.overall_a, estimate.overall_b
        spread = f"{points(abs(sides[0].value - sides[1].value), 1)} points apart"
        return Front(
            "Estimated score",
            tuple(points(side.value) for side in sides),
            tuple(span(side) for side in sides),
            tuple(points(side.value, 1) for side in sides),
            tuple((points(side.low, 1), points(side.high, 1)) for side in sides),
            said.leader,
            said.badge,
            f"{spread}, {said.odds}" if said.odds else f"{said.badge}, {spread}",
            estimate.p,
        )
    if reading == "shared":
        values, gap = (c.shared_a, c.shared_b), None if c.shared_a is None else c.shared_a - c.shared_b
        leader = c.shared_leader if gap is not None and abs(gap) >= verdicts.LEVEL else "tie"
        badge, title = "Ahead on the tests both took", "Tests both took"
    else:
        values = tuple(card.overall.value if card.overall else None for card in (c.a, c.b))
        gap, leader, badge, title = c.gap, said.tested_leader, said.tested_badge, "Average of its own tests"
    figures = tuple(number(value) if value is not None else "" for value in values)
    places = tuple(number(value, 1) if value is not None else "" for value in values)
    apart = f"{number(abs(gap), 1)} points apart" if gap is not None else "not comparable"
    return Front(
        title, figures, ("", ""), places, (None, None), leader, badge, f"{apart} on {READING_NAMES[reading].lower()}"
    )


READING_NAMES = {"score": "Estimated score", "tested": "Averages of own tests", "shared": "Tests both took"}


def _readings(options: Options, path: str, offered: Sequence[str]) -> tuple[Toggle, ...]:
    return tuple(
        Toggle(
            f"reading-{name}",
            READING_NAMES[name],
            options.href(path, reading="" if name == offered[0] else name),
            name == (options.reading or offered[0]),
        )
        for name in offered
    )


def _lines(c: Comparison, said: Verdict, estimate: evidence.Pair | None) -> dict[str, str]:
    """Each reading in one line, for where it does not stand in front."""
    score = tested = ""
    if estimate:
        a, b = (f"{points(e.value)} ({span(e)})" for e in (estimate.overall_a, estimate.overall_b))
        score = f"Estimated score: {a} v {b}, {said.odds or 'too close to call'}"
    elif said.badge == "Too thin to call":
        score = "Estimated score: too thin to call, at least one of them has fewer than 3 confirmed tests that can be compared"
    if c.a.overall and c.b.overall:
        word = {"Winner": " (winner)", "Ahead on its own tests": " (ahead)"}.get(said.tested_badge, "")
        a, b = (
            number(card.overall.value) + (word if said.tested_leader == side else "")
            for side, card in (("a", c.a), ("b", c.b))
        )
        tested = f"Average of its own tests: {a} v {b}, {len(c.a.cells)} v {len(c.b.cells)} tests"
    shared = (
        f"Tests both took ({c.shared_rows}): {said.shared_words}"
        if c.shared_rows
        else "Tests both took: no weighted test in common"
    )
    return {"score": score, "tested": tested, "shared": shared}


def _by_evidence(results: Sequence[CategoryResult]) -> list[CategoryResult]:
    """Comparable categories first, each group in the site's order."""
    return sorted(results, key=lambda result: (not result.is_comparable, result.only_displayed, result.category.order))


def _settle(settling: tuple[str, str, float] | None, pair: Sequence[LanguageModel]) -> str:
    """`settling` is model slug, test and the share of the doubt that its score would remove."""
    if settling is None:
        return ""
    slug, test, share = settling
    name = next(model.name for model in pair if model.slug == slug)
    return f"What would settle it most: a score of {name} on {test}, which would remove about {percent(Decimal(share))} of the doubt."


def _blanks(
    c: Comparison, blanks: Mapping[str, tuple[float, float]], names: Sequence[str]
) -> tuple[tuple[str, str, str], ...]:
    lines = []
    for result in c.categories:
        if result.category.slug in blanks and result.is_comparable:
            low, high = blanks[result.category.slug]
            turns = _turns(result, low, high)
            ends = [
                f"{names[0]} by {points(end, 1)}" if end > 0 else f"{names[1]} by {points(-end, 1)}"
                for end in (low, high)
            ]
            lines.append((result.category.name, f"from {ends[0]} to {ends[1]}", "could turn" if turns else "stays"))
    return tuple(lines)


def _turns(result: CategoryResult, low: float, high: float) -> bool:
    return low <= 0 if result.leader == "a" else high >= 0 if result.leader == "b" else True


def _blanks_said(c: Comparison, blanks: Mapping[str, tuple[float, float]]) -> str:
    known = [result for result in c.comparable if result.category.slug in blanks]
    if not known:
        return ""
    turning = [r.category.name for r in known if _turns(r, *blanks[r.category.slug])]
    if not turning:
        return "Could the blanks overturn this? No: plausible values of the missing scores change no category's winner."
    return f"Could the blanks overturn this? Plausible values of the missing scores could change who wins {verdicts.joined(turning)}."


def _estimate_of(estimate: evidence.Pair | None, result: CategoryResult) -> evidence.CategoryPair | None:
    return (
        next((each for each in estimate.categories if each.category == result.category.slug), None)
        if estimate
        else None
    )


def _category_estimate(estimate: evidence.CategoryPair) -> CategoryEstimate:
    is_guess = estimate.label not in verdicts.NAMED
    leader = "" if is_guess else verdicts.leaning(estimate.p)
    cells = tuple((points(e.value), span(e), leader == side) for side, e in (("a", estimate.a), ("b", estimate.b)))
    if is_guess:
        return CategoryEstimate(cells, True, "", "a guess", estimate.p)
    said = verdicts.odds(estimate.p).replace("more than", ">") if leader in ("a", "b") else "too close"
    return CategoryEstimate(cells, False, leader if leader in ("a", "b") else "", said, estimate.p)


def _category_line(
    result: CategoryResult, names: Sequence[str], estimate: evidence.CategoryPair | None, reading: str
) -> CategoryLine:
    by_side = {"a": names[0], "b": names[1]}
    averages = result.a, result.b
    values = tuple(number(average.value, 1) if average else "" for average in averages)
    if result.leader in ("a", "b"):
        mark, lead, words = result.leader, _lead(result.gap), f"{by_side[result.leader]} wins by "
        outcome = by_side[result.leader]
    elif result.leader == "tie":
        mark, lead, words, outcome = "", TIE, "", "tie"
    elif any(averages):
        mark = "a" if result.a else "b"
        lead, words, outcome = "only", f"{by_side[mark]}: ", f"no call, only {by_side[mark]} tested"
    else:
        mark, lead, words, outcome = "", "no call", "", "no call"
    return CategoryLine(
        name=result.category.name,
        url=f"/leaderboard/{result.category.slug}/",
        cells=tuple((value, result.leader == side) for value, side in zip(values, "ab", strict=True)),
        positions=_positions(result, estimate, reading),
        ranges=tuple((points(e.low, 1), points(e.high, 1)) for e in (estimate.a, estimate.b))
        if estimate and reading == "score"
        else (None, None),
        estimate=_category_estimate(estimate) if estimate else None,
        leader=mark,
        is_hollow=result.leader in ("a", "b") and result.grade == "no_shared_test",
        lead=lead,
        lead_words=words,
        averages=f"averages {values[0] or 'none'} v {values[1] or 'none'}" if any(values) else "",
        evidence=_evidence(result, estimate),
        outcome=outcome,
        tile=f"t{result.leader}" if result.leader in ("a", "b") else "",
        is_tie=result.leader == "tie",
    )


def _positions(result: CategoryResult, estimate: evidence.CategoryPair | None, reading: str) -> tuple[str, str]:
    """Places on the line by the reading in front."""
    if reading == "score":
        return (points(estimate.a.value, 1), points(estimate.b.value, 1)) if estimate else ("", "")
    values = (result.shared_a, result.shared_b)
    if reading == "tested":
        values = tuple(average.value if average else None for average in (result.a, result.b))
    return tuple(number(value, 1) if value is not None else "" for value in values)


def _evidence(result: CategoryResult, estimate: evidence.CategoryPair | None) -> str:
    """What backs the figures of a category, in a few words."""
    if result.grade in ("head_to_head", "partly"):
        text = f"{count(result.shared_tests, 'test')} in common"
        if result.shared_rows:
            text += f", {number(result.shared_a, 1)} v {number(result.shared_b, 1)}"
        text += "; average and shared test disagree" if result.is_disputed else ""
        return f"{text}; estimate {verdicts.LABELS['inferred']}" if estimate and estimate.label == "inferred" else text
    text = "shown, not counted" if result.only_displayed else verdicts.GRADES[result.grade]
    return (
        f"{text}; {verdicts.LABELS[estimate.label]}" if estimate and estimate.label in ("bridged", "inferred") else text
    )


def _groups(
    comparison: Comparison, chosen: Sequence[Row], pair: Sequence[LanguageModel], odd: Mapping[tuple[str, str], float]
) -> tuple[BenchmarkGroup, ...]:
    groups = []
    for result in comparison.categories:
        rows = [row for row in chosen if row.benchmark.category == result.category.slug]
        if rows:
            groups.append(
                BenchmarkGroup(
                    slug=result.category.slug,
                    name=result.category.name,
                    mark=result.leader if result.leader in ("a", "b") else "",
                    is_hollow=result.grade == "no_shared_test",
                    words=_group_words(result, [model.name for model in pair]),
                    lines=tuple(_benchmark_line(row, pair, odd) for row in rows),
                    has_shared=any(row.is_shared for row in rows),
                )
            )
    return tuple(groups)


def _group_words(result: CategoryResult, names: Sequence[str]) -> str:
    if result.is_comparable:
        values = f"{number(result.a.value, 1)} to {number(result.b.value, 1)}"
        if result.leader == "tie":
            return f"tie at {number(result.a.value, 1)}"
        leader = names[0] if result.leader == "a" else names[1]
        if result.leader == "b":
            values = f"{number(result.b.value, 1)} to {number(result.a.value, 1)}"
        return f"{leader} wins, {values}" + ("; no shared test" if result.grade == "no_shared_test" else "")
    if result.a or result.b:
        return f"only {names[0] if result.a else names[1]} has scores"
    return "shown, not counted"


def _benchmark_line(row: Row, pair: Sequence[LanguageModel], odd: Mapping[tuple[str, str], float]) -> BenchmarkLine:
    benchmark = row.benchmark
    by_side = dict(zip("ab", pair, strict=True))
    remarks = remarks_on(benchmark)
    if benchmark.status != "current":
        remarks.append(benchmark.status)
    if row.settings_differ:
        remarks.append("settings may differ")
    if row.within_noise:
        remarks.append("within noise")
    if row.outcome in ("a", "b"):
        mark, lead, words = row.outcome, Figure(f"+{_gap_text(row)}", row.gap), f"{by_side[row.outcome]} leads by "
    elif row.outcome == "tie":
        mark, lead, words = "", TIE, ""
    elif row.is_shared:
        mark, lead, words = "", "no call", ""
    else:
        mark = "a" if row.a else "b"
        lead, words = "only", f"{by_side[mark]}: "
    return BenchmarkLine(
        name=benchmark.name,
        url=f"/benchmarks/{benchmark.slug}/",
        unit=benchmark.unit,
        remark=", ".join(remarks),
        cells=tuple(
            score_cell(
                cell,
                benchmark.unit,
                is_best=row.outcome == key,
                expected=odd.get((key, benchmark.slug)),
                of=(model.slug, benchmark.slug),
            )
            if cell
            else None
            for (key, model), cell in zip(by_side.items(), (row.a, row.b), strict=True)
        ),
        lead_mark=mark,
        lead=lead,
        lead_words=words,
        is_shared=row.is_shared,
    )


def _gap_text(row: Row) -> str:
    """A lead in points of the scale from 0 to 100, or in the benchmark's own unit where its scale has no bounds."""
    unit = row.benchmark.unit
    return score_text(abs(row.gap), unit) if unit in ("usd", "seconds", "minutes") else number(abs(row.gap), 1)
