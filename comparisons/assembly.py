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
    rules, results, facts = stand.rules.reweighted(options.weights), stand.results(sides), stand.facts(sides)
    cards = {sources: plain.scorecards(rules, results, sources) for sources in {options.sources or "all", "confirmed"}}
    chosen, confirmed = (
        scoring.compare(
            *(cards[sources].get(m.pk, plain.EMPTY_CARD) for m in sides), rules.benchmarks, rules.categories
        )
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
        estimates=estimates.of_pair(fit, rules, sides, chosen),
        path=path,
        is_featured=stand.is_featured(first, second),
        today=stand.day,
    )


def shortlist(stand: Stand, models: Sequence[LanguageModel], options: Options, path: str) -> shortlists.ShortlistPage:
    """The page of three or four models."""
    rows = stand.rows(models)
    rules, facts = stand.rules.reweighted(options.weights), stand.facts(rows)
    cards = plain.scorecards(rules, stand.results(rows), options.sources or "all")
    fit = stand.fit if options.sources != "independent" else None
    return shortlists.shortlist_page(
        rows,
        [cards.get(m.pk, plain.EMPTY_CARD) for m in rows],
        [facts[m.pk] for m in rows],
        rules,
        options,
        estimated=estimates.standings(fit, rules, is_reweighted=bool(options.w)),
        path=path,
        today=stand.day,
    )
