"""The catalogue as pages read it: as it is, or as it stood at the end of a day, rebuilt from the history of its rows.

Of an earlier day a page shows what was public at its end (UTC). Models that the public has no address of today, drafts and deleted
ones, are left out of every day; a withdrawn model stays in the days before its withdrawal.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.db import models
from django.db.models import F, Min, Window
from django.db.models.functions import RowNumber

from comparisons import estimates, freshness, plain, scoring, sides, tradeoffs
from comparisons.models import (
    Benchmark,
    CatalogueVersion,
    Category,
    Change,
    Creator,
    FeaturedPair,
    LanguageModel,
    Offer,
    OfferTier,
    Runtime,
    Score,
    Status,
)
from comparisons.verdicts import joined

KEPT_DAYS = 4  # rebuilt days that a process keeps
LATEST_CHANGES = 10


def end_of(day: datetime.date) -> datetime.datetime:
    """The first moment after a day."""
    return datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), datetime.UTC)


def written(day: datetime.date) -> str:
    return f"{day.day} {day:%B %Y}"


def first() -> datetime.date | None:
    """The day on which the history begins; None where nothing is on record."""
    begun = LanguageModel.history.aggregate(begun=Min("history_date"))["begun"]
    return begun and begun.date()


# --- now ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Now:
    """The catalogue as it is, asked as `Past` is."""

    day: datetime.date

    @cached_property
    def rules(self) -> plain.Rulebook:
        return plain.rulebook()

    @cached_property
    def whole(self) -> plain.Whole:
        return plain.whole(self.day)

    @cached_property
    def fit(self) -> estimates.Estimates | None:
        return estimates.current()

    @property
    def newest(self) -> datetime.date:
        """The day of the newest change that a page can show."""
        moment = CatalogueVersion.moment_of(freshness.version())
        return moment.date() if moment else self.day

    def rows(self, of: Sequence[LanguageModel]) -> list[LanguageModel]:
        return [model for model in of if model.status == Status.PUBLISHED]

    def results(self, of: Sequence[LanguageModel]) -> dict[int, list[tuple[str, scoring.Result]]]:
        return {key: side.results for key, side in sides.of(of, self.day).items()}

    def cards(self, of: Sequence[LanguageModel], sources: str) -> dict[int, scoring.Scorecard]:
        """Scorecards by model key under the site's weights, of the kinds of source that a reading allows."""
        return {key: side.card(self.rules, sources) for key, side in sides.of(of, self.day).items()}

    def facts(self, of: Sequence[LanguageModel]) -> dict[int, tradeoffs.Facts]:
        return {key: side.facts for key, side in sides.of(of, self.day).items()}

    def is_featured(self, first: LanguageModel, second: LanguageModel) -> bool:
        return sides.is_featured(first, second)

    def paid_over_time(self, model: LanguageModel) -> tuple[tradeoffs.Offer, ...]:
        offers = Offer.objects.ever_of(model).prefetch_related("tiers")
        return plain.paid_over_time((offer, offer.tiers.all()) for offer in offers)

    def changes(self, model: LanguageModel) -> list[Change]:
        return list(model.changes.newest(LATEST_CHANGES))

    def benchmark(self, row: Benchmark) -> Benchmark:
        return row


# --- an earlier day -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Past:
    """The catalogue at the end of a day; rows by their keys."""

    day: datetime.date
    changed_at: datetime.datetime | None  # of the newest row of the history
    creators: tuple[Creator, ...]
    published: tuple[LanguageModel, ...]  # of which the public has an address today
    left_out: int  # published then, draft or deleted now
    categories: tuple[Category, ...]
    benchmarks: Mapping[int, Benchmark]
    found: Mapping[int, list[tuple[str, scoring.Result]]]
    offers: tuple[tuple[Offer, list[OfferTier]], ...]
    runtimes: tuple[Runtime, ...]
    featured: frozenset[tuple[int, int]]

    @cached_property
    def rules(self) -> plain.Rulebook:
        return plain.rulebook_of(self.categories, self.benchmarks.values())

    @cached_property
    def whole(self) -> plain.Whole:
        cards = plain.scorecards(self.rules, self.found)
        return plain.Whole("", self.day, self.rules, self.published, cards, self.facts(self.published))

    @cached_property
    def fit(self) -> estimates.Estimates | None:
        return estimates.of_day(end_of(self.day), self.changed_at, self.rules, self.published)

    @property
    def newest(self) -> datetime.date:
        moments = [moment for moment in (self.changed_at, self.fit and self.fit.made_at) if moment]
        return max(moments).date() if moments else self.day

    def rows(self, of: Sequence[LanguageModel]) -> list[LanguageModel]:
        """The same models as they were, without those that were not public."""
        found = {model.pk: model for model in self.published}
        return [found[model.pk] for model in of if model.pk in found]

    def results(self, of: Sequence[LanguageModel]) -> dict[int, list[tuple[str, scoring.Result]]]:
        return {model.pk: self.found.get(model.pk, []) for model in of}

    def cards(self, of: Sequence[LanguageModel], sources: str) -> dict[int, scoring.Scorecard]:
        return plain.scorecards(self.rules, self.results(of), sources)

    def facts(self, of: Sequence[LanguageModel]) -> dict[int, tradeoffs.Facts]:
        keys = {model.pk for model in of}
        offers = [pair for pair in self.offers if pair[0].model_id in keys and _is_in_force(pair[0], self.day)]
        return plain.facts_of(of, offers, [row for row in self.runtimes if row.model_id in keys])

    def is_featured(self, first: LanguageModel, second: LanguageModel) -> bool:
        return (first.pk, second.pk) in self.featured

    def paid_over_time(self, model: LanguageModel) -> tuple[tradeoffs.Offer, ...]:
        return plain.paid_over_time(pair for pair in self.offers if pair[0].model_id == model.pk)

    def changes(self, model: LanguageModel) -> list[Change]:
        found = list(Change.objects.filter(model=model.pk).before(end_of(self.day)).newest(LATEST_CHANGES))
        for change in found:
            change.model = model
        return found

    def benchmark(self, row: Benchmark) -> Benchmark | None:
        return self.benchmarks.get(row.pk)


