"""python -m tests.bench.sentences: every pair of the bundled catalogue in words, with the estimate, held against its figures.

`--data DIR` takes the files that export_catalogue wrote instead, `--sample N` so many of its pairs, drawn with `--seed`.
Parses all sentences for names and numbers and finds each in the result objects; counts the pairs whose call goes against their own
averages or shared tests, and sees that each says why. Prints what it counted; ends with 1 when anything is amiss.
"""

import argparse
import random
import re
import sys
import time
from datetime import date
from itertools import combinations
from pathlib import Path

from comparisons import evidence, flips
from comparisons.scoring import Comparison, compare
from comparisons.verdicts import Verdict, odds, percent, points, shares, verdict
from tests.factories import BUNDLED, Catalogue, bundled
from tests.test_verdicts import BROKEN, NUMERAL, WORD, Decimal, facts_figures, figures_of, multiples, whole

AVERAGES, SHARED = "points the other way from the estimate", "The estimate goes against them"


def estimate_figures(estimate: evidence.Pair | None) -> set[str]:
    """Every numeral that an estimate can print, by the functions that print them."""
    if estimate is None or estimate.p is None:
        return set()
    ends = (estimate.overall_a, estimate.overall_b)
    figures = {points(value) for each in ends for value in (each.value, each.low, each.high)}
    counted = [each for each in estimate.categories if each.weight > 0]
    leads, weights = [each.gap for each in counted], [each.weight for each in counted]
    found = flips.single_flips(leads, weights) if len(counted) > 1 else []
    places = [estimate.categories.index(each) for each in counted]
    found += flips.close_flips(leads, weights, estimate.gap_cov[places][:, places])
    move = flips.smallest_move(leads, weights) if len(counted) > 2 else None
    ends = {share for flip in found for share in shares(flip)} | (
        {percent(Decimal(move[0])).rstrip(" %")} if move else set()
    )
    return figures | ends | {str(len(counted)), re.sub(r"\D", "", odds(estimate.p)), "99"}


def against(said: Verdict, c: Comparison, estimate: evidence.Pair | None) -> tuple[bool, bool]:
    """Whether the call names the side that the averages, and the one that the shared tests, name behind."""
    if estimate is None or said.leader not in ("a", "b"):
        return False, False
    return {said.leader, said.tested_leader} == {"a", "b"}, {said.leader, c.shared_leader} == {"a", "b"}


def fitted(catalogue: Catalogue, models: list[str]) -> tuple[evidence.Fit, evidence.Basket]:
    cells = {model: catalogue.card(model, "confirmed").cells for model in models}
    seen = evidence.observations(cells, catalogue.benchmarks, catalogue.categories)
    basket = evidence.make_basket(seen, catalogue.benchmarks, version=1, frozen_on=str(date(2026, 11, 25)))
    return evidence.fit(seen), basket


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=BUNDLED)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = time.perf_counter()
    catalogue = bundled(folder=asked.data)
    models = sorted(catalogue.results.keys() & catalogue.facts.keys())
    chosen = list(combinations(models, 2))
    if asked.sample and asked.sample < len(chosen):
        chosen = random.Random(asked.seed).sample(chosen, asked.sample)
    found, basket = fitted(catalogue, models)
    weights = {category.slug: float(category.weight) for category in catalogue.categories}
    cards = {model: catalogue.card(model) for model in models}
    confirmed = {model: catalogue.card(model, "confirmed") for model in models}
    names = {b.name for b in catalogue.benchmarks.values()} | {f.licence for f in catalogue.facts.values()}
    names |= {offer.host for facts in catalogue.facts.values() for offer in facts.offers}
    with_digits = sorted((name for name in names if re.search(r"\d", name)), key=len, reverse=True)
    named = re.compile("|".join(map(re.escape, with_digits)))
    faults, pairs, badges, contrary, shared = [], 0, {}, 0, 0
    for a, b in chosen:
        facts = catalogue.facts[a], catalogue.facts[b]
        comparison = compare(cards[a], cards[b], catalogue.benchmarks, catalogue.categories)
        checked = compare(confirmed[a], confirmed[b], catalogue.benchmarks, catalogue.categories)
        known = a in found.observed.models and b in found.observed.models
        estimate = evidence.pair(found, a, b, weights, basket) if known else None
        said = verdict(comparison, *facts, checked, estimate, is_thin=not known)
        text = whole(said)
        for name in sorted((each.name for each in facts), key=len, reverse=True):
            text = text.replace(name, "†")
        allowed = figures_of(comparison) | figures_of(checked) | estimate_figures(estimate) | multiples(*facts)
        allowed |= facts_figures(facts[0]) | facts_figures(facts[1]) | {str(comparison.unconfirmed_rows)}
        unknown = set(NUMERAL.findall(named.sub("†", text))) - allowed
        broken = BROKEN.intersection(WORD.findall(text.lower()))
        by_averages, by_shared = against(said, comparison, estimate)
        silent = (by_averages and AVERAGES not in text) or (by_shared and SHARED not in text)
        if unknown or broken or silent or len(said.pick.split()) > 60:
            faults.append((a, b, sorted(unknown), sorted(broken), silent))
        pairs, contrary, shared = pairs + 1, contrary + by_averages, shared + by_shared
        badges[said.badge] = badges.get(said.badge, 0) + 1
    print(
        f"{pairs:,} pairs in {time.perf_counter() - started:.0f} s: {', '.join(f'{n:,} {b}' for b, n in sorted(badges.items()))}"
    )
    print(
        f"call against the averages {contrary:,}, against the shared tests {shared:,}, each with its reason: {not faults}"
    )
    for fault in faults[:20]:
        print("fault", *fault)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
