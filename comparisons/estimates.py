"""The stored ability fit for pages, and the making of it: fits are made by `refit`, a page only reads the last one."""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
from django.db import transaction
from django.utils import timezone

from comparisons import evidence, freshness, heldout, news, plain, scoring, timelines
from comparisons.models import Ability, CatalogueVersion, Change, Fit, LanguageModel, Score
from comparisons.tradeoffs import day

BASKET = Path(__file__).parent / "basket.json"
SEEING = frozenset({"multimodal"})  # categories that a model without image input cannot do
KEPT_FITS = 10  # in the database, beside the last one of each day of
KEPT_DAYS = 400  # and, before that, of each month
CAUGHT_UP = 20  # models whose rows enter the last fit without a new one
KEPT_GUESSES, KEPT_PAIRS = 500, 50  # models and pairs
SMALL_SECONDS, SMALL_SCORES = 2.0, 20_000  # a fit quicker than this, of no more, is made after every publication


@dataclass(frozen=True, slots=True)
class Estimates:
    """One stored fit, ready to be asked."""

    key: int
    made_at: datetime.datetime
    is_current: bool  # the catalogue has not changed since
    fit: evidence.Fit
    basket: evidence.Basket
    standings: Mapping[str, evidence.Standing]  # by model slug, under the site's own weights
    lacking: Mapping[str, Collection[str]]  # categories that a model cannot do, by its slug
    odd: Mapping[
        str, Mapping[str, float]
    ]  # expected value of each score that is out of line, by model and benchmark slug
    guesses: dict[str, evidence.Array] = field(default_factory=dict)  # plausible ends (B x 2) by model, see `_values`
    pairs: dict[Hashable, PairEstimates] = field(default_factory=dict)  # asked for so far, see `of_pair`

    @property
    def age_note(self) -> str:
        """Said beside estimates that the catalogue has outgrown."""
        return "" if self.is_current else f"Estimates of {day(self.made_at.date())}; the catalogue has changed since."

    def knows(self, slug: str) -> bool:
        return slug in self.standings


_kept: tuple[str, Estimates | None] = ("", None)
_opening = threading.Lock()


def current() -> Estimates | None:
    """The newest stored fit, unpacked once a process and catalogue version, by one thread; None before the first."""
    global _kept
    version = freshness.version()
    with _opening:
        kept = _kept
        if kept[0] != version:
            newest = Fit.objects.values_list("pk", "catalogue", "made_at").first()
            if newest is None:
                return None
            key, catalogue, made_at = newest
            published = LanguageModel.objects.published()
            kept = version, _opened(key, made_at, catalogue == version, plain.rulebook(), published)
            _kept = kept
    return kept[1]


def of_day(
    end: datetime.datetime,
    changed_at: datetime.datetime | None,
    rules: plain.Rulebook,
    published: Iterable[LanguageModel],
) -> Estimates | None:
    """The newest stored fit made before a moment, with the weights and models of then; None where there is none.

    `changed_at` is when the catalogue of then had last changed.
    """
    newest = Fit.objects.filter(made_at__lt=end).values_list("pk", "made_at", "catalogue").first()
    if newest is None:
        return None
    key, made_at, catalogue = newest
    read_at = min(made_at, CatalogueVersion.moment_of(catalogue) or made_at)  # earlier: a full fit was still owed
    return _opened(key, made_at, changed_at is None or changed_at <= read_at, rules, published)


def _opened(
    key: int, made_at: datetime.datetime, is_current: bool, rules: plain.Rulebook, published: Iterable[LanguageModel]
) -> Estimates:
    arrays, kept = Fit.objects.values_list("arrays", "ranges").get(pk=key)
    found, lacking = evidence.unpack(bytes(arrays)), unable(published)
    ranges = kept["ranks"] if kept and kept["terms"] == terms_of(found, rules, lacking) else None
    placed = evidence.standings(found, weights(rules), basket(), drop=lacking, ranges=ranges)
    odd: dict[str, dict[str, float]] = defaultdict(dict)
    for each in evidence.out_of_line(found):
        odd[each.model][each.benchmark] = each.expected
    return Estimates(key, made_at, is_current, found, basket(), {s.model: s for s in placed}, lacking, odd)


