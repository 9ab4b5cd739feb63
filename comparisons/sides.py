"""What each model brings to a comparison, kept by the process until the catalogue or the day changes: a page costs its own rows, once."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from comparisons import freshness, plain, scoring, tradeoffs
from comparisons.freshness import Kept
from comparisons.models import FeaturedPair, LanguageModel

MOST_MODELS = 500  # with 25 scores each about 20 MB


@dataclass(frozen=True, slots=True)
class Side:
    results: list[tuple[str, scoring.Result]]
    facts: tradeoffs.Facts
    cards: dict[str, scoring.Scorecard] = field(default_factory=dict)  # under the site's weights, by kinds of source

    def card(self, rules: plain.Rulebook, sources: str) -> scoring.Scorecard:
        """The scorecard over the kinds of source that a reading allows; `rules` are those of the site."""
        if sources not in self.cards:
            allowed = scoring.SOURCES[sources]
            self.cards[sources] = scoring.scorecard(self.results, rules.benchmarks, rules.categories, sources=allowed)
        return self.cards[sources]


_models: Kept[str, LanguageModel] = Kept(MOST_MODELS)
_sides: Kept[int, Side] = Kept(MOST_MODELS)
_featured: Kept[str, frozenset[tuple[int, int]]] = Kept(1)


def named(texts: Sequence[str]) -> list[LanguageModel | None]:
    """The visible models behind slugs or aliases in any case; None for a text that names none. One query for slugs."""
    version, texts = freshness.version(), [text.casefold() for text in texts]
    found = {text: model for text in texts if (model := _models.get(version, text))}
    visible = LanguageModel.objects.visible().select_related("creator", "successor")
    missing = [text for text in texts if text not in found]
    if missing:
        found |= {model.slug: _models.put(version, model.slug, model) for model in visible.of_slugs(missing)}
    for text in missing:
        if text not in found and (model := visible.named([text]).first()):
            found[text] = _models.put(version, text, model)
    return [found.get(text) for text in texts]


def of(models: Sequence[LanguageModel], day: datetime.date) -> dict[int, Side]:
    """By model key, in three queries for those that are not kept."""
    state = freshness.version(), day
    found = {model.pk: side for model in models if (side := _sides.get(state, model.pk))}
    missing = [model for model in models if model.pk not in found]
    if missing:
        results, facts = plain.results(missing), plain.facts(missing, day)
        for model in missing:
            side = Side(results.get(model.pk, []), facts[model.pk])
            found[model.pk] = _sides.put(state, model.pk, side)
    return found


def is_featured(first: LanguageModel, second: LanguageModel) -> bool:
    version = freshness.version()
    pairs = _featured.get(version, "")
    if pairs is None:
        pairs = _featured.put(version, "", frozenset(FeaturedPair.objects.values_list("first", "second")))
    return (first.pk, second.pk) in pairs
