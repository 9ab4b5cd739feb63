"""What a change would do to the verdicts, before it is made: it is made in a transaction that is rolled back, and the two states are compared."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from comparisons import estimates, evidence, plain, scoring, tradeoffs, verdicts
from comparisons.links import comparison_path
from comparisons.models import FeaturedPair, LanguageModel
from comparisons.verdicts import count, points, span

MOST_PAIRS = 200  # looked at; the featured first, then those with most shared tests
MOST_MODELS = 20  # whose scores are worked out
DRAWS = 20  # of rank ranges, which are not printed here


@dataclass(frozen=True, slots=True)
class Turned:
    """One verdict before and after; empty where the pair is not there."""

    pair: str
    path: str
    before: str
    after: str
    is_featured: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """One model's figures before and after; empty where there is none."""

    model: str
    lines: tuple[tuple[str, str, str], ...]  # (what, before, after), those that differ


@dataclass(frozen=True, slots=True)
class Foresight:
    turned: tuple[Turned, ...]  # verdicts of pairs that are there before and after
    added: tuple[Turned, ...]  # pairs of models that appear, as far as looked at
    new: int  # all of these
    gone: int  # pairs of models that disappear
    moved: tuple[Moved, ...]
    looked_at: int
    pairs: int  # that have to do with it

    @property
    def said(self) -> str:
        parts = [f"changes {count(len(self.turned), 'verdict')}" if self.turned else "changes no verdict"]
        if self.new:
            parts.append(f"adds {count(self.new, 'comparison')}")
        if self.gone:
            parts.append(f"takes {count(self.gone, 'comparison')} away")
        return verdicts.joined(parts).capitalize()

    @property
    def bound(self) -> str:
        """Said where not every pair was looked at."""
        if self.looked_at == self.pairs:
            return ""
        return f"The {self.looked_at:,} of {self.pairs:,} comparisons with most in common were looked at, featured ones first."


def foresee(apply: Callable[[], None], today: datetime.date) -> Foresight:
    """What `apply` would change; nothing of it stays. What it raises is passed on."""
    before, fit = plain.whole(today), estimates.current()
    with transaction.atomic():
        apply()
        after = plain.read(today)
        transaction.set_rollback(True)
    return difference(before, after, fit)


def difference(before: plain.Whole, after: plain.Whole, fit: estimates.Estimates | None) -> Foresight:
    was, now = ({model.pk: model for model in whole.models} for whole in (before, after))
    touched = [pk for pk in now.keys() | was.keys() if (pk in now) != (pk in was) or differs(before, after, pk)]
    pairs = ordered(pairs_of(touched, was, now), before, after)
    rescored = [now[pk] for pk in touched if pk in now and before.cards.get(pk) != after.cards.get(pk)]
    later = caught_up(fit, after, rescored)
    turned, added = [], []
    featured = featured_pairs()
    for pair in pairs[:MOST_PAIRS]:
        old = said_of(before, fit and fit.fit, fit, pair) if all(pk in was for pk in pair) else None
        new = said_of(after, later, fit, pair) if all(pk in now for pk in pair) else None
        names = [(now.get(pk) or was[pk]) for pk in pair]
        row = Turned(
            " vs ".join(map(str, names)), comparison_path(names), old or "", new or "", frozenset(pair) in featured
        )
        if old is None and new is not None:
            added.append(row)
        elif new is not None and old != new:
            turned.append(row)
    left = [pk for pk in touched if pk not in now]
    gone = len(left) * (len(was) - len(left)) + len(left) * (len(left) - 1) // 2
    moved = moves(before, after, fit, later, [(was.get(pk), now.get(pk)) for pk in touched][:MOST_MODELS])
    new = sum(not all(pk in was for pk in pair) for pair in pairs)
    return Foresight(tuple(turned), tuple(added), new, gone, moved, min(len(pairs), MOST_PAIRS), len(pairs))


def differs(before: plain.Whole, after: plain.Whole, pk: int) -> bool:
    return before.cards.get(pk) != after.cards.get(pk) or before.facts[pk] != after.facts[pk]


