"""A state of the catalogue in, the object of a page out: what pages, their twins and the comparison of two days share."""

from __future__ import annotations

from collections.abc import Sequence

from comparisons import estimates, panels, plain, scoring, shortlists
from comparisons.days import Stand
from comparisons.links import Options
from comparisons.models import LanguageModel


def pair(stand: Stand, models: Sequence[LanguageModel], options: Options, path: str) -> panels.PairPage:
    """The page of two models that are in the order of their slugs."""
    first, second = stand.rows(models)
    sides = [second, first] if options.flip else [first, second]
    rules, facts = stand.rules.reweighted(options.weights), stand.facts(sides)
    chosen, confirmed = (
        scoring.compare(*cards_of(stand, sides, sources, rules), rules.benchmarks, rules.categories)
        for sources in (options.sources or "all", "confirmed")
    )
    fit = stand.fit if options.sources != "independent" else None
    return panels.pair_page(
        sides,
        chosen,
        None if options.sources else confirmed,
        [facts[m.pk] for m in sides],
        rules,
        options,
        estimates=estimates.of_pair(fit, rules, sides, chosen, asked=(options.sources, options.w)),
        path=path,
        is_featured=stand.is_featured(first, second),
        today=stand.day,
    )


def shortlist(stand: Stand, models: Sequence[LanguageModel], options: Options, path: str) -> shortlists.ShortlistPage:
    """The page of three or four models."""
    rows = stand.rows(models)
    rules, facts = stand.rules.reweighted(options.weights), stand.facts(rows)
    fit = stand.fit if options.sources != "independent" else None
    return shortlists.shortlist_page(
        rows,
        cards_of(stand, rows, options.sources or "all", rules),
        [facts[m.pk] for m in rows],
        rules,
        options,
        estimated=estimates.standings(fit, rules, is_reweighted=bool(options.w)),
        path=path,
        today=stand.day,
    )


def cards_of(
    stand: Stand, models: Sequence[LanguageModel], sources: str, rules: plain.Rulebook
) -> list[scoring.Scorecard]:
    """Each model's scorecard under the weights in force."""
    cards = stand.cards(models, sources)
    if rules is not stand.rules:
        cards = {key: scoring.reweighted(card, rules.categories) for key, card in cards.items()}
    return [cards[model.pk] for model in models]
