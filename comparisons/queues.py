"""What waits for a curator: lists of findings, each with what can be done about it at once.

A queue of stored rows is a queryset; one that is computed is found once a catalogue version and kept by the process. What a
curator found right is left out until its values change.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from urllib.parse import urlencode

from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Coalesce

from comparisons import curation, estimates, evidence, freshness, plain, scoring
from comparisons.merging import likely_duplicates
from comparisons.models import (
    Benchmark,
    FeaturedPair,
    LanguageModel,
    Offer,
    Runtime,
    Score,
    ScoreReport,
    Settled,
    Status,
)
from comparisons.reports import words
from comparisons.tradeoffs import day
from comparisons.verdicts import count, joined, points

FEW_SHARED = 3  # shared tests under which a featured pair is thin
UNLOCKING = 6  # missing scores named for such a pair
TRIED = 500  # unconfirmed scores looked at
EXAMINED = 50  # of them tried against the estimates, the rest against averages alone
RIVALS = 8  # pairs of a model that they are tried on, beside the featured ones
SAME_ROUND = 3  # rows with one round figure from one source
ROUND = 5
FIRST_TOKEN = (Decimal("0.02"), 60)  # seconds: no answer crosses a continent faster, nobody waits longer
TOKENS_A_SECOND = (1, 5_000)


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a finding, with the actions that it allows."""

    row: Model
    said: str
    source: str = ""
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a curator reads. `key` names it in its queue, values included, so that a new value is a new finding."""

    key: str
    subject: str
    said: str = ""
    parts: tuple[Part, ...] = ()
    actions: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # (text, path inside the admin)


@dataclass(frozen=True, slots=True)
class Found:
    """A computed finding before its rows are read."""

    key: str
    subject: str
    said: str
    model: str = ""  # slugs of the cell it is about
    benchmark: str = ""
    rows: tuple[tuple[type[Model], int], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    slug: str
    title: str
    advice: str
    table: str  # whose view right shows the queue, and whose publish right acts on it
    rows: Callable[[datetime.date], QuerySet | list[Found]]
    findings: Callable[[Sequence], list[Finding]]  # of the rows of one page
    settled: str = "Right as it is"  # what the button says that leaves a finding out from now on

    def waiting(self, today: datetime.date) -> QuerySet | list[Found]:
        rows = self.rows(today)
        if isinstance(rows, QuerySet):
            return rows
        settled = set(Settled.objects.filter(queue=self.slug).values_list("key", flat=True))
        return [row for row in rows if row.key not in settled]

    def count(self, today: datetime.date) -> int:
        rows = self.waiting(today)
        return rows.count() if isinstance(rows, QuerySet) else len(rows)

    def named(self, key: str, today: datetime.date) -> Finding | None:
        """The finding of a key while it waits; None when somebody has dealt with it."""
        rows = self.waiting(today)
        if isinstance(rows, QuerySet):
            found = list(rows.filter(pk=key)) if key.isascii() and key.isdecimal() and len(key) < 19 else []
        else:
            found = [row for row in rows if row.key == key]
        return self.findings(found)[0] if found else None


# --- stored rows ----------------------------------------------------------------------------------------------------
def reported(today: datetime.date) -> QuerySet:
    rows = ScoreReport.objects.filter(state=ScoreReport.State.OPEN)
    return rows.select_related("model", "benchmark", "score__model", "score__benchmark")


def of_reports(rows: Sequence[ScoreReport]) -> list[Finding]:
    return [
        Finding(
            str(row.pk),
            f"{row.model}, {row.benchmark}",
            row.text,
            (Part(row.score, f"seen as {row.seen}", row.score.source_url, ("correct", "withdraw")),)
            if row.score
            else (),
            ("done", "dismiss"),
            (("page that the reader names", row.source_url),) if row.source_url else (),
        )
        for row in rows
    ]


def stale(today: datetime.date) -> QuerySet:
    rows = curation.by_age(Score.objects.published(), "stale", today).select_related("model", "benchmark")
    return rows.annotate(seen_on=Coalesce("checked_on", "reported_on")).order_by("seen_on", "pk")


def of_stale(rows: Sequence[Score]) -> list[Finding]:
    return [
        score_finding(row, f"last seen {day(row.seen_on)}", ("checked", "correct", "withdraw"), key=str(row.pk))
        for row in rows
    ]


def score_finding(row: Score, said: str, actions: tuple[str, ...], key: str, whole: tuple[str, ...] = ()) -> Finding:
    part = Part(row, words(row), row.source_url, actions)
    return Finding(key, f"{row.model}, {row.benchmark}", said, (part,), whole)


# --- computed once a version ----------------------------------------------------------------------------------------
_kept: dict[str, tuple[tuple, list[Found]]] = {}


def kept(name: str, find: Callable[[plain.Whole], Iterable[Found]]) -> Callable[[datetime.date], list[Found]]:
    """The findings of `find`, found anew when the catalogue or the fit has changed."""

    def rows(today: datetime.date) -> list[Found]:
        fit = estimates.current()
        state = (freshness.version(), today, fit and fit.key)
        held = _kept.get(name)
        if held is None or held[0] != state:
            held = _kept[name] = (state, list(find(plain.whole(today))))
        return held[1]

    return rows


def named_cell(whole: plain.Whole, model: LanguageModel, slug: str) -> str:
    return f"{model}, {whole.rules.benchmarks[slug].name}"


def unsourced(whole: plain.Whole) -> Iterable[Found]:
    """Rows that do not say when: scores, speeds (or where), prices."""
    for row in Score.objects.published().filter(reported_on=None, checked_on=None).select_related("model", "benchmark"):
        yield Found(f"score {row.pk}", f"{row.model}, {row.benchmark}", "score without a date", rows=((Score, row.pk),))
    undated = Q(host="") | Q(measured_on=None)
    for row in Runtime.objects.filter(undated, model__status=Status.PUBLISHED).select_related("model"):
        lacks = joined([name for name, has in (("host", row.host), ("day", row.measured_on)) if not has])
        said = f"speed without {lacks}: readers do not see it"
        yield Found(f"runtime {row.pk}", str(row), said, rows=((Runtime, row.pk),))
    for row in Offer.objects.published().filter(starts_on=None).select_related("model"):
        yield Found(f"offer {row.pk}", str(row), "price without a first day", rows=((Offer, row.pk),))


def implausible(whole: plain.Whole) -> Iterable[Found]:
    yield from price_jumps()
    yield from odd_speeds()
    yield from placeholders()


def price_jumps() -> Iterable[Found]:
    """Prices ten times the one before, or a tenth, of the same model, host and kind."""
    offers = Offer.objects.published().select_related("model")
    series = defaultdict(list)
    for offer in offers.order_by(F("starts_on").asc(nulls_first=True), "pk"):
        series[offer.model_id, offer.host, offer.basis].append(offer)
    for before, after in (pair for row in series.values() for pair in pairwise(row)):
        for name in ("input", "output"):
            old, new = getattr(before, name), getattr(after, name)
            if old and new and max(old, new) >= curation.IMPLAUSIBLE_RATIO * min(old, new):
                said = f"{name} price {new.normalize():f} after {old.normalize():f}"
                yield Found(f"offer {after.pk} {said}"[:240], str(after), said, rows=((Offer, after.pk),))


def odd_speeds() -> Iterable[Found]:
    for row in Runtime.objects.filter(model__status=Status.PUBLISHED).select_related("model"):
        odd = []
        for number, (low, high), unit in (
            (row.ttft_seconds, FIRST_TOKEN, "s to the first token"),
            (row.output_tokens_per_second, TOKENS_A_SECOND, "tokens a second"),
        ):
            if number is not None and not low <= number <= high:
                odd.append(f"{number.normalize():f} {unit}")
        if odd:
            said = f"{joined(odd)}: beyond what machines and readers stand"
            yield Found(f"runtime {row.pk} {said}"[:240], str(row), said, rows=((Runtime, row.pk),))


def placeholders() -> Iterable[Found]:
    """One round figure that one source gives again and again for one model, or for the speed of many."""
    groups = defaultdict(list)
    scores = Score.objects.published().filter(benchmark__unit="percent")
    for pk, model, value, source in scores.values_list("pk", "model__name", "value", "source_url"):
        if 0 < value < 100 and value % ROUND == 0:
            groups[model, value.normalize(), source].append((Score, pk))
    speeds = Runtime.objects.filter(model__status=Status.PUBLISHED)
    for pk, speed, source in speeds.values_list("pk", "output_tokens_per_second", "source_url"):
        if speed and speed % ROUND == 0:
            groups["Speed", speed.normalize(), source].append((Runtime, pk))
    for (subject, value, source), rows in groups.items():
        if len(rows) >= SAME_ROUND:
            said = f"{value:f} stands {len(rows)} times, from one source: a placeholder?"
            yield Found(f"{subject} {value:f} {len(rows)} {source}"[:240], subject, said, rows=tuple(rows))


def disagreeing(whole: plain.Whole) -> Iterable[Found]:
    """Cells whose sources give several values, the widest first."""
    found = []
    for model in whole.models:
        for slug, cell in whole.card(model).cells.items():
            low, high = cell.spread
            if low != high:
                test = whole.rules.benchmarks[slug]
                ends = [scoring.normalise(value, test) for value in (low, high)]
                width = abs(ends[1] - ends[0]) if None not in ends else high - low
                said = f"{low.normalize():f} to {high.normalize():f} in {len(cell.results)} results"
                key = f"{model.slug} {slug} {said}"
                found.append((width, Found(key, named_cell(whole, model, slug), said, model.slug, slug)))
    found.sort(key=lambda row: (-row[0], row[1].key))
    return [row for _, row in found]


def out_of_line(whole: plain.Whole) -> Iterable[Found]:
    """Scores that the fit did not expect; the farthest first."""
    fit = estimates.current()
    by_slug = {model.slug: model for model in whole.models}
    for each in evidence.out_of_line(fit.fit) if fit else ():
        slug, test = each.model, each.benchmark
        cell = whole.card(by_slug[slug]).cells.get(test) if slug in by_slug else None
        if cell:
            said = f"{cell.value.normalize():f} where about {points(each.expected, 1)} was expected"
            key = f"{slug} {test} {cell.value.normalize():f}"
            yield Found(key, named_cell(whole, by_slug[slug], test), said, slug, test)


def blind(whole: plain.Whole) -> Iterable[Found]:
    """Scores that need eyes, of models that are said to have none."""
    for model in whole.models:
        lacking = estimates.cannot(model)
        for slug in whole.card(model).cells if lacking else ():
            test = whole.rules.benchmarks[slug]
            if test.category in lacking:
                said = f"{model} takes {model.input_modalities.replace('|', ', ')}, and the test needs pictures"
                yield Found(f"{model.slug} {slug}", named_cell(whole, model, slug), said, model.slug, slug)


def deciding(whole: plain.Whole) -> Iterable[Found]:
    """Unconfirmed scores without which another model would lead a pair, or with which the estimate would call it otherwise."""
    cells = [
        (model, slug) for model in whole.models for slug, cell in whole.card(model).cells.items() if cell.is_unconfirmed
    ]
    featured = defaultdict(set)
    for first, second in FeaturedPair.objects.values_list("first", "second"):
        featured[first].add(second)
        featured[second].add(first)
    fit, found = estimates.current(), []
    for place, (model, slug) in enumerate(cells[:TRIED]):
        turned = turned_leaders(whole, model, slug)
        called = []
        if fit and fit.knows(model.slug) and place < EXAMINED:
            called = turned_calls(fit, whole, model, slug, featured[model.pk])
        names = [
            other.name for other in sorted({*turned, *called}, key=lambda m: (m.pk not in featured[model.pk], m.name))
        ]
        if names:
            said = [f"decides who leads the averages in {count(len(turned), 'pair')}"] if turned else []
            said += [f"would change the estimate's call in {count(len(called), 'pair')}"] if called else []
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            text = f"{joined(said)}: against {', '.join(names[:3])}{more}"
            value = whole.card(model).cells[slug].value.normalize()
            key = f"{model.slug} {slug} {value:f}"
            found.append((len(names), Found(key, named_cell(whole, model, slug), text, model.slug, slug)))
    found.sort(key=lambda row: (-row[0], row[1].key))
    return [row for _, row in found]


def turned_leaders(whole: plain.Whole, model: LanguageModel, slug: str) -> list[LanguageModel]:
    """Models against which the leader by averages is another one without the score."""
    card = whole.card(model)
    pairs = [
        (test, result)
        for test, cell in card.cells.items()
        for result in cell.results
        if test != slug or result.source_kind != "aggregator"
    ]
    without = scoring.scorecard(pairs, whole.rules.benchmarks, whole.rules.categories)
    values = [each.overall and each.overall.value for each in (card, without)]
    turned = []
    for other in whole.models:
        theirs = whole.card(other).overall
        if other.pk != model.pk and theirs and len({scoring.leader_of(mine, theirs.value) for mine in values}) > 1:
            turned.append(other)
    return turned


def turned_calls(
    fit: estimates.Estimates, whole: plain.Whole, model: LanguageModel, slug: str, featured: set[int]
) -> list[LanguageModel]:
    """Featured rivals and those with most shared tests against which the estimate would call otherwise if the score were confirmed."""
    card = whole.card(model)
    trusted = estimates.trusting(card)
    cells = card.cells | {slug: trusted[slug]}
    with_it = evidence.update(fit.fit, model.slug, cells, whole.rules.benchmarks)
    weights = estimates.weights(whole.rules)
    turned = []
    for other in rivals(whole, model, featured):
        if fit.knows(other.slug):
            drop = {*estimates.cannot(model), *estimates.cannot(other)}
            asked = [
                evidence.pair(each, model.slug, other.slug, weights, fit.basket, drop=drop)
                for each in (fit.fit, with_it)
            ]
            if len({called(each) for each in asked}) > 1:
                turned.append(other)
    return turned


def called(pair: evidence.Pair) -> str:
    """Whom the estimate names, and how surely."""
    if pair.p is None or pair.is_thin:
        return "too thin"
    word = evidence.call(pair.p)
    return word if word == "close" else f"{word} {pair.a if pair.p > 0.5 else pair.b}"


def rivals(whole: plain.Whole, model: LanguageModel, featured: set[int]) -> list[LanguageModel]:
    """Models that it stands beside on the front page, then those that took most of the same tests."""
    mine = whole.card(model).cells.keys()
    others = [other for other in whole.models if other.pk != model.pk]
    others.sort(key=lambda m: (m.pk not in featured, -len(mine & whole.card(m).cells.keys()), m.name))
    return others[: RIVALS + len(featured)]


def thin_pairs(whole: plain.Whole) -> Iterable[Found]:
    """Featured pairs with fewer than three shared tests, and the scores that would help most."""
    keys = {b.slug: pk for b, pk in ((b, b.pk) for b in Benchmark.objects.all())}
    pairs = FeaturedPair.objects.select_related("first", "second")
    for pair in pairs.filter(first__status=Status.PUBLISHED, second__status=Status.PUBLISHED):
        sides = (pair.first, pair.second)
        cards = [whole.card(model) for model in sides]
        compared = scoring.compare(*cards, whole.rules.benchmarks, whole.rules.categories)
        shared = sum(result.shared_tests for result in compared.categories)
        if shared < FEW_SHARED:
            lacking = missing(whole, sides, cards)[:UNLOCKING]
            said = f"{count(shared, 'shared test')}; {FEW_SHARED - shared} more make it comparable"
            links = tuple(
                (f"{whole.rules.benchmarks[slug].name} of {model}", add_score(model, keys[slug]))
                for model, slug in lacking
            )
            yield Found(f"pair {pair.pk} {shared}", str(pair), said, rows=((FeaturedPair, pair.pk),), links=links)


def missing(
    whole: plain.Whole, sides: Sequence[LanguageModel], cards: Sequence[scoring.Scorecard]
) -> list[tuple[LanguageModel, str]]:
    """(model, benchmark slug) of tests that only the other took, the heaviest first."""
    tests = whole.rules.benchmarks
    weights = {category.slug: category.weight for category in whole.rules.categories}
    found = []
    for model, mine, theirs in ((sides[0], *cards), (sides[1], *cards[::-1])):
        for slug in theirs.cells.keys() - mine.cells.keys():
            test = tests[slug]
            if test.kind in scoring.EVIDENCE_KINDS and test.category not in estimates.cannot(model):
                found.append((-test.weight * weights[test.category], test.name, model, slug))
    return [(model, slug) for *_, model, slug in sorted(found, key=lambda row: row[:2])]


def add_score(model: LanguageModel, benchmark: int) -> str:
    query = urlencode({"model": model.pk, "benchmark": benchmark, "status": Status.DRAFT})
    return f"comparisons/score/add/?{query}"


def doubles(whole: plain.Whole) -> Iterable[Found]:
    for one, other, text in likely_duplicates():
        rows = ((LanguageModel, one.pk), (LanguageModel, other.pk))
        said = f"both are called “{text}”" + (
            "" if Status.DRAFT not in (one.status, other.status) else "; one is a draft"
        )
        links = (
            (f"merge {other} into {one}", f"merge/{other.pk}/{one.pk}/"),
            (f"merge {one} into {other}", f"merge/{one.pk}/{other.pk}/"),
        )
        yield Found(f"{one.pk} {other.pk}", f"{one} and {other}", said, rows=rows, links=links)


# --- the rows of computed findings ----------------------------------------------------------------------------------
def with_rows(*actions: str) -> Callable[[Sequence[Found]], list[Finding]]:
    """Findings with the rows that they name, of any table; scores, offers and models allow actions, the rest a look."""

    def findings(page: Sequence[Found]) -> list[Finding]:
        wanted = defaultdict(set)
        for table, pk in (row for found in page for row in found.rows):
            wanted[table].add(pk)
        rows = {
            (table, row.pk): row
            for table, keys in wanted.items()
            for row in table.objects.filter(pk__in=keys).select_related(*JOINED[table])
        }
        return [
            Finding(
                found.key,
                found.subject,
                found.said,
                tuple(part_of(rows[name], actions) for name in found.rows if name in rows),
                ("settle",),
                found.links,
            )
            for found in page
        ]

    return findings


JOINED = {
    Score: ("model", "benchmark"),
    Offer: ("model",),
    Runtime: ("model",),
    FeaturedPair: ("first", "second"),
    LanguageModel: ("creator",),
}


def part_of(row: Model, actions: tuple[str, ...]) -> Part:
    match row:
        case Score():
            return Part(row, f"{row.model}, {row.benchmark}: {words(row)}", row.source_url, actions)
        case Offer():
            return Part(row, str(row), row.source_url, tuple(name for name in actions if name != "checked"))
        case Runtime():
            return Part(row, str(row), row.source_url, ("correct",))
        case LanguageModel():
            return Part(row, f"{row}, {row.get_status_display().lower()}, of {row.creator}", "", ())
    return Part(row, str(row))


def of_cells(*actions: str, whole: tuple[str, ...] = ("settle",)) -> Callable[[Sequence[Found]], list[Finding]]:
    """Findings with all published results of their cell, the displayed one first."""

    def findings(page: Sequence[Found]) -> list[Finding]:
        scores = Score.objects.published().select_related("model", "benchmark")
        scores = scores.filter(
            model__slug__in={found.model for found in page}, benchmark__slug__in={found.benchmark for found in page}
        )
        cells = defaultdict(list)
        for score in scores:
            cells[score.model.slug, score.benchmark.slug].append(score)
        return [
            Finding(
                found.key,
                found.subject,
                found.said,
                tuple(
                    Part(score, words(score), score.source_url, actions)
                    for score in sorted(cells[found.model, found.benchmark], key=scoring.preference)
                ),
                whole,
                found.links,
            )
            for found in page
        ]

    return findings


QUEUES = (
    Queue(
        "reports",
        "Readers' reports",
        "What readers say is wrong. Look at the source, correct the score, then answer here.",
        "scorereport",
        reported,
        of_reports,
    ),
    Queue(
        "deciding",
        "Unconfirmed scores that decide a call",
        "Only an aggregator reports them, and a verdict hangs on them. A confirmed source is worth most here.",
        "score",
        kept("deciding", deciding),
        of_cells("correct", "withdraw"),
    ),
    Queue(
        "odd",
        "Scores out of line",
        "The fit expected something else from the model's other scores. Right ones stay marked on the pages.",
        "score",
        kept("odd", out_of_line),
        of_cells("checked", "correct", "withdraw"),
    ),
    Queue(
        "blind",
        "Scores that contradict the modality",
        "The score is of another model, or the model's modalities are incomplete.",
        "score",
        kept("blind", blind),
        of_cells("correct", "withdraw"),
    ),
    Queue(
        "implausible",
        "Implausible figures",
        "Prices that jumped ten times, speeds beyond sense, one round figure again and again.",
        "score",
        kept("implausible", implausible),
        with_rows("checked", "correct", "withdraw"),
        "Confirm: it is right",
    ),
    Queue(
        "disagreeing",
        "Sources that disagree",
        "Pages show all values and choose one by rule. Withdraw what is wrong; what differs by setting is right.",
        "score",
        kept("disagreeing", disagreeing),
        of_cells("correct", "withdraw"),
    ),
    Queue(
        "duplicates",
        "Models that may be the same",
        "Merging moves everything to one of them and leaves the old address as a way to it.",
        "languagemodel",
        kept("duplicates", doubles),
        with_rows(),
        "Not a duplicate",
    ),
    Queue(
        "thin",
        "Featured pairs with few shared tests",
        "The front page shows them, and fewer than three tests compare them.",
        "featuredpair",
        kept("thin", thin_pairs),
        with_rows(),
        "Leave it as it is",
    ),
    Queue(
        "unsourced",
        "Figures without a full source",
        "Each has its page; when it was reported, measured or asked is missing.",
        "score",
        kept("unsourced", unsourced),
        with_rows("checked", "correct", "withdraw"),
    ),
    Queue(
        "stale",
        f"Scores not seen for {curation.STALE_DAYS} days",
        "Open the source. If it says the same, that is all: checked today.",
        "score",
        stale,
        of_stale,
    ),
)
BY_SLUG: Mapping[str, Queue] = {queue.slug: queue for queue in QUEUES}


def settle(queue: Queue, finding: Finding) -> bool:
    """Note that a finding is right as it is; False where somebody has already."""
    return Settled.objects.get_or_create(
        queue=queue.slug, key=finding.key, defaults={"subject": f"{finding.subject}: {finding.said}"[:240]}
    )[1]


def answer(report: int, state: ScoreReport.State, reason: str) -> bool:
    """Close a report; False where somebody has already."""
    row = ScoreReport.objects.select_for_update().filter(pk=report, state=ScoreReport.State.OPEN).first()
    if row is None:
        return False
    row.state = state
    row._change_reason = reason or None
    row.save()
    return True
