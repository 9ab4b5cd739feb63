"""How well the ability fit predicts what it has not seen: python -m tests.bench.evidence [--data FOLDER] [--seeds N]

FOLDER is the public export (../shared/data/benchlm-2026-08-15/, where present) or a folder of catalogue files, the bundled one by
default. Prints every figure beside its target, the figures of two simpler rules, and how often what was said came true; ends with 1 when
a figure of the export misses its target.

Hidden are, per seed: A a fifth of the (model, test) units; B every score of a fifth of the (model, category) blocks; C1, C3, C5 all but 1,
3, 5 units of the models released after a cut, on tests that two older models took; D in two groups of models, each showing another third
of every category, everything but that third. Pairs of models whose scores on one test are both hidden are then called.
"""

import argparse
import datetime
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from comparisons import evidence, heldout
from comparisons.evidence import Observations
from tests.bench.sources import Source, read
from tests.factories import BUNDLED

CUTS = ("2026-02-01", "2026-04-01", "2026-06-01")
TASKS = ("A", "B", "C1", "C3", "C5", "D")
TARGETS = {  # lowest and highest
    ("A", "accuracy"): (0.83, 1),
    ("A", "brier"): (0, 0.118),
    ("A", "log_loss"): (0, 0.37),
    ("A", "calibration_error"): (0, 0.025),
    ("B", "accuracy"): (0.81, 1),
    ("B", "brier"): (0, 0.130),
    ("D", "accuracy"): (0.81, 1),
    ("D", "brier"): (0, 0.132),
    ("C3", "accuracy"): (0.75, 1),
    ("C3", "brier"): (0, 0.168),
    ("C5", "accuracy"): (0.78, 1),
    ("C5", "brier"): (0, 0.150),
    **{(task, "coverage"): (0.88, 0.92) for task in ("A", "B", "D", "C3")},
    ("no test in common", "accuracy"): (0.82, 1),
    ("clear category verdict", "right"): (0.95, 1),
    ("twins", "false clear, category"): (0, 0.06),
    ("twins", "false clear, overall"): (0, 0.07),
    ("simulation", "category difference covered"): (0.87, 0.93),
    ("20 rows of outside models", "lead moves under half its interval"): (0.99, 1),
    ("3,000 models x 300 benchmarks", "fit, seconds"): (0, 2),
    ("3,000 models x 300 benchmarks", "pair, milliseconds"): (0, 3),
    ("update of one model", "milliseconds"): (0, 1),
}
BANDS = ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.99), (0.99, 1.01))


# --- what is hidden -------------------------------------------------------------------------------------------------
def units(observed: Observations) -> np.ndarray:
    """A number per (model, test), near-copies once."""
    return np.unique(
        observed.model * (observed.family.max() + 1) + observed.family[observed.benchmark], return_inverse=True
    )[1]


