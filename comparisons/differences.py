"""What changed between two states of the catalogue: numbers on record with the reason, and what the site makes of them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from comparisons import assembly, listings, scoring, tradeoffs
from comparisons.days import Now, Past, Stand, end_of, written
from comparisons.links import Options
from comparisons.models import Benchmark, LanguageModel, Offer, Runtime, Score
from comparisons.panels import PairPage
from comparisons.verdicts import count, joined, number, percent, points, score_text, span

WEIGHT = "Weight of "
MOST_LINES = 50  # printed; the rest is counted


@dataclass(frozen=True, slots=True)
class Line:
    """One number before and after; empty: none. `model` is the key of the model it belongs to, `cause` what finds its reason."""

    subject: str
    old: str
    new: str
    why: str = ""
    source_url: str = ""
    model: int | None = None
    cause: tuple = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page of an earlier day, or a page that is compared with one, says of the difference."""

    day: str  # empty: it names no day, and `remarks` say why
    changed: str = ""  # `4 numbers changed`
    answer: str = ""  # `, the answer did not.`
    lines: tuple[Line, ...] = ()  # numbers on record
    more: str = ""
    outcomes: tuple[Line, ...] = ()  # what the site makes of them
    remarks: tuple[str, ...] = ()  # what else a reader must know
    today: str = ""  # address of the page of today; empty: there is none


# --- numbers on record ----------------------------------------------------------------------------------------------
def numbers(then: Past, now: Stand, of: Sequence[LanguageModel]) -> list[Line]:
    """Scores, prices, limits and speeds of models that are public in both states, and weights, that differ between them."""
    lines = []
    before, after = then.results(of), now.results(of)
    facts = then.facts(then.rows(of)), now.facts(of)
    tests = {**then.rules.benchmarks, **now.rules.benchmarks}
    for model in of:
        lines += _scores(model, before.get(model.pk, ()), after.get(model.pk, ()), tests)
        lines += _facts(model, *(each[model.pk] for each in facts))
    return lines + _weights(then, now)


def _scores(
    model: LanguageModel, before: Iterable, after: Iterable, tests: Mapping[str, scoring.Benchmark]
) -> list[Line]:
    old, new = (
        {(slug, result.setting, result.source_url): result for slug, result in found if slug in tests}
        for found in (before, after)
    )
    went, came = old.keys() - new.keys(), new.keys() - old.keys()
    for key in sorted(went):  # a corrected setting or source is not another number
        same = next((each for each in sorted(came) if each[0] == key[0] and new[each].value == old[key].value), None)
        if same:
            went, came = went - {key}, came - {same}
    keys = [key for key in old.keys() & new.keys() if old[key].value != new[key].value]
    lines = []
    for slug, setting, url in sorted([*keys, *went, *came]):
        test, values = tests[slug], [found.get((slug, setting, url)) for found in (old, new)]
        lines.append(
            Line(
                f"{model.name}: {test.name}" + (f" ({setting})" if setting else ""),
                *(score_text(result.value, test.unit) if result else "" for result in values),
                source_url=url,
                model=model.pk,
                cause=(slug, setting),
            )
        )
    return lines


def _facts(model: LanguageModel, old: tradeoffs.Facts, new: tradeoffs.Facts) -> list[Line]:
    lines = []
    prices = [{(offer.host, offer.basis): offer for offer in facts.offers} for facts in (old, new)]
    for host, basis in sorted(prices[0].keys() | prices[1].keys()):
        offers = [found.get((host, basis)) for found in prices]
        texts = [_price(offer) for offer in offers]
        if texts[0] != texts[1]:
            url = (offers[1] or offers[0]).source_url
            lines.append(
                Line(
                    f"{model.name} at {host}, per 1M tokens",
                    *texts,
                    source_url=url,
                    model=model.pk,
                    cause=(host, basis),
                )
            )
    for label, name, text in FACTS:
        values = [getattr(facts, name) for facts in (old, new)]
        if values[0] != values[1]:
            lines.append(Line(f"{model.name}: {label}", *map(text, values), model=model.pk))
    speeds = [{runtime.host: runtime for runtime in facts.runtimes} for facts in (old, new)]
    for host in sorted(speeds[0].keys() | speeds[1].keys()):
        texts = [_speed(found.get(host)) for found in speeds]
        if texts[0] != texts[1]:
            lines.append(Line(f"{model.name} at {host}: speed", *texts, model=model.pk, cause=(host,)))
    return lines


def _price(offer: tradeoffs.Offer | None) -> str:
    if offer is None:
        return ""
    if offer.basis != "api":
        return listings.BASES[offer.basis]
    named = (("input", offer.input), ("output", offer.output), ("cached", offer.cached_input))
    return ", ".join(f"{name} {tradeoffs.money(price)}" for name, price in named if price is not None)


def _speed(runtime: tradeoffs.Runtime | None) -> str:
    if runtime is None:
        return ""
    found = [
        (runtime.output_tokens_per_second, "tokens/s"),
        (runtime.ttft_seconds, "s to first token"),
    ]
    return ", ".join(f"{value.normalize():f} {unit}" for value, unit in found if value is not None)