def pairs_of(
    touched: Sequence[int], was: Mapping[int, LanguageModel], now: Mapping[int, LanguageModel]
) -> set[tuple[int, int]]:
    """The pairs after the change that a touched model is in, as keys in the order of their slugs."""
    found = set()
    for pk in touched:
        for other in now if pk in now else ():
            if other != pk:
                found.add(tuple(sorted((pk, other), key=lambda each: now[each].slug)))
    return found


def featured_pairs() -> set[frozenset[int]]:
    return {frozenset(pair) for pair in FeaturedPair.objects.values_list("first", "second")}


def ordered(pairs: set[tuple[int, int]], before: plain.Whole, after: plain.Whole) -> list[tuple[int, int]]:
    """Featured pairs first, then those with most shared tests."""
    featured = featured_pairs()
    tests = {pk: card.cells.keys() for pk, card in after.cards.items()}

    def worth(pair: tuple[int, int]) -> tuple:
        shared = len(tests.get(pair[0], set()) & tests.get(pair[1], set()))
        return frozenset(pair) not in featured, -shared, pair

    return sorted(pairs, key=worth)


def caught_up(
    fit: estimates.Estimates | None, whole: plain.Whole, models: Sequence[LanguageModel]
) -> evidence.Fit | None:
    """The fit with the rows of these models as they are now, the rest as it was."""
    if fit is None:
        return None
    found = fit.fit
    for model in models[:MOST_MODELS]:
        found = evidence.update(found, model.slug, whole.card(model).cells, whole.rules.benchmarks)
    return found


def said_of(
    whole: plain.Whole, found: evidence.Fit | None, fit: estimates.Estimates | None, pair: tuple[int, int]
) -> str:
    """The verdict of a pair in a few words: the call, who leads the averages, who is cheaper."""
    models = {model.pk: model for model in whole.models}
    sides = [models[pk] for pk in pair]
    facts = [whole.facts[pk] for pk in pair]
    compared = scoring.compare(*map(whole.card, sides), whole.rules.benchmarks, whole.rules.categories)
    knows = found is not None and all(model.slug in found.observed.models for model in sides)
    estimate = (
        evidence.pair(
            found,
            *(model.slug for model in sides),
            estimates.weights(whole.rules),
            fit.basket,
            drop={*estimates.cannot(sides[0]), *estimates.cannot(sides[1])},
        )
        if knows
        else None
    )
    said = verdicts.verdict(compared, *facts, None, estimate, is_thin=found is not None and not knows)
    names = {"a": sides[0].name, "b": sides[1].name}

    def named(side: str, badge: str) -> str:
        return f"{badge}: {names[side]}" if side in names else badge

    parts = [named(said.leader, said.badge)]
    averages = f"averages: {names.get(said.tested_leader) or said.tested_badge.lower()}"
    cheaper = tradeoffs.cheaper(*facts)
    parts += [averages] if found is not None else []
    parts += [f"cheaper: {names[cheaper]}"] if cheaper in names else []
    return "; ".join(parts)


def moves(
    before: plain.Whole,
    after: plain.Whole,
    fit: estimates.Estimates | None,
    later: evidence.Fit | None,
    models: Sequence[tuple[LanguageModel | None, LanguageModel | None]],
) -> tuple[Moved, ...]:
    """The figures of the touched models that change."""
    placed = {}
    if fit and later is not None:
        drop = estimates.unable(after.models)
        rows = evidence.standings(later, estimates.weights(after.rules), fit.basket, drop=drop, draws=DRAWS)
        placed = {row.model: row for row in rows}
    found = []
    for old, new in models:
        standings = (fit.standings.get(old.slug) if fit and old else None), (placed.get(new.slug) if new else None)
        cards = (before.card(old) if old else plain.EMPTY_CARD), (after.card(new) if new else plain.EMPTY_CARD)
        lines = (
            ("estimated score", *(f"{points(s.overall.value, 1)} ({span(s.overall)})" if s else "" for s in standings)),
            ("rank by it", *(str(s.rank) if s and s.rank else "" for s in standings)),
            ("average of its own tests", *(points(c.overall.value, 1) if c.overall else "" for c in cards)),
            ("tests", *(str(len(card.cells)) for card in cards)),
        )
        found.append(Moved(str(new or old), tuple(line for line in lines if line[1] != line[2])))
    return tuple(row for row in found if row.lines)
