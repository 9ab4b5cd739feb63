"""What grows with the catalogue: python -m tests.bench.growth [sizes, default 300 3000 30000].

A synthetic catalogue of each size (12 scores and a price a model, on the bundled benchmarks) is made, fitted and asked in a process of its
own, on SQLite. Printed are processor times, bytes and nodes of each size, then the ratios that have a goal. Exit code 0 when all are met.
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from tests.bench.machines import ROOT, environment, manage

SIZES = (300, 3_000, 30_000)
SCORES = 12  # of each model
QUERIES = 4  # of a page that is not kept
ASKED, MEANT = 200, 100  # pairs, of so many models: as many are asked for the first time whatever the size
GIVEN = {"host": "127.0.0.1"}


def main(sizes: list[int]) -> int:
    found = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="growth-") as folder:
            machine = environment(Path(folder), PAGE_STORE_MB="0", SECRET_KEY="growth " * 10)
            manage(machine, "migrate", "-v0")
            manage(machine, "import_catalogue")
            manage(machine, "collectstatic", "--no-input")
            command = [sys.executable, "-m", "tests.bench.growth", "--measure", str(size)]
            done = subprocess.run(command, cwd=ROOT, env=machine, stdout=subprocess.PIPE, text=True, check=True)
            found[size] = json.loads(done.stdout)
    print(f"{'':44}" + "".join(f"{size:>12,}" for size in sizes))
    for name in found[sizes[0]]:
        print(f"{name:44}" + "".join(f"{found[size][name]:12,.2f}" for size in sizes))
    return judge(found, sizes)


def judge(found: dict[int, dict[str, float]], sizes: list[int]) -> int:
    small, middle, large = sizes[0], sizes[-2], sizes[-1]
    goals = [
        ("R6 pair, queries and merge", "pair: queries and merge, CPU ms", large, small, 1.3),
        ("R6 rank page", "rank page rendered, CPU ms", large, small, 1.3),
        ("R7 standings rebuilt", "standings rebuilt, CPU s", large, middle, 12),
        ("D4 HTML of the pair", "pair, KB of HTML", middle, small, 1.02),
        ("D4 HTML of the rank page", "rank page, KB of HTML", middle, small, 1.02),
    ]
    print()
    missed = 0
    for page in ("pair", "rank page"):
        queries = max(found[size][f"{page}, queries"] for size in sizes)
        missed += queries > QUERIES
        print(
            f"{f'D3 queries of the {page}':51}{queries:8.0f}  goal <= {QUERIES:<6} {'met' if queries <= QUERIES else 'NOT MET'}"
        )
    for goal, name, of, to, most in goals:
        ratio = found[of][name] / found[to][name]
        missed += ratio > most
        print(f"{goal:32}{of:>8,} : {to:<8,}{ratio:8.2f}  goal <= {most:<6} {'met' if ratio <= most else 'NOT MET'}")
    return int(missed > 0)


def measure(size: int) -> dict[str, float]:
    import django

    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from comparisons import assembly, days, estimates, listings, plain
    from comparisons.links import Options
    from comparisons.models import CatalogueVersion, LanguageModel

    grow(size)
    CatalogueVersion.rise()
    told = {"scores": float(sum(map(len, plain.results().values())))}
    told["fit, CPU s"] = seconds(lambda: estimates.refit(seeds=1))
    today, site = timezone.localdate(), Client(headers=GIVEN)

    def rebuilt() -> None:
        whole, fit = plain.read(today), estimates.current()
        for category in (None, *whole.rules.categories):
            listings.placed(whole, category, fit.standings)

    estimates.current()
    told["standings rebuilt, CPU s"] = min(seconds(rebuilt) for _ in range(3))
    slugs = [f"made-{number}" for number in range(MEANT)]
    chance = random.Random(1)
    pairs = [sorted(chance.sample(slugs, 2)) for _ in range(ASKED)]
    stand = days.Now(today)

    def merged(pair: list[str]) -> None:
        models = sorted(LanguageModel.objects.published().filter(slug__in=pair), key=lambda row: row.slug)
        assembly.pair(stand, models, Options(), f"/compare/{'-vs-'.join(pair)}/")

    merged(pairs[0])
    told["pair: queries and merge, CPU ms"] = 1000 * statistics.median(
        seconds(lambda pair=pair: merged(pair)) for pair in pairs
    )
    addresses = [f"/compare/{'-vs-'.join(pair)}/" for pair in pairs]
    told["pair rendered, CPU ms"] = 1000 * statistics.median(answered(site, address) for address in addresses)
    told["pair, KB of HTML"] = statistics.mean(len(site.get(address).content) for address in addresses) / 1000
    answered(site, "/leaderboard/")
    told["rank page rendered, CPU ms"] = 1000 * statistics.median(answered(site, "/leaderboard/") for _ in range(15))
    told["rank page, KB of HTML"] = len(site.get("/leaderboard/").content) / 1000
    for name, address in (("pair", addresses[0]), ("rank page", "/leaderboard/"), ("model", f"/models/{slugs[0]}/")):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            site.get(address)
        told[f"{name}, queries"] = float(len(queries))
    told["highest memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return told


def answered(site, address: str) -> float:
    def ask() -> None:
        response = site.get(address)
        assert response.status_code == 200, (address, response.status_code)

    return seconds(ask)


def seconds(work: Callable[[], object]) -> float:
    """Processor time of this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def grow(size: int) -> None:
    """Published models up to `size` in all, each with scores drawn about an ability of its own; without history, which no page here reads."""
    from django.db.models import QuerySet

    from comparisons.models import Benchmark, Creator, LanguageModel, Offer, Score

    chance, tests = random.Random(size), list(Benchmark.objects.exclude(direction="none").filter(unit="percent"))
    creators = [row.pk for row in Creator.objects.all()]
    missing = size - LanguageModel.objects.published().count()
    made = QuerySet(LanguageModel).bulk_create(
        [
            LanguageModel(
                slug=f"made-{number}",
                name=f"Made {number}",
                creator_id=chance.choice(creators),
                status="published",
                context_window=chance.choice((128_000, 200_000, 1_000_000)),
            )
            for number in range(missing)
        ],
        batch_size=500,
    )
    common = {"status": "published", "source_kind": "maintainer", "source_url": "https://example.org/made"}
    scores, offers = [], []
    for model in made:
        ability = chance.gauss(0, 15)
        for test in chance.sample(tests, min(SCORES, len(tests))):
            value = min(max(55 + ability + chance.gauss(0, 8), 1), 99)
            scores.append(Score(model=model, benchmark=test, value=Decimal(f"{value:.1f}"), **common))
        price = Decimal(chance.randint(1, 400)) / 20
        offers.append(
            Offer(
                model=model,
                host="made",
                basis="api",
                input=price,
                output=4 * price,
                status="published",
                makers_own=True,
                source_url=common["source_url"],
            )
        )
    QuerySet(Score).bulk_create(scores, batch_size=1_000)
    QuerySet(Offer).bulk_create(offers, batch_size=1_000)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchlm.settings")
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        raise SystemExit(main([int(word) for word in sys.argv[1:]] or list(SIZES)))