def hidden(task: str, observed: Observations, released: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hidden rows of a task (a mask), and the group of each model: pairs are of different groups where groups are not 0."""
    random = np.random.default_rng([TASKS.index(task), seed])
    unit, groups = units(observed), np.zeros(len(observed.models), int)
    if task == "A":
        return (random.random(unit.max() + 1) < 0.2)[unit], groups
    if task == "B":
        blocks = random.random((len(observed.models), len(observed.categories))) < 0.2
        return blocks[observed.model, observed.category[observed.benchmark]], groups
    if task == "D":
        chosen = random.permutation(len(observed.models))[: len(observed.models) // 3]
        groups[chosen] = np.arange(len(chosen)) % 2 + 1
        third = np.zeros(observed.family.max() + 1, int)
        for category in range(len(observed.categories)):
            tests = random.permutation(np.unique(observed.family[observed.category == category]))
            third[tests] = np.arange(len(tests)) % 3 + 1
        group = groups[observed.model]
        return (group > 0) & (third[observed.family[observed.benchmark]] != group), groups
    is_new = released >= CUTS[seed % len(CUTS)]
    order = random.random(unit.max() + 1)[unit]
    mask = is_new[observed.model].copy()
    for model in np.flatnonzero(is_new):
        rows = np.flatnonzero(observed.model == model)
        kept = np.unique(order[rows])[: int(task[1])]
        mask[rows[np.isin(order[rows], kept)]] = False
    return mask, groups


def learnt(observed: Observations, older: np.ndarray) -> np.ndarray:
    """Benchmarks (a mask) that two or more of the older models took: the others cannot be learnt from them."""
    return np.bincount(observed.benchmark[older[observed.model]], minlength=len(observed.benchmarks)) >= 2


# --- simpler rules --------------------------------------------------------------------------------------------------
def table(observed: Observations) -> np.ndarray:
    """Shares of points (M x B), NaN where there is none; ratings in standard deviations."""
    found = np.full((len(observed.models), len(observed.benchmarks)), np.nan)
    low, high = observed.low[observed.benchmark], observed.high[observed.benchmark]
    found[observed.model, observed.benchmark] = (observed.value - low) / (high - low)
    return found


def averages(observed: Observations, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Averages of whatever each model has: per category (M x C) and overall (M), NaN where there is nothing."""
    shares = table(observed)[:, ~observed.is_rating]
    category = observed.category[~observed.is_rating]
    inside = category[:, None] == np.arange(len(observed.categories))
    has = ~np.isnan(shares)
    count = has.astype(float) @ inside
    per_category = np.where(count > 0, np.nan_to_num(shares) @ inside / np.maximum(count, 1), np.nan)
    w = weights * (count > 0)
    total = w.sum(axis=1)
    overall = (np.nan_to_num(per_category) * w).sum(axis=1) / np.where(total > 0, total, np.nan)
    return per_category, overall


def simple_leads(observed: Observations, weights: np.ndarray, a, b, category) -> dict[str, np.ndarray]:
    """Leads of a over b by two rules: averages of own tests (fallback: overall), and shared tests (fallback: all shared); 0 says nothing."""
    per_category, overall = averages(observed, weights)
    own = per_category[a, category] - per_category[b, category]
    own = np.where(np.isnan(own), overall[a] - overall[b], own)
    shares = np.where(observed.is_rating, np.nan, table(observed))
    difference = shares[a] - shares[b]
    inside = observed.category == category[:, None]
    both = ~np.isnan(difference)
    filled = np.nan_to_num(difference)
    near, far = (both & inside).sum(axis=1), both.sum(axis=1)
    shared = np.where(
        near > 0,
        (filled * inside).sum(axis=1) / np.maximum(near, 1),
        filled.sum(axis=1) / np.maximum(far, 1),
    )
    return {"averages of own tests": np.nan_to_num(own), "shared tests": shared}


def best_scale(lead: np.ndarray, outcome: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Probabilities Phi(lead / scale) with the scale that suits the rule best, chosen in hindsight."""
    choices = [evidence._phi(lead / scale) for scale in (0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5, 0.8)]
    return min(choices, key=lambda p: weight @ (np.where(outcome, p, 1 - p) - 1) ** 2)


# --- the tasks ------------------------------------------------------------------------------------------------------
@dataclass
class Tally:
    """What one task said of its pairs and scores, pooled over seeds."""

    p: list
    outcome: list
    weight: list
    covered: list
    leads: dict
    apart: list  # the two share no visible test in the category, and each has an average there
    labels: list

    @property
    def held(self) -> heldout.Held:
        return heldout.measure(*(np.concatenate(each) for each in (self.p, self.outcome, self.weight, self.covered)))


def run(source: Source, observed: Observations, seeds: int) -> tuple[dict[str, Tally], list]:
    """Tallies by task, and verdicts about categories against the mean of three or more hidden tests: (p of the leader, right)."""
    tallies, verdicts = {}, []
    released = np.array([source.released.get(model, "") for model in observed.models])
    weights = np.array([source.weights[slug] for slug in observed.categories])
    for task in TASKS:
        tally = tallies[task] = Tally([], [], [], [], defaultdict(list), [], [])
        for seed in range(seeds):
            mask, groups = hidden(task, observed, released, seed)
            seen, rows = evidence.keep(observed, ~mask), np.flatnonzero(mask)
            if task.startswith("C"):
                rows = rows[learnt(observed, released < CUTS[seed % len(CUTS)])[observed.benchmark[rows]]]
            if not len(rows):
                continue
            found = evidence.fit(seen)
            p, outcome, weight, covered = heldout.held_out(found, observed, rows)
            i, j, _ = heldout.hidden_pairs(observed, rows)
            if groups.any():
                cross = groups[observed.model[i]] != groups[observed.model[j]]
                i, j, p, outcome = i[cross], j[cross], p[cross], outcome[cross]
                partners = np.bincount(np.concatenate([i, j]), minlength=len(mask))
                weight = (1 / partners[i] + 1 / partners[j]) / 2
            a, b, category = observed.model[i], observed.model[j], observed.category[observed.benchmark[i]]
            tally.p.append(p)
            tally.outcome.append(outcome)
            tally.weight.append(weight)
            tally.covered.append(covered)
            for rule, lead in simple_leads(seen, weights, a, b, category).items():
                tally.leads[rule].append(lead)
            label, apart = labels(seen, a, b, category)
            tally.labels.append(label)
            tally.apart.append(apart)
            verdicts.append(category_verdicts(found, observed, rows, groups))
    return tallies, verdicts


def labels(seen: Observations, a, b, category) -> tuple[np.ndarray, np.ndarray]:
    """Evidence label of every pair in its category, and whether both have a bounded test there but none in common."""
    has = ~np.isnan(table(seen))
    distinct = evidence._distinct(seen)
    families = np.zeros((len(seen.benchmarks), seen.family.max() + 1))
    families[np.arange(len(seen.benchmarks)), seen.family] = 1
    inside = seen.category == category[:, None]
    shared = ((has[a] & has[b] & inside) @ families > 0).sum(axis=1)
    measured = (distinct[a, category] > 0) & (distinct[b, category] > 0)
    thin = np.minimum(distinct[a].sum(axis=1), distinct[b].sum(axis=1)) < evidence.THIN
    label = np.select(
        [thin, ~measured, shared >= evidence.SHARED, shared > 0],
        ["too_thin", "inferred", "head_to_head", "partly"],
        "bridged",
    )
    bounded = has & ~seen.is_rating
    both = (bounded[a] & inside).any(axis=1) & (bounded[b] & inside).any(axis=1)
    return label, both & (shared == 0)


def category_verdicts(found, observed: Observations, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(p of the leader, whether the mean of 3 or more tests hidden for both agrees) where the label allows a verdict."""
    hidden_table = table(evidence.keep(observed, rows))
    said = []
    for category in range(len(observed.categories)):
        values = hidden_table[:, observed.category == category]
        has = (~np.isnan(values)).astype(float)
        filled = np.nan_to_num(values)
        common = has @ has.T
        sums = filled @ has.T
        a, b = np.nonzero(np.triu(common >= 3, 1) & (~groups.any() | (groups[:, None] != groups)))
        if len(a):
            truth = (sums - sums.T)[a, b]
            dz, variance = evidence.difference(found, a, b, np.full(len(a), category))
            p = evidence._phi(dz / np.sqrt(variance))
            label, _ = labels(found.observed, a, b, np.full(len(a), category))
            use = (truth != 0) & np.isin(label, ["head_to_head", "partly", "bridged"])
            said.append(np.stack([np.maximum(p, 1 - p), (p > 0.5) == (truth > 0)])[:, use])
    return np.concatenate(said, axis=1) if said else np.empty((2, 0))


# --- what no hidden score can tell ----------------------------------------------------------------------------------
def twins(source: Source, observed: Observations, basket, seeds: int) -> dict[str, float]:
    """Models of 6 or more tests are cut into two that share no test; how often one is called clearly better than the other."""
    categories, overall = [], []
    distinct = evidence._distinct(observed).sum(axis=1)
    unit = units(observed)
    for seed in range(seeds):
        random = np.random.default_rng([9, seed])
        cut = np.flatnonzero((distinct >= 6) & (random.random(len(distinct)) < 0.2))
        second = (random.random(unit.max() + 1) < 0.5)[unit] & np.isin(observed.model, cut)
        place = np.full(len(distinct), -1)
        place[cut] = np.arange(len(cut)) + len(distinct)
        model = np.where(second, place[observed.model], observed.model)
        order = np.lexsort((observed.benchmark, model))
        names = (*observed.models, *(f"~{number:04}" for number in cut))
        halves = replace(
            observed,
            models=names,
            model=model[order],
            benchmark=observed.benchmark[order],
            value=observed.value[order],
        )
        found = evidence.fit(evidence.keep(halves, np.arange(len(order))))
        for number in cut:
            pair = evidence.pair(found, observed.models[number], f"~{number:04}", source.weights, basket)
            if not pair.is_thin:
                categories += [
                    each.p for each in pair.categories if each.label in ("head_to_head", "partly", "bridged")
                ]
                overall += [pair.p] if pair.p is not None else []
    clear = [float(np.mean([evidence.call(p) == "clear" for p in each])) for each in (categories, overall)]
    return {"false clear, category": clear[0], "false clear, overall": clear[1]}


def simulated(found: evidence.Fit, random: np.random.Generator) -> tuple[Observations, np.ndarray]:
    """Scores drawn from a fit's own parameters where it has scores, and the abilities (M x C) they were drawn from."""
    observed = found.observed
    z = random.multivariate_normal(np.zeros(len(found.sigma)), found.sigma, len(observed.models))
    bench, unit = observed.benchmark, units(observed)
    noise = random.standard_t(evidence.NU, unit.max() + 1)[unit]
    middle = found.mu[bench] + found.a[bench] * z[observed.model, observed.category[bench]]
    y = middle + noise * np.sqrt(found.s2[bench] + evidence._noise_at(observed, bench, middle))
    drawn = replace(observed, value=evidence.on_scale(observed, bench, y))
    return evidence.keep(drawn, np.arange(len(bench))), z


def simulation(found: evidence.Fit, seeds: int) -> dict[str, float]:
    inside = []
    for seed in range(seeds):
        random = np.random.default_rng([8, seed])
        drawn, z = simulated(found, random)
        again = evidence.fit(drawn)
        a, b = random.integers(len(z), size=(2, 20_000))
        category = random.integers(z.shape[1], size=20_000)
        use = a != b
        a, b, category = a[use], b[use], category[use]
        dz, variance = evidence.difference(again, a, b, category)
        inside.append(np.abs(z[a, category] - z[b, category] - dz) < evidence.Z90 * np.sqrt(variance))
    return {"category difference covered": float(np.concatenate(inside).mean())}


def outside(source: Source, found: evidence.Fit, basket, trials: int) -> dict[str, float]:
    """20 rows of other models taken away: how often the overall lead of a pair stays within half the width of its interval."""
    observed, kept = found.observed, []
    able = np.flatnonzero(evidence._distinct(observed).sum(axis=1) >= evidence.THIN)
    for trial in range(max(1, trials // 10)):
        random = np.random.default_rng([7, trial])
        chosen = random.permutation(able)[:20]
        others = np.flatnonzero(~np.isin(observed.model, chosen))
        less = np.delete(np.arange(len(observed.y)), random.permutation(others)[:20])
        again = evidence.fit(evidence.keep(observed, less))
        for a, b in chosen.reshape(-1, 2):
            before, after = (
                evidence.pair(each, observed.models[a], observed.models[b], source.weights, basket)
                for each in (found, again)
            )
            if before.p is not None:
                w = np.array([each.weight for each in before.categories])
                lead, later = (each.overall_a.value - each.overall_b.value for each in (before, after))
                kept.append(abs(later - lead) < evidence.Z90 * np.sqrt(w @ before.gap_cov @ w))
    return {"lead moves under half its interval": float(np.mean(kept))}


def speed(source: Source, found: evidence.Fit, basket) -> dict[tuple[str, str], float]:
    random = np.random.default_rng(0)
    kinds, tests, models = 8, 300, 3_000
    category = np.arange(tests) % kinds
    counts = np.minimum(random.geometric(1 / 15, models), 100)
    popular = 1 / np.arange(1, tests + 1) ** 0.7
    rows = [
        (model, test)
        for model, count in enumerate(counts)
        for test in sorted(random.choice(tests, count, replace=False, p=popular / popular.sum()))
    ]
    model, bench = np.array(rows).T
    z = random.multivariate_normal(np.zeros(kinds), evidence.prior_sigma(kinds), models)
    y = random.normal(0, 1.5, tests)[bench] + z[model, category[bench]] + 0.4 * random.standard_t(4, len(rows))
    blank = np.empty(0)
    large = evidence.keep(
        Observations(
            tuple(f"m{number:04}" for number in range(models)),
            tuple(f"b{number:03}" for number in range(tests)),
            tuple("abcdefgh"),
            category,
            np.arange(tests),
            np.zeros(tests, bool),
            np.zeros(tests),
            np.full(tests, 100.0),
            model,
            bench,
            100 / (1 + np.exp(-y)),
            blank,
            blank,
            blank,
        ),
        np.arange(len(rows)),
    )
    many, fit_seconds = timed(lambda: evidence.fit(large), 1)
    even = dict.fromkeys(large.categories, 1 / kinds)
    list_ = evidence.Basket(
        1, "", "", {c: {f"b{n:03}": 1.0 for n in range(i, 80, kinds)} for i, c in enumerate("abcdefgh")}
    )
    _, pair_seconds = timed(lambda: evidence.pair(many, "m0001", "m0002", even, list_), 100)
    model = max(source.cells, key=lambda slug: len(source.cells[slug]))
    _, update_seconds = timed(lambda: evidence.update(found, model, source.cells[model], source.benchmarks), 300)
    where = "3,000 models x 300 benchmarks"
    return {
        (where, "scores"): len(rows),
        (where, "steps"): many.steps,
        (where, "fit, seconds"): fit_seconds,
        (where, "pair, milliseconds"): 1_000 * pair_seconds,
        ("update of one model", "milliseconds"): 1_000 * update_seconds,
    }


def timed(work, times: int):
    """The result, and the least processor time of some runs in seconds: other work on the machine does not count."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        result = work()
        taken.append(time.process_time() - start)
    return result, min(taken)


# --- the report -----------------------------------------------------------------------------------------------------
def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, default=BUNDLED)
    arguments.add_argument("--seeds", type=int, default=20)
    arguments.add_argument(
        "--write", type=Path, help="also keep the table of hidden scores as JSON, for the methodology page"
    )
    options = arguments.parse_args()
    if not (options.data / "scores.csv").exists() and not (options.data / "cleaning.json").exists():
        print(f"no data in {options.data}: nothing measured")
        return 0
    is_export = (options.data / "cleaning.json").exists()
    source = read(options.data)
    observed = evidence.observations(source.cells, source.benchmarks, source.categories, minimum=2)
    basket = evidence.make_basket(observed, source.benchmarks, version=1, frozen_on="")
    found, seconds = timed(lambda: evidence.fit(observed), 3)
    print(
        f"{source.name}: {len(observed.models)} models, {len(observed.benchmarks)} benchmarks, {len(observed.y)} scores; "
        f"fit {seconds:.2f} s, {found.steps} steps; seeds 0-{options.seeds - 1}\n"
    )
    tallies, verdicts = run(source, observed, options.seeds)
    figures: dict[tuple[str, str], float] = {}
    for task, tally in tallies.items():
        if tally.p:
            held = tally.held
            for name in ("accuracy", "brier", "log_loss", "calibration_error", "coverage"):
                figures[task, name] = getattr(held, name)
            figures[task, "pairs per seed"] = held.pairs / len(tally.p)
            figures[task, "scores per seed"] = held.scores / len(tally.p)
    p, right = np.concatenate(verdicts, axis=1)
    figures["clear category verdict", "right"] = float(right[p >= evidence.CLEAR].mean())
    figures |= {("twins", name): value for name, value in twins(source, observed, basket, options.seeds).items()}
    figures |= {("simulation", name): value for name, value in simulation(found, min(options.seeds, 10)).items()}
    where = "20 rows of outside models"
    figures |= {(where, name): value for name, value in outside(source, found, basket, 10 * options.seeds).items()}
    rules = simpler(tallies)
    figures["no test in common", "accuracy"] = rules.pop("no test in common")
    figures |= speed(source, found, basket)

    if options.write:
        options.write.write_text(json.dumps(published(source.name, options.seeds, tallies, rules), indent=1) + "\n")
    missed = 0
    for key, value in figures.items():
        low, high = TARGETS.get(key, (None, None))
        verdict = ""
        if low is not None:
            is_met = low <= value <= high
            missed += not is_met
            verdict = f"{target(low, high):>14}  {'ok' if is_met else 'MISS'}"
        print(f"{key[0]:32}{key[1]:38}{value:10.3f}{verdict}")
    print("\nsimpler rules (scale of their probabilities chosen in hindsight)")
    for (task, rule), held in rules.items():
        if rule.startswith("no test in common"):
            print(f"{task:32}{rule:38} ours {held[0]:.3f} averages {held[1]:.3f} on {held[2]:,.0f} pairs")
        else:
            print(f"{task:32}{rule:38} accuracy {held[0]:.3f} brier {held[1]:.3f} log loss {held[2]:.3f}")
    print("\nsaid -> came true, hidden scores of all tasks by label; then category verdicts")
    calibration(tallies, (p, right))
    return 1 if missed and is_export else 0


def published(name: str, seeds: int, tallies: dict[str, Tally], rules: dict) -> dict:
    """What the methodology page prints: each task with our figures and the accuracy of the two simpler rules."""
    rows = [
        [task, *(round(getattr(tally.held, part), 4) for part in ("accuracy", "brier", "log_loss", "coverage"))]
        + [round(rules[task, rule][0], 4) for rule in ("averages of own tests", "shared tests")]
        for task, tally in tallies.items()
        if tally.p
    ]
    return {"measured_on": f"{datetime.date.today()}", "data": name, "seeds": seeds, "rows": rows}


def target(low: float, high: float) -> str:
    return f"<= {high:g}" if low == 0 else f">= {low:g}" if high == 1 else f"{low:g} to {high:g}"


def simpler(tallies: dict[str, Tally]) -> dict:
    """(accuracy, Brier, log loss) of the simpler rules by task, and ours where the first names a winner without a shared test."""
    found = {}
    apart_ours, apart_theirs, apart_weight = [], [], []
    for task, tally in tallies.items():
        if not tally.p:
            continue
        outcome, weight = np.concatenate(tally.outcome), np.concatenate(tally.weight)
        for rule, leads in tally.leads.items():
            lead = np.concatenate(leads)
            held = heldout.measure(best_scale(lead, outcome, weight), outcome, weight, np.ones(1))
            found[task, rule] = (held.accuracy, held.brier, held.log_loss)
        lead = np.concatenate(tally.leads["averages of own tests"])
        apart = np.concatenate(tally.apart) & (lead != 0)
        p = np.concatenate(tally.p)
        sides = ((p > 0.5) == outcome)[apart], ((lead > 0) == outcome)[apart]
        if apart.any():
            found[task, "no test in common"] = (
                np.average(sides[0], weights=weight[apart]),
                np.average(sides[1], weights=weight[apart]),
                apart.sum(),
            )
        if task in ("A", "B", "D"):
            apart_ours.append(sides[0])
            apart_theirs.append(sides[1])
            apart_weight.append(weight[apart])
    w = np.concatenate(apart_weight)
    found["no test in common"] = float(np.average(np.concatenate(apart_ours), weights=w))
    found["A, B, D", "no test in common"] = (
        found["no test in common"],
        float(np.average(np.concatenate(apart_theirs), weights=w)),
        len(w),
    )
    return found


def calibration(tallies: dict[str, Tally], verdicts) -> None:
    p, outcome, weight, label = (
        np.concatenate([each for tally in tallies.values() for each in getattr(tally, name)])
        for name in ("p", "outcome", "weight", "labels")
    )
    sure, right = np.maximum(p, 1 - p), (p > 0.5) == outcome
    for name in ("head_to_head", "partly", "bridged", "inferred", "too_thin"):
        mask = label == name
        if mask.any():
            share = weight[mask].sum() / weight.sum()
            accuracy = np.average(right[mask], weights=weight[mask])
            print(f"{name:14}{share:6.0%} {accuracy:.2f}  {bands(sure[mask], right[mask], weight[mask])}")
    print(f"{'verdicts':14}{'':12}{bands(*verdicts, np.ones(len(verdicts[0])))}")


def bands(sure, right, weight) -> str:
    found = []
    for low, high in BANDS:
        inside = (sure >= low) & (sure < high)
        if inside.any():
            said, true = (np.average(each[inside], weights=weight[inside]) for each in (sure, right))
            found.append(f".{round(100 * said):02}->.{round(100 * true):02} ({inside.sum()})".replace(".100", "1.0"))
    return "  ".join(found)


if __name__ == "__main__":
    sys.exit(main())