def _count(value: int | None) -> str:
    return f"{value:,}" if value is not None else ""


def _date(value: datetime.date | None) -> str:
    return tradeoffs.day(value) if value else ""


FACTS: tuple[tuple[str, str, Callable[..., str]], ...] = (
    ("context window", "context_window", _count),
    ("maximum output", "max_output", _count),
    ("released", "released_on", _date),
    ("retires", "retires_on", _date),
)


def _weights(then: Past, now: Stand) -> list[Line]:
    lines = []
    old, new = ({c.slug: c for c in stand.rules.categories} for stand in (then, now))
    for slug in sorted(old.keys() & new.keys()):
        if old[slug].weight != new[slug].weight:
            lines.append(Line(WEIGHT + new[slug].name, percent(old[slug].weight), percent(new[slug].weight)))
    old, new = then.rules.benchmarks, now.rules.benchmarks
    for slug in sorted(old.keys() & new.keys()):
        if old[slug].weight != new[slug].weight:
            lines.append(Line(WEIGHT + new[slug].name, percent(old[slug].weight), percent(new[slug].weight)))
    return lines


# --- why ------------------------------------------------------------------------------------------------------------
def explained(lines: Sequence[Line], then: Past, now: Stand) -> tuple[Line, ...]:
    """The lines with the reasons that curators and imports gave for the rows behind them, in at most four queries."""
    keys = {line.model for line in lines if line.model}
    if not keys:
        return tuple(lines)
    reasons = defaultdict(list)
    span = {"history_date__gte": end_of(then.day), "history_date__lt": end_of(now.day)}
    tables = (
        (Score, "model", ("benchmark__slug", "setting")),
        (Offer, "model", ("host", "basis")),
        (Runtime, "model", ("host",)),
        (LanguageModel, "id", ()),
    )
    for table, owner, names in tables:
        entries = table.history.filter(**{f"{owner}__in": keys}, **span).exclude(history_change_reason=None)
        for key, reason, *cause in entries.order_by("history_date", "history_id").values_list(
            owner, "history_change_reason", *names
        ):
            if reason and reason not in reasons[key, tuple(cause)]:
                reasons[key, tuple(cause)].append(reason)
    return tuple(replace(line, why="; ".join(reasons[line.model, line.cause])) for line in lines)


# --- what the site makes of them ------------------------------------------------------------------------------------
def outcomes(then: Past, now: Stand, of: Sequence[LanguageModel]) -> tuple[Line, ...]:
    """Estimated score, average and rank of each model, where they are printed otherwise than they were."""
    lines = []
    figures = [_figures(stand, of) for stand in (then, now)]
    for model in of:
        for label in ("estimated score", "average of its own tests", "rank"):
            old, new = (found[model.pk][label] for found in figures)
            if old != new:
                lines.append(Line(f"{model.name}: {label}", old, new))
    return tuple(lines)


def _figures(stand: Stand, of: Sequence[LanguageModel]) -> dict[int, dict[str, str]]:
    whole, fit = stand.whole, stand.fit
    ranks = ranked(stand)
    found = {}
    for model in stand.rows(of):
        card, standing = whole.card(model), fit.standings.get(model.slug) if fit else None
        found[model.pk] = {
            "estimated score": f"{points(standing.overall.value, 1)} ({span(standing.overall)})" if standing else "",
            "average of its own tests": number(card.overall.value, 1) if card.overall else "",
            "rank": str(ranks.get(model.pk, "")),
        }
    return found


def ranked(stand: Stand, category: scoring.Category | None = None) -> dict[int, int]:
    """Ranks by model key as the leaderboard prints them, best first."""
    placed = listings.placed(stand.whole, category, stand.fit.standings if stand.fit else None)
    return {row.model.pk: row.rank for row in placed if row.rank}


# --- in words -------------------------------------------------------------------------------------------------------
def notice(
    then: Past,
    now: Stand,
    of: Sequence[LanguageModel],
    answers: tuple[str, str],
    *,
    about: Callable[[Line], bool] = lambda line: True,
    with_outcomes: bool = True,
    today: str = "",
) -> Notice:
    """What changed for models between two states; `answers` is what the page answered then and what it answers now.

    `about` chooses the numbers that the page prints. Models that are public in one state only are remarked on.
    """
    both = [model for model in of if then.rows([model]) and now.rows([model])]
    lines = [line for line in numbers(then, now, both) if about(line)]
    return Notice(
        day=written(then.day),
        changed=count(len(lines), "number") + " changed"
        if lines
        else "Nothing changed"
        if answers[0] == answers[1]
        else "No number of its own changed",
        answer=_answer(*answers, has_lines=bool(lines)),
        lines=explained(lines[:MOST_LINES], then, now),
        more=f"{len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else "",
        outcomes=outcomes(then, now, both) if with_outcomes else (),
        remarks=_remarks(then),
        today=today,
    )


def _answer(old: str, new: str, has_lines: bool) -> str:
    """The end of the sentence that begins with what changed."""
    if old != new:
        return f", and the answer did: then {old}, now {new}."
    return ", the answer did not." if has_lines else "."


