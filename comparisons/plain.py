"""Stored rows as the plain values that scoring and tradeoffs compute on."""

from __future__ import annotations

import datetime
import gc
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from comparisons import freshness, models, querysets, scoring, tradeoffs

EMPTY_CARD = scoring.Scorecard({}, {}, None)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Weights in force: categories in their order, benchmarks by slug."""

    categories: tuple[scoring.Category, ...]
    benchmarks: dict[str, scoring.Benchmark]

    def reweighted(self, times: Mapping[str, int]) -> Rulebook:
        """The same with the categories' weights multiplied, by slug."""
        if not times:
            return self
        categories = tuple(replace(c, weight=c.weight * times.get(c.slug, 1)) for c in self.categories)
        return replace(self, categories=categories)


_rules: tuple[str, Rulebook] = ("", Rulebook((), {}))


def rulebook() -> Rulebook:
    """The weights in force, kept by the process until the catalogue changes."""
    global _rules
    version, kept = freshness.version(), _rules
    if kept[0] != version:
        benchmarks = models.Benchmark.objects.select_related("category").order_by()
        _rules = kept = version, rulebook_of(models.Category.objects.all(), benchmarks)
    return kept[1]  # never what another thread has put there since


def rulebook_of(categories: Iterable[models.Category], benchmarks: Iterable[models.Benchmark]) -> Rulebook:
    """From rows in any order; sorted here, as databases differ in how they sort text."""
    return Rulebook(
        tuple(
            scoring.Category(row.slug, row.name, row.weight, row.order)
            for row in sorted(categories, key=lambda row: row.order)
        ),
        {
            row.slug: plain_benchmark(row)
            for row in sorted(benchmarks, key=lambda row: (row.category.order, -row.weight, row.name))
        },
    )


def plain_benchmark(row: models.Benchmark) -> scoring.Benchmark:
    return scoring.Benchmark(
        slug=row.slug,
        name=row.name,
        category=row.category.slug,
        weight=row.weight,
        unit=row.unit,
        floor=row.floor,
        ceiling=row.ceiling,
        direction=row.direction,
        decimals=row.decimals,
        family=row.family,
        kind=row.kind,
        items=row.items,
        status=row.status,
        version=row.version,
    )


def results(of: Iterable[models.LanguageModel] | None = None) -> dict[int, list[tuple[str, scoring.Result]]]:
    """(benchmark slug, result) pairs by model key; of every published model where `of` is None. One query."""
    rows = models.Score.objects.published()
    if of is not None:
        rows = rows.of(list(of))
    found = defaultdict(list)
    for key, benchmark, *fields in rows.order_by().values_list(
        "model", "benchmark__slug", "value", "source_kind", "source_url", "reported_on", "setting", "note", "checked_on"
    ):
        found[key].append((benchmark, scoring.Result(*fields)))
    return found


def scorecards(rules: Rulebook, found: dict[int, list], sources: str = "all") -> dict[int, scoring.Scorecard]:
    """Scorecards by model key, over the kinds of source that a reading allows."""
    return {
        key: scoring.scorecard(pairs, rules.benchmarks, rules.categories, sources=scoring.SOURCES[sources])
        for key, pairs in found.items()
    }


def facts(of: Iterable[models.LanguageModel], today: datetime.date) -> dict[int, tradeoffs.Facts]:
    """What is known about running each model, by its key: offers in force today, sourced snapshots, limits."""
    of = list(of)
    offers: dict[int, tuple[models.Offer, list[models.OfferTier]]] = {}
    for offer in models.Offer.objects.current(today).filter(model__in=of).order_by().with_tiers():
        tiers = offers.setdefault(offer.pk, (offer, []))[1]
        if offer.tier_from_prompt_tokens is not None:
            tiers.append(models.OfferTier(**{name: getattr(offer, f"tier_{name}") for name in querysets.TIER_PRICES}))
    runtimes = models.Runtime.objects.sourced().filter(model__in=of).order_by()
    return facts_of(of, offers.values(), runtimes)