def weights(rules: plain.Rulebook) -> dict[str, float]:
    return {category.slug: float(category.weight) for category in rules.categories}


@cache
def basket() -> evidence.Basket:
    """The frozen lists of tests that estimated scores refer to."""
    return evidence.read_basket(BASKET.read_text())


def terms_of(found: evidence.Fit, rules: plain.Rulebook, lacking: Mapping[str, Collection[str]]) -> str:
    """A digest of all that rank ranges depend on beside the fit: weights, basket, what its models cannot do, how they are drawn."""
    drops = {slug: sorted(lacking[slug]) for slug in found.observed.models if slug in lacking}
    drawn = evidence.DRAWS, evidence.SEED, evidence.STRETCH, evidence.THIN
    said = json.dumps([weights(rules), basket().tests, drops, drawn], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def ranges_of(
    placed: Iterable[evidence.Standing],
    found: evidence.Fit,
    rules: plain.Rulebook,
    lacking: Mapping[str, Collection[str]],
) -> dict[str, object]:
    """Rank ranges as a fit keeps them, by the slugs that it knows."""
    ranks = {place.model: (place.best, place.worst) for place in placed if place.rank}
    return {"terms": terms_of(found, rules, lacking), "ranks": ranks}


def standings(
    found: Estimates | None, rules: plain.Rulebook, *, is_reweighted: bool
) -> Mapping[str, evidence.Standing] | None:
    """Every model's standing by slug under the weights in force; None before the first fit."""
    if found is None or not is_reweighted:
        return found.standings if found else None
    placed = evidence.standings(found.fit, weights(rules), found.basket, drop=found.lacking)
    return {standing.model: standing for standing in placed}


def cannot(model: LanguageModel) -> Collection[str]:
    """Categories that a model cannot do; an unknown modality counts as can."""
    modalities = set(model.input_modalities.split("|")) if model.input_modalities else {"image"}
    return frozenset() if modalities & {"image", "video"} else SEEING


def unable(models: Iterable[LanguageModel]) -> dict[str, Collection[str]]:
    return {model.slug: lacking for model in models if (lacking := cannot(model))}


def pair(
    found: Estimates | None,
    rules: plain.Rulebook,
    models: Sequence[LanguageModel],
    with_cells: Mapping[str, Mapping[str, scoring.Cell]] | None = None,
) -> evidence.Pair | None:
    """The estimate of two models under the weights in force; None before the first fit or where it does not know one of them.

    `with_cells` replaces the scores that the fit saw of them, by model slug, with the benchmarks as they are.
    """
    a, b = models
    if found is None or not (found.knows(a.slug) and found.knows(b.slug)):
        return None
    fitted = found.fit
    for slug, cells in (with_cells or {}).items():
        fitted = evidence.update(fitted, slug, cells, rules.benchmarks)
    return evidence.pair(fitted, a.slug, b.slug, weights(rules), found.basket, drop={*cannot(a), *cannot(b)})


@dataclass(frozen=True, slots=True)
class PairEstimates:
    """What one stored fit says of two models, in the order of a page."""

    pair: evidence.Pair | None = None  # none: it does not know one of them
    of_all: evidence.Pair | None = None  # as if unconfirmed scores counted; only where there are some
    odd: Mapping[tuple[str, str], float] = field(default_factory=dict)  # expected scores by side (a, b) and benchmark
    settling: tuple[str, str, float] | None = None
    blanks: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    age_note: str = ""


def of_pair(
    found: Estimates | None,
    rules: plain.Rulebook,
    models: Sequence[LanguageModel],
    comparison: scoring.Comparison,
    *,
    asked: Hashable,
) -> PairEstimates | None:
    """All that a pair page prints of a fit; None before the first.

    Kept under what was `asked`, which names the sources and weights that rules and comparison were made for: the readings, selections and
    twins of one pair share it.
    """
    if found is None:
        return None
    key = (*(model.pk for model in models), asked)
    kept = found.pairs.get(key)
    if kept is None:
        if len(found.pairs) >= KEPT_PAIRS:
            found.pairs.clear()
        kept = found.pairs[key] = _of_pair(found, rules, models, comparison)
    return kept


def _of_pair(
    found: Estimates, rules: plain.Rulebook, models: Sequence[LanguageModel], comparison: scoring.Comparison
) -> PairEstimates:
    estimate = pair(found, rules, models)
    odd = {
        (side, test): expected
        for side, model in zip("ab", models, strict=True)
        for test, expected in found.odd.get(model.slug, {}).items()
    }
    if estimate is None:
        return PairEstimates(odd=odd, age_note=found.age_note)
    cards = zip(models, (comparison.a, comparison.b), strict=True)
    return PairEstimates(
        pair=estimate,
        of_all=pair(found, rules, models, {model.slug: trusting(card) for model, card in cards})
        if comparison.unconfirmed_rows
        else None,
        odd=odd,
        settling=settling(found, rules, estimate),
        blanks=blanks(found, rules, models, comparison),
        age_note=found.age_note,
    )


def settling(found: Estimates, rules: plain.Rulebook, compared: evidence.Pair) -> tuple[str, str, float] | None:
    """(model slug, test, share of the doubt) of the weighted test whose score would say most; None where the call is clear or none."""
    if compared.p is None or evidence.call(compared.p) == "clear":
        return None
    candidates = [
        slug for slug in found.fit.observed.benchmarks if slug in rules.benchmarks and rules.benchmarks[slug].weight
    ]
    best = evidence.settling(found.fit, compared, found.basket, candidates=candidates)[:1]
    return next(((each.model, rules.benchmarks[each.benchmark].name, each.share) for each in best), None)


def blanks(
    found: Estimates, rules: plain.Rulebook, models: Sequence[LanguageModel], comparison: scoring.Comparison
) -> dict[str, tuple[float, float]]:
    """Lowest and highest lead of the first model by category slug, over plausible values of the scores it or the other lacks."""
    cards = (comparison.a, comparison.b)
    return {
        result.category.slug: lead
        for result in comparison.comparable
        if (
            lead := evidence.blanks(
                (
                    float(test.weight),
                    *(_values(found, test, model, card) for model, card in zip(models, cards, strict=True)),
                )
                for test in rules.benchmarks.values()
                if test.category == result.category.slug and test.weight
            )
        )
    }


def _values(
    found: Estimates, test: scoring.Benchmark, model: LanguageModel, card: scoring.Scorecard
) -> tuple[float, float]:
    """Lowest and highest plausible value from 0 to 100: of a known score itself, of a test outside the fit anything."""
    if test.slug in card.cells:
        value = float(scoring.normalise(card.cells[test.slug].value, test))
        return value, value
    if test.slug not in found.fit.observed.benchmarks:
        return 0.0, 100.0
    ends = found.guesses.get(model.slug)
    if ends is None:
        if len(found.guesses) >= KEPT_GUESSES:
            found.guesses.clear()
        ends = found.guesses[model.slug] = np.stack(evidence.plausible(found.fit, model.slug)[1:], axis=1)
    guess = ends[found.fit.observed.benchmarks.index(test.slug)].tolist()
    low, high = sorted(float(scoring.normalise(Decimal(end), test)) for end in guess)
    return low, high


def trusting(card: scoring.Scorecard) -> dict[str, scoring.Cell]:
    """The cells of a scorecard as if a maker had reported those that only an aggregator does, so that the fit reads them."""
    return {
        slug: replace(cell, shown=replace(cell.shown, source_kind="vendor")) if cell.is_unconfirmed else cell
        for slug, cell in card.cells.items()
    }


def observed(rules: plain.Rulebook) -> evidence.Observations:
    """What a fit would read now: the displayed confirmed scores of published models."""
    slugs = dict(LanguageModel.objects.published().values_list("pk", "slug"))
    cards = plain.scorecards(rules, plain.results(), "confirmed")
    cells: dict[str, Mapping[str, scoring.Cell]] = {slugs[key]: card.cells for key, card in cards.items() if card.cells}
    return evidence.observations(cells, rules.benchmarks, rules.categories)


def refit(*, seeds: int = 5, moment: datetime.datetime | None = None) -> Fit | None:
    """Fit all confirmed scores, test the fit on hidden ones and store both; None where there is nothing to fit.

    Scores are hidden `seeds` times. With 0 it is a quick one: the last self-test stands, and no move on the leaderboard is told, so that
    readers are not told of every step of a curator's work. `moment` is when, else now.

    Safe to repeat and to run beside readers: they see the fit before or the one after. `dropped` says which are kept.
    """
    started, began_at = time.perf_counter(), moment or timezone.now()
    version, rules = CatalogueVersion.stamp(), plain.rulebook()
    seen = observed(rules)
    if len(seen.y) == 0:
        return None
    found = evidence.fit(seen)
    seconds = time.perf_counter() - started
    last = Fit.objects.defer("arrays").first()
    tested = last.self_test if last and not seeds else asdict(heldout.self_test(seen, seeds=max(seeds, 1)))
    models = {model.slug: model for model in LanguageModel.objects.published()}
    lacking = unable(models.values())
    placed = evidence.standings(found, weights(rules), basket(), drop=lacking)
    told = last.told if last else {}
    boards = news.boards(placed, [c.slug for c in rules.categories]) if seeds else {}
    places = dict(timelines.places(plain.whole(began_at.date()), {place.model: place for place in placed}))
    arrays = evidence.pack(found)
    with transaction.atomic():  # others who write wait for it: what can be worked out before is
        CatalogueVersion.rise()  # pages print the new estimates; from here on edits wait
        is_current = CatalogueVersion.number_of(CatalogueVersion.stamp()) == CatalogueVersion.number_of(version) + 1
        if seeds:
            told = tell_moves(told, boards, models, rules, began_at)
        row = Fit.objects.create(
            made_at=moment or timezone.now(),
            catalogue=version,
            seconds=seconds,
            scores=len(seen.y),
            arrays=arrays,
            self_test=tested,
            told=told,
            ranges=ranges_of(placed, found, rules, lacking),
        )
        Ability.objects.bulk_create(
            Ability(
                fit=row,
                model=models[place.model],
                tests=sum(place.tests.values()),
                score=place.overall.value,
                low=place.overall.low,
                high=place.overall.high,
                rank_low=place.best,
                rank_high=place.worst,
            )
            for place in placed
            if place.model in models
        )
        timelines.record(row.made_at.date(), places)
        if is_current:  # else somebody edited what the fit had read, and pages say that it is older than the catalogue
            Fit.objects.filter(pk=row.pk).update(catalogue=CatalogueVersion.stamp())
        drop_old_fits(row.made_at.date())
    return row


def dropped(stored: Sequence[tuple[int, datetime.datetime]], today: datetime.date) -> list[int]:
    """Keys of the fits to delete, of (key, moment) pairs with the newest first: all but those that pages of earlier days show."""
    seen, keys = set(), []
    for at, (key, moment) in enumerate(stored):
        made_on = moment.date()
        span = made_on if (today - made_on).days < KEPT_DAYS else (made_on.year, made_on.month)
        if at >= KEPT_FITS and span in seen:
            keys.append(key)
        seen.add(span)
    return keys


def tell_moves(
    told: Mapping[str, object],
    boards: Mapping[str, Mapping[str, news.Place]],
    models: Mapping[str, LanguageModel],
    rules: plain.Rulebook,
    now: datetime.datetime,
) -> dict[str, object]:
    """Write the moves that are news into the change log; what readers know of the places now.

    A board that nothing was told of, as before the first fit, makes no news. Of models that are not published any more readers hear elsewhere.
    """
    names = {news.OVERALL: "place overall"} | {c.slug: f"place in {c.name}" for c in rules.categories}
    why = causes_since(told["at"]) if told else {}
    known, moves = {}, []
    for board, places in boards.items():
        before = told.get("boards", {}).get(board)
        steps = {slug: ((before or {}).get(slug), places.get(slug)) for slug in models}
        known[board] = {slug: news.known(old, new) for slug, (old, new) in steps.items() if new}
        if before is None:
            continue
        left = [(slug, old, new) for slug, (old, new) in steps.items() if (old or new) and news.is_news(old, new)]
        moves += [
            Change(
                at=now,
                kind="place_moved",
                subject=f"{models[slug].name}, {names[board]}"[:240],
                model=models[slug],
                old=str(old[0]) if old else "",
                new=str(new[0]) if new else "",
                reason=why.get(slug, "refit on all results"),
            )
            for slug, old, new in sorted(left, key=lambda step: (step[2] or step[1])[0])
        ]
    Change.objects.bulk_create(reversed(moves))  # pages have the newest first
    return {"at": now.isoformat(), "boards": known}


def causes_since(moment: str) -> dict[str, str]:
    """Why a model may have moved since a moment in ISO form, by its slug."""
    changes = Change.objects.filter(at__gte=datetime.datetime.fromisoformat(moment), model__isnull=False)
    return news.causes(changes.order_by("at", "pk").values_list("model__slug", "kind"))


def refit_if_small(*, seeds: int = 0) -> bool:
    """Fit again where the catalogue has changed and the last fit was quick; False: that waits for the timer."""
    last = Fit.objects.values_list("seconds", "catalogue").first()
    if last and last[1] == CatalogueVersion.stamp():
        return True
    is_small = last[0] < SMALL_SECONDS if last else Score.objects.published().count() <= SMALL_SCORES
    if not is_small:
        return False
    refit(seeds=seeds)
    return True


def catch_up() -> list[str]:
    """Take what was saved since the last fit into it, model by model with the benchmarks as they are; names of the models.

    For catalogues whose fit takes too long to be made at once: it follows with the next fit_abilities. More than twenty models wait for it.
    """
    last = Fit.objects.first()
    if last is None:
        return []
    keys = set(
        Score.history.filter(history_date__gt=last.made_at).order_by().values_list("model_id", flat=True).distinct()
    )
    keys |= set(
        LanguageModel.history.filter(history_date__gt=last.made_at).order_by().values_list("id", flat=True).distinct()
    )
    models = list(LanguageModel.objects.published().filter(pk__in=keys)[: CAUGHT_UP + 1])
    if not models or len(models) > CAUGHT_UP:
        return []
    rules = plain.rulebook()
    cards = plain.scorecards(rules, plain.results(models), "confirmed")
    found = evidence.unpack(bytes(last.arrays))
    for model in models:
        found = evidence.update(found, model.slug, cards.get(model.pk, plain.EMPTY_CARD).cells, rules.benchmarks)
    lacking = unable(LanguageModel.objects.published())
    placed = evidence.standings(found, weights(rules), basket(), drop=lacking)  # once, not in every process
    with transaction.atomic():
        row = Fit.objects.create(
            catalogue=last.catalogue,  # the full fit is still owed
            seconds=last.seconds,
            scores=len(found.observed.y),
            arrays=evidence.pack(found),
            self_test=last.self_test,
            told=last.told,
            ranges=ranges_of(placed, found, rules, lacking),
        )
        CatalogueVersion.rise()  # pages print the new estimates
        drop_old_fits(row.made_at.date())
    return [model.name for model in models]


def drop_old_fits(day: datetime.date) -> None:
    stored = list(Fit.objects.values_list("pk", "made_at"))
    Fit.objects.filter(pk__in=dropped(stored, day)).delete()
    Ability.objects.exclude(fit__in=[key for key, _ in stored[:KEPT_FITS]]).delete()
