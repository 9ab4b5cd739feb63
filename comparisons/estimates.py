"""The stored ability fit for pages, and the making of it: fits are made by `refit`, a page only reads the last one."""

from __future__ import annotations

import datetime
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from django.db import transaction

from comparisons import evidence, plain, scoring
from comparisons.models import Ability, CatalogueVersion, Fit, LanguageModel

BASKET = Path(__file__).parent / "basket.json"
SEEING = frozenset({"multimodal"})  # categories that a model without image input cannot do
KEPT_FITS = 10  # in the database
SMALL_SECONDS = 2.0  # a fit quicker than this is made after every publication


@dataclass(frozen=True, slots=True)
class Estimates:
    """One stored fit, ready to be asked."""

    key: int
    made_on: datetime.date
    is_current: bool  # the catalogue has not changed since
    fit: evidence.Fit
    basket: evidence.Basket
    standings: Mapping[str, evidence.Standing]  # by model slug, under the site's own weights

    def knows(self, slug: str) -> bool:
        return slug in self.standings


_kept: Estimates | None = None


def current(rules: plain.Rulebook) -> Estimates | None:
    """The newest stored fit, unpacked once a process; None before the first. Ranks and overall scores are under the site's weights."""
    global _kept
    newest = Fit.objects.values_list("pk", "catalogue", "made_at").first()
    if newest is None:
        return None
    key, catalogue, made_at = newest
    is_current = catalogue == CatalogueVersion.stamp()
    if _kept is None or (_kept.key, _kept.is_current) != (key, is_current):
        found = evidence.unpack(bytes(Fit.objects.values_list("arrays", flat=True).get(pk=key)))
        standings = evidence.standings(found, weights(rules), basket(), drop=unable(LanguageModel.objects.all()))
        _kept = Estimates(key, made_at.date(), is_current, found, basket(), {s.model: s for s in standings})
    return _kept


def weights(rules: plain.Rulebook) -> dict[str, float]:
    return {category.slug: float(category.weight) for category in rules.categories}


@cache
def basket() -> evidence.Basket:
    """The frozen lists of tests that estimated scores refer to."""
    return evidence.read_basket(BASKET.read_text())


def cannot(model: LanguageModel) -> Collection[str]:
    """Categories that a model cannot do; an unknown modality counts as can."""
    modalities = set(model.input_modalities.split("|")) if model.input_modalities else {"image"}
    return frozenset() if modalities & {"image", "video"} else SEEING


def unable(models: Iterable[LanguageModel]) -> dict[str, Collection[str]]:
    return {model.slug: lacking for model in models if (lacking := cannot(model))}


def pair(found: Estimates | None, rules: plain.Rulebook, models: Iterable[LanguageModel]) -> evidence.Pair | None:
    """The estimate of two models under the weights in force; None before the first fit or where one has no confirmed score in it."""
    a, b = models
    if found is None or not (found.knows(a.slug) and found.knows(b.slug)):
        return None
    return evidence.pair(found.fit, a.slug, b.slug, weights(rules), found.basket, drop={*cannot(a), *cannot(b)})


def observed(rules: plain.Rulebook) -> evidence.Observations:
    """What a fit would read now: the displayed confirmed scores of published models."""
    slugs = dict(LanguageModel.objects.published().values_list("pk", "slug"))
    cards = plain.scorecards(rules, plain.results(), "confirmed")
    cells: dict[str, Mapping[str, scoring.Cell]] = {slugs[key]: card.cells for key, card in cards.items() if card.cells}
    return evidence.observations(cells, rules.benchmarks, rules.categories)


def refit() -> Fit | None:
    """Fit all confirmed scores, test the fit on hidden ones and store both; None where there are too few scores to fit.

    Safe to repeat and to run beside readers: they see the fit before or the one after. The newest ten are kept.
    """
    started = time.perf_counter()
    version, rules = CatalogueVersion.stamp(), plain.rulebook()
    seen = observed(rules)
    if len(seen.y) == 0:
        return None
    found = evidence.fit(seen)
    seconds = time.perf_counter() - started
    tested = asdict(evidence.self_test(seen))
    placed = evidence.standings(found, weights(rules), basket(), drop=unable(LanguageModel.objects.all()))
    keys = dict(LanguageModel.objects.published().values_list("slug", "pk"))
    with transaction.atomic():
        row = Fit.objects.create(
            catalogue=version, seconds=seconds, scores=len(seen.y), arrays=evidence.pack(found), self_test=tested
        )
        Ability.objects.bulk_create(
            Ability(
                fit=row,
                model_id=keys[place.model],
                tests=sum(place.tests.values()),
                score=place.overall.value,
                low=place.overall.low,
                high=place.overall.high,
                rank_low=place.best,
                rank_high=place.worst,
            )
            for place in placed
            if place.model in keys
        )
        CatalogueVersion.rise()  # pages print the new estimates
        Fit.objects.filter(pk=row.pk).update(catalogue=CatalogueVersion.stamp())
        Fit.objects.exclude(pk__in=list(Fit.objects.values_list("pk", flat=True)[:KEPT_FITS])).delete()
    return row


def refit_if_small() -> Fit | None:
    """Fit again after a publication where the last fit was quick enough; otherwise that waits for the timer."""
    last = Fit.objects.values_list("seconds", flat=True).first()
    return refit() if last is None or last < SMALL_SECONDS else None
