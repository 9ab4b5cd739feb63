"""Everybody writes at once: python -m tests.bench.write_load [sqlite|postgres|given] [seconds] [recipients].

Eight clients sign up, confirm and leave through gunicorn while the weekly email goes out and the catalogue is imported again and
again. Prints the writes with their times, and what went wrong: answers other than expected, and "database is locked" in any output.
Exit code 0 when nothing did.
"""

import csv
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

from tests.bench.machines import ROOT
from tests.bench.mail_world import Browser, World, result, served, world
from tests.factories import BUNDLED

WRITERS = 8
LOCKED = "database is locked"


def main(vendor: str = "sqlite", seconds: int = 60, recipients: int = 5_000) -> int:
    with world(vendor, recipients, seed=1) as found:
        links = result(prepare_links, recipients, vendor != "given")
        log = found.folder / "gunicorn.log"
        with served(os.environ, log) as port:
            catalogues = small(found) if vendor == "given" else (BUNDLED, corrected(found))
            told = under_load(found, port, links, catalogues, seconds)
        told[LOCKED] = log.read_text().count(LOCKED) + sum(each.read_text().count(LOCKED) for each in outputs(found))
        told["tracebacks"] = log.read_text().count("Traceback")
    for name, figure in told.items():
        print(f"{name}: {figure}")
    return int(bool(told["unexpected answers"] or told["commands that failed"] or told[LOCKED] or told["tracebacks"]))


def outputs(found: World) -> list[Path]:
    return sorted(found.folder.glob("*.out"))


def prepare_links(recipients: int, with_catalogue: bool) -> dict[str, list[str]]:
    """Half of the readers have a link to leave; as many others are pending, with a link to confirm. A catalogue to correct."""
    from datetime import timedelta

    from django.utils import timezone

    from benchlm.newsletter import keys, subscriptions
    from benchlm.newsletter.models import ConfirmToken, Subscriber
    from comparisons.importing.writing import import_folder

    now = timezone.now()
    if with_catalogue:
        import_folder(BUNDLED, today=now.date())
    leave = [
        keys.link_token("leave", key)
        for key in Subscriber.objects.values_list("public_id", flat=True)[: recipients // 2]
    ]
    common = {"regime": "STRICT", "location_source": "unknown", "consent_version": "x"}
    emails = [f"p{number}@pending.example" for number in range(recipients // 2)]
    pending = Subscriber.objects.bulk_create(
        [Subscriber(email=each, email_key=each, key_hash=keys.digest("address", each), **common) for each in emails]
    )
    ConfirmToken.objects.bulk_create(
        ConfirmToken(token_hash=subscriptions.hash_of(row.email), subscriber=row, expires_at=now + timedelta(hours=72))
        for row in pending
    )
    return {"leave": leave, "confirm": emails}


def under_load(
    found: World, port: int, links: dict[str, list[str]], catalogues: tuple[Path, Path], seconds: int
) -> dict[str, object]:
    opened = Browser(port)
    opened.open_form()
    time.sleep(3.1)  # younger forms are refused
    ends_at = time.monotonic() + seconds
    times: list[float] = []
    answers: Counter = Counter()
    numbers = itertools.count()
    threads = [
        threading.Thread(target=write, args=(opened, port, links, ends_at, numbers, times, answers))
        for _ in range(WRITERS)
    ]
    commands: Counter = Counter()
    imports = [["import_catalogue", str(folder), "--allow-large-change"] for folder in catalogues]
    threads += [
        threading.Thread(target=repeat, args=(found, name, turns, ends_at, commands))
        for name, turns in (("send_weekly", [["send_weekly"]]), ("import_catalogue", imports))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return {
        "writes": len(times),
        "writes a second": f"{len(times) / seconds:.0f}",
        "median": f"{1000 * times[len(times) // 2]:.0f} ms",
        "p99": f"{1000 * times[len(times) * 99 // 100]:.0f} ms",
        "longest": f"{1000 * times[-1]:.0f} ms",
        "answers": dict(sorted(answers.items())),
        "mails of the issue": found.accepted(),
        "commands": {name: number for name, number in commands.items() if not name.endswith("failed")},
        "unexpected answers": sum(number for (kind, status), number in answers.items() if status not in EXPECTED[kind]),
        "commands that failed": sum(number for name, number in commands.items() if name.endswith("failed")),
    }


EXPECTED = {"sign up": (303, 429), "confirm": (303,), "leave": (200,)}  # 429: the limit of 500 mails an hour


def write(
    opened: Browser,
    port: int,
    links: dict[str, list[str]],
    ends_at: float,
    numbers: itertools.count,
    times: list,
    answers: Counter,
) -> None:
    """One client: signs up, confirms, leaves, each time somebody else."""
    browser = Browser(port, like=opened)
    while time.monotonic() < ends_at:
        number = next(numbers)
        kind = ("confirm", "leave", "sign up")[number % 3]
        begun = time.perf_counter()
        if kind == "sign up":
            visitor = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            status = browser.sign_up(f"n{number}@new{number}.example.org", visitor)
        else:
            status = browser.post(f"/newsletter/{kind}/{links[kind][number % len(links[kind])]}/")
        times.append(time.perf_counter() - begun)
        answers[kind, status] += 1


def small(found: World) -> tuple[Path, Path]:
    """Two models, with and without a correction, for a short run."""
    from tests.test_importing import folder_with

    corrections = ((), (("scores.csv", "84.3", "83.3"),))
    return tuple(folder_with(found.folder / f"small{number}", *edits) for number, edits in enumerate(corrections))


def corrected(found: World) -> Path:
    """The bundled catalogue with every tenth score a little lower."""
    folder = found.folder / "corrected"
    shutil.copytree(BUNDLED, folder)
    with (folder / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[::10]:
        row["value"] = str(Decimal(row["value"]) * Decimal("0.99"))
    with (folder / "scores.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def repeat(found: World, name: str, turns: list[list[str]], ends_at: float, commands: Counter) -> None:
    """A command of cron or of a curator, again and again."""
    with (found.folder / f"{name}.out").open("w") as output:
        for command in itertools.cycle(turns):
            if time.monotonic() >= ends_at:
                return
            done = subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, stdout=output, stderr=output, check=False
            )
            commands[name if done.returncode == 0 else f"{name} failed"] += 1


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.isdigit()]
    raise SystemExit(main(*(words or ["sqlite"]), *(int(word) for word in sys.argv[1:] if word.isdigit())))
