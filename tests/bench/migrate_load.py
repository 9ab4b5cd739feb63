"""Migrating a large table while the site writes to it: python -m tests.bench.migrate_load [sqlite|postgres|given] [rows].

Steps as migrations have them (a column, an index, a constraint, a longer column, a column less) run on the table of subscribers, each in a
transaction of its own, while four writers add and change rows. Prints how long each step took, the longest that a writer waited, and
what was lost of what the database had acknowledged. Exit code 0 when nothing was, and nobody waited 5 seconds.
"""

import json
import sys
import time
from pathlib import Path

from tests.bench.mail_world import ended, forked, result, world

WRITERS = 4
LONGEST = 5  # seconds


def main(vendor: str = "sqlite", rows: int = 100_000) -> int:
    with world(vendor, rows, seed=1) as found:
        stop = found.folder / "stop"
        logs = [found.folder / f"writer{number}" for number in range(WRITERS)]
        writers = [forked(write, number, rows, stop, log) for number, log in enumerate(logs)]
        time.sleep(1)
        steps = result(migrate)
        time.sleep(1)
        stop.touch()
        codes = [ended(writer) for writer in writers]
        lost = result(lost_writes, [str(log) for log in logs])
    told = [json.loads(log) for log in lost.pop("waits")]
    waits = sorted(wait for each in told for wait in each)
    for name, seconds in steps.items():
        print(f"{name}: {seconds:.2f} s")
    print(f"writes: {len(waits):,}, median {1000 * waits[len(waits) // 2]:.0f} ms, longest {waits[-1]:.2f} s")
    print(f"writers that failed: {sum(map(bool, codes))}")
    for name, number in lost.items():
        print(f"{name}: {number}")
    return int(any(codes) or any(lost.values()) or waits[-1] >= LONGEST)


def migrate() -> dict[str, float]:
    """Seconds of each step."""
    from django.db import connection, migrations, models
    from django.db.migrations.executor import MigrationExecutor

    state = MigrationExecutor(connection).loader.project_state()
    steps = {
        "add a column": migrations.AddField("subscriber", "extra", models.CharField(max_length=20, db_default="")),
        "add an index": migrations.AddIndex(
            "subscriber", models.Index(fields=["extra", "status"], name="extra_status")
        ),
        "add a constraint": migrations.AddConstraint(
            "subscriber", models.CheckConstraint(condition=~models.Q(extra="forbidden"), name="extra_allowed")
        ),
        "lengthen a column": migrations.AlterField(
            "subscriber", "extra", models.CharField(max_length=40, db_default="")
        ),
        "remove the constraint": migrations.RemoveConstraint("subscriber", "extra_allowed"),
        "remove the index": migrations.RemoveIndex("subscriber", "extra_status"),
        "remove the column": migrations.RemoveField("subscriber", "extra"),
    }
    seconds = {}
    for name, operation in steps.items():
        migration = migrations.Migration(name, "newsletter")
        migration.operations = [operation]
        begun = time.perf_counter()
        with connection.schema_editor(atomic=True) as editor:
            state = migration.apply(state, editor)
        seconds[name] = time.perf_counter() - begun
        time.sleep(0.5)
    return seconds


def write(number: int, rows: int, stop: Path, log: Path) -> None:
    """Add a row and change another, in turns; what was acknowledged, and how long each took, is in the log at the end."""
    from benchlm.newsletter.models import Subscriber

    first = Subscriber.objects.order_by("pk").values_list("pk", flat=True).first()
    added, changed, waits = [], {}, []
    turn = 0
    while not stop.exists():
        turn += 1
        key, text = first + (turn * 97 * WRITERS + number) % (rows // WRITERS * WRITERS), f"turn {turn}"
        begun = time.perf_counter()
        if turn % 2:
            email = f"new{number}-{turn}@reader.example"
            row = Subscriber.objects.create(
                email=email,
                email_key=email,
                key_hash=email,
                regime="STRICT",
                location_source="unknown",
                consent_version="x",
            )
            added.append(row.pk)
        elif Subscriber.objects.filter(pk=key).update(location_data=text):
            changed[key] = text
        waits.append(time.perf_counter() - begun)
        time.sleep(0.005)
    log.write_text(json.dumps({"added": added, "changed": changed, "waits": waits}))


def lost_writes(logs: list[str]) -> dict[str, object]:
    """Rows that were acknowledged and are not there, or not as they were left."""
    from benchlm.newsletter.models import Subscriber

    told = [json.loads(Path(log).read_text()) for log in logs]
    there = dict(Subscriber.objects.values_list("pk", "location_data"))
    return {
        "added rows lost": sum(key not in there for each in told for key in each["added"]),
        "changes lost": sum(there.get(int(key)) != text for each in told for key, text in each["changed"].items()),
        "waits": [json.dumps(each["waits"]) for each in told],
    }


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.isdigit()]
    raise SystemExit(main(*(words or ["sqlite"]), *(int(word) for word in sys.argv[1:] if word.isdigit())))