def facts_of(
    of: Iterable[models.LanguageModel],
    offers: Iterable[tuple[models.Offer, Iterable[models.OfferTier]]],
    runtimes: Iterable[models.Runtime],
) -> dict[int, tradeoffs.Facts]:
    """The same from rows in any order: offers in force with their tiers, snapshots that may be shown."""
    offered, measured = defaultdict(list), defaultdict(list)
    for offer, tiers in sorted(offers, key=lambda pair: _place(pair[0])):
        offered[offer.model_id].append(plain_offer(offer, tiers))
    for runtime in sorted(runtimes, key=lambda row: (-row.measured_on.toordinal(), row.host, row.pk)):
        measured[runtime.model_id].append(
            tradeoffs.Runtime(
                runtime.host,
                runtime.measured_on,
                runtime.output_tokens_per_second,
                runtime.ttft_seconds,
                runtime.ttft_kind,
                runtime.source_url,
                runtime.method,
            )
        )
    return {
        model.pk: tradeoffs.Facts(
            name=model.name,
            offers=tuple(offered[model.pk]),
            runtimes=tuple(measured[model.pk]),
            context_window=model.context_window,
            max_output=model.max_output,
            reasoning=model.reasoning,
            open_weights=model.open_weights,
            licence=model.licence,
            input_modalities=tuple(model.input_modalities.split("|")) if model.input_modalities else (),
            released_on=model.released_on,
            retires_on=model.retires_on,
            knowledge_cutoff=model.knowledge_cutoff,
            url=model.url,
        )
        for model in of
    }


def _place(offer: models.Offer) -> tuple:
    """The maker's own first, each host's newest first."""
    return not offer.makers_own, offer.host, -(offer.starts_on.toordinal() if offer.starts_on else 0), offer.pk


def paid_over_time(
    offers: Iterable[tuple[models.Offer, Iterable[models.OfferTier]]],
) -> tuple[tradeoffs.Offer, ...]:
    """A model's paid offers of which the first day is known, each host's in the order of time, the maker's own first."""
    dated = [(offer, tiers) for offer, tiers in offers if offer.starts_on and offer.basis == "api"]
    dated.sort(key=lambda pair: (not pair[0].makers_own, pair[0].host, pair[0].starts_on, pair[0].pk))
    return tuple(plain_offer(offer, tiers) for offer, tiers in dated)


def plain_offer(offer: models.Offer, tiers: Iterable[models.OfferTier]) -> tradeoffs.Offer:
    return tradeoffs.Offer(
        host=offer.host,
        basis=offer.basis,
        input=offer.input,
        output=offer.output,
        cached_input=offer.cached_input,
        batch_discount=offer.batch_discount,
        makers_own=offer.makers_own,
        starts_on=offer.starts_on,
        source_url=offer.source_url,
        ends_on=offer.ends_on,
        tiers=tuple(
            tradeoffs.Tier(tier.from_prompt_tokens, tier.input, tier.output, tier.cached_input)
            for tier in sorted(tiers, key=lambda tier: tier.from_prompt_tokens)
        ),
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything published, at one version of the catalogue and on one day."""

    version: str
    day: datetime.date
    rules: Rulebook
    models: tuple[models.LanguageModel, ...]
    cards: dict[int, scoring.Scorecard]  # by model key; models without a score are absent
    facts: dict[int, tradeoffs.Facts]  # by model key
    worked_out: dict = field(default_factory=dict, compare=False)  # boards and newest days asked for so far

    def card(self, model: models.LanguageModel) -> scoring.Scorecard:
        return self.cards.get(model.pk, EMPTY_CARD)

    def reweighted(self, times: Mapping[str, int]) -> Whole:
        """The same with other weights of the categories: other overall averages, the averages of categories as they are."""
        if not times:
            return self
        rules = self.rules.reweighted(times)
        cards = {key: scoring.reweighted(card, rules.categories) for key, card in self.cards.items()}
        return replace(self, rules=rules, cards=cards, worked_out={})


_kept: Whole | None = None
_reading = threading.Lock()


def whole(today: datetime.date) -> Whole:
    """What pages about many models print, kept by the process until the catalogue or the day changes.

    The version is read first, so that what is kept is never older than the version it is kept under. One thread reads, however many ask.
    """
    global _kept
    version = freshness.version()
    with _reading:
        kept = _kept
        if kept is None or (kept.version, kept.day) != (version, today):
            _kept = kept = read(today)
    return kept


def read(today: datetime.date) -> Whole:
    """The same, read anew and kept by nobody."""
    version, rules = freshness.version(), rulebook()
    with no_collections():
        published = by_name(models.LanguageModel.objects.published().select_related("creator").order_by())
        return Whole(version, today, rules, published, scorecards(rules, results()), facts(published, today))


@contextmanager
def no_collections() -> Iterator[None]:
    """None of what is read is garbage: to look through it again and again would take a quarter of the time where it is much."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def by_name(rows: Iterable[models.LanguageModel]) -> tuple[models.LanguageModel, ...]:
    return tuple(sorted(rows, key=lambda model: model.name))