def _remarks(then: Past) -> tuple[str, ...]:
    remarks = []
    if then.fit is None:
        remarks.append("No estimate of that day is stored, so the averages lead.")
    if then.left_out:
        models = count(then.left_out, "model")
        remarks.append(
            f"{models} taken off the site since {'is' if then.left_out == 1 else 'are'} left out, so ranks may differ."
        )
    return tuple(remarks)


def arrivals(then: Past, now: Stand) -> tuple[str, ...]:
    """Which models came and went between two states, in words."""
    old, new = ({model.pk: model.name for model in stand.whole.models} for stand in (then, now))
    came, gone = ([names[key] for key in names if key not in others] for names, others in ((new, old), (old, new)))
    lines = [(came, "new since"), (gone, "withdrawn since")]
    return tuple(f"{count(len(names), 'model')} {words}: {_some(names)}." for names, words in lines if names)


def _some(names: Sequence[str], most: int = 8) -> str:
    return joined([*names[:most], f"{len(names) - most} more"] if len(names) > most else names)


# --- the pages ------------------------------------------------------------------------------------------------------
def call(page: PairPage) -> str:
    """What the page of a pair answers."""
    leader = {"a": 0, "b": 1}.get(page.front.leader)
    return f"“{page.front.badge}”" + ("" if leader is None else f" for {page.sides[leader].name}")


def withdrawn(then: Past, of: Sequence[LanguageModel]) -> Notice:
    """Of a page of models that are not all public today: there is nothing to compare it with."""
    gone = [model for model in of if model.status == "withdrawn"]
    remarks = [f"{model.name} has been withdrawn since{_successor(model)}." for model in gone]
    return Notice(day=written(then.day), remarks=(*remarks, *_remarks(then)))


def _successor(model: LanguageModel) -> str:
    successor = model.successor
    return f"; its successor is {successor.name}" if successor and successor.status == "published" else ""


def of_pair(then: Past, now: Stand, of: Sequence[LanguageModel], options: Options, path: str) -> Notice:
    """Its answer is the call, under the options of the page."""
    if len(now.rows(of)) < len(of):
        return withdrawn(then, of)
    answers = [call(assembly.pair(stand, of, options, path)) for stand in (then, now)]
    return notice(then, now, of, tuple(answers), today=options.href(path))


def of_shortlist(then: Past, now: Now, of: Sequence[LanguageModel], today: str) -> Notice:
    """Its answer is which of the models ranks highest."""
    if any(model.status == "withdrawn" for model in of):
        return withdrawn(then, of)
    answers = []
    for stand in (then, now):
        ranks = ranked(stand)
        best = min(stand.rows(of), key=lambda model: ranks.get(model.pk, len(ranks) + 1))
        answers.append(f"{best.name} in front" if best.pk in ranks else "none of them ranked")
    return notice(then, now, of, tuple(answers), today=today)


def of_board(then: Past, now: Now, category: scoring.Category | None, today: str) -> Notice:
    """Its answer is who leads."""
    tests = {test.slug for test in now.rules.benchmarks.values() if not category or test.category == category.slug}
    names = {test.name for test in now.rules.benchmarks.values() if test.slug in tests} | {category and category.name}

    def is_about(line: Line) -> bool:
        return not category or (line.cause[:1] and line.cause[0] in tests) or line.subject.removeprefix(WEIGHT) in names

    found = notice(
        then,
        now,
        now.whole.models,
        tuple(_leader(stand, category) for stand in (then, now)),
        about=is_about,
        with_outcomes=False,
        today=today,
    )
    return replace(found, remarks=(*arrivals(then, now), *found.remarks))


def _leader(stand: Stand, category: scoring.Category | None) -> str:
    first = [key for key, rank in ranked(stand, category).items() if rank == 1]
    names = [model.name for model in stand.whole.models if model.pk in first]
    return f"{joined(names)} in front" if names else "nobody ranked"


def of_model(then: Past, now: Now, model: LanguageModel) -> Notice:
    """Its answer is the rank."""
    if model.status == "withdrawn":
        return withdrawn(then, [model])
    answers = []
    for stand in (then, now):
        ranks = ranked(stand)
        answers.append(f"rank {ranks[model.pk]} of {len(ranks)}" if model.pk in ranks else "not ranked")
    return notice(then, now, [model], tuple(answers), today=model.get_absolute_url())


def of_benchmark(then: Past, now: Now, test: Benchmark) -> Notice:
    """Its answer is who has the best score."""

    def is_about(line: Line) -> bool:
        return line.cause[:1] == (test.slug,) or line.subject == WEIGHT + test.name

    answers = []
    for stand in (then, now):
        row = stand.benchmark(test)
        rows = listings.benchmark_page(stand.rules.benchmarks[row.slug], stand.whole).rows
        best = [name for rank, name, *_ in rows if rank == 1]
        answers.append(f"{joined(best)} in front" if best else "nobody tested")
    found = notice(
        then, now, now.whole.models, tuple(answers), about=is_about, with_outcomes=False, today=test.get_absolute_url()
    )
    return replace(found, remarks=(*arrivals(then, now), *found.remarks))