Stand = Now | Past


def _is_in_force(offer: Offer, day: datetime.date) -> bool:
    """As `OfferQuerySet.current` has it."""
    return (offer.starts_on is None or offer.starts_on <= day) and (offer.ends_on is None or offer.ends_on >= day)


def past(day: datetime.date) -> Past:
    """The catalogue at the end of a day, in twelve queries; a few days are kept until the catalogue changes."""
    return _past(day, freshness.version())


@dataclass(frozen=True)
class Seen:
    """What a page shows: an earlier day, or today with the reason why it is not the day asked for."""

    now: Now
    then: Past | None = None
    note: str = ""

    @property
    def stand(self) -> Stand:
        return self.then or self.now


def seen(text: str, day: datetime.date | None, today: datetime.date, of: Sequence[LanguageModel] = ()) -> Seen:
    """The day that an address asks for, where all these models were public on it.

    `text` is what the address says, `day` what that means.
    """
    now = Now(today)
    if not text:
        return Seen(now)
    if day is None:
        return Seen(now, note=f"“{text}” is not a day written as {today}.")
    if day > today:
        return Seen(now, note=f"{written(day)} is still to come.")
    begun = first()
    if begun is None or day < begun:
        return Seen(now, note=f"The record begins {f'on {written(begun)}' if begun else 'with the first model'}.")
    then = past(day)
    known = {model.pk for model in then.rows(of)}
    missing = [model.name for model in of if model.pk not in known]
    if missing:
        were = "was" if len(missing) == 1 else "were"
        return Seen(now, note=f"{joined(missing)} {were} not on this site on {written(day)}.")
    return Seen(now, then)


@lru_cache(maxsize=KEPT_DAYS)
def _past(day: datetime.date, version: str) -> Past:
    tables = (Creator, LanguageModel, Category, Benchmark, Score, Offer, OfferTier, Runtime, FeaturedPair)
    then = {table: _Then(table, end_of(day)) for table in tables}
    known = set(LanguageModel.objects.visible().values_list("pk", flat=True))
    creators, categories = then[Creator].by_key(), then[Category].by_key()
    every = {key: row for key, row in then[LanguageModel].by_key().items() if row.creator_id in creators}
    for row in every.values():
        row.creator, row.seen_on = creators[row.creator_id], day
        row.successor = every.get(row.successor_id)
    published = {key: row for key, row in every.items() if row.status == Status.PUBLISHED}
    public = {key: row for key, row in published.items() if key in known}
    benchmarks = {key: row for key, row in then[Benchmark].by_key().items() if row.category_id in categories}
    for row in benchmarks.values():
        row.category = categories[row.category_id]
    tiers = defaultdict(list)
    for tier in then[OfferTier].rows:
        tiers[tier.offer_id].append(tier)
    return Past(
        day=day,
        changed_at=max((each.newest for each in then.values() if each.newest), default=None),
        creators=tuple(sorted(creators.values(), key=lambda row: row.name)),
        published=plain.by_name(public.values()),
        left_out=len(published) - len(public),
        categories=tuple(categories.values()),
        benchmarks=benchmarks,
        found=_found(then[Score].rows, public, benchmarks),
        offers=tuple(
            (row, tiers[row.pk])
            for row in then[Offer].rows
            if row.status == Status.PUBLISHED and row.model_id in public
        ),
        runtimes=tuple(row for row in then[Runtime].rows if row.measured_on and row.host and row.model_id in public),
        featured=frozenset((row.first_id, row.second_id) for row in then[FeaturedPair].rows),
    )


def _found(
    rows: Iterable[Score], public: Mapping[int, LanguageModel], benchmarks: Mapping[int, Benchmark]
) -> dict[int, list[tuple[str, scoring.Result]]]:
    """As `plain.results`, of the rows that `ScoreQuerySet.published` lets through."""
    found = defaultdict(list)
    for row in rows:
        is_shown = row.status == Status.PUBLISHED and row.withdrawn_on is None
        if is_shown and row.model_id in public and row.benchmark_id in benchmarks:
            result = scoring.Result(
                row.value, row.source_kind, row.source_url, row.reported_on, row.setting, row.note, row.checked_on
            )
            found[row.model_id].append((benchmarks[row.benchmark_id].slug, result))
    return dict(found)


class _Then:
    """The rows of one table before a moment, as its history has them, and the time of its newest entry."""

    def __init__(self, table: type[models.Model], end: datetime.datetime) -> None:
        order = [F("history_date").desc(), F("history_id").desc()]
        entries = table.history.filter(history_date__lt=end)
        entries = entries.alias(turn=Window(RowNumber(), partition_by="id", order_by=order)).filter(turn=1)
        names = [column.attname for column in table._meta.concrete_fields]
        self.rows, self.newest = [], None
        for kind, at, *values in entries.order_by().values_list("history_type", "history_date", *names):
            self.newest = max(at, self.newest or at)
            if kind != "-":
                self.rows.append(table(**dict(zip(names, values, strict=True))))

    def by_key(self) -> dict[int, models.Model]:
        return {row.pk: row for row in self.rows}
