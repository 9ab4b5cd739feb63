"""kill -9 of an import at random moments: DATABASE_URL=... python -m tests.bench.kill_import [kills] [seed] on an empty migrated database.

The small catalogue of the tests is loaded with sixty more scores; each import then gives all sixty a new value, once by the command
and once through the pages of the admin, in a process of its own that is killed. Afterwards the scores, their history, the change log
and the list of imports are all as before or all as after, never between. Prints a JSON object; ends with 1 when a state was half.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path

COUNT, WRITES = 60, 24  # scores that change; statements that an import of them writes at the most


def main(kills: int = 40, seed: int = 1) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.test.utils import setup_test_environment

    from comparisons.importing.writing import import_folder
    from tests.test_importing import TODAY

    setup_test_environment()
    chance, folder = random.Random(seed), Path(tempfile.mkdtemp(prefix="kill-import-"))
    assert import_folder(files(folder, 0), today=TODAY).applied
    User.objects.create_superuser("ada", password="a-long-password-1")
    outcomes, half = Counter(), []
    for place in range(kills):
        door = (by_command, by_page)[place % 2]
        before, value = state(), place % 90 + 1
        folder_of_try = files(folder, value)
        how = kill_after(chance.randint(1, WRITES)) if place % 4 < 3 else kill_in(chance.uniform(0.02, 0.4))
        ended = how(lambda door=door, folder=folder_of_try: door(folder))
        if ended not in (0, -signal.SIGKILL):
            raise SystemExit(f"{door.__name__} failed by itself: {ended}")
        now = state()
        after = {**before, "values": [value], "batches": before["batches"] + 1}
        after |= {name: before[name] + COUNT for name in ("history", "changes")}
        if now in (before, after):
            outcomes[f"{door.__name__} {'killed' if ended else 'ended'} {'after' if now == after else 'before'}"] += 1
        else:
            half.append({"door": door.__name__, "before": before, "now": now})
    print(json.dumps({"tries": kills, "outcomes": outcomes, "half": half}))
    return bool(half)


def files(folder: Path, value: int) -> Path:
    """The catalogue of the tests with sixty scores of one value more."""
    from tests.test_importing import SMALL, folder_with

    rows = "".join(
        f"gpt-4-1,bbh,{value},vendor,https://k.example/,2026-01-01,s{place},,published,,\n" for place in range(COUNT)
    )
    return folder_with(folder / str(value), ("scores.csv", SMALL["scores.csv"], SMALL["scores.csv"] + rows))


def state() -> dict[str, object]:
    """What an import writes, as a connection of its own sees it."""
    from django.db import connection

    from comparisons.models import Batch, Change, Score

    connection.close()
    values = Score.objects.filter(source_url="https://k.example/").order_by().values_list("value", flat=True)
    found = {
        "values": sorted({int(value) for value in values}),
        "history": Score.history.count(),
        "changes": Change.objects.count(),
        "batches": Batch.objects.count(),
    }
    connection.close()
    return found


# --- the two doors ----------------------------------------------------------------------------------------------------
def by_command(folder: Path) -> None:
    from django.core.management import call_command

    call_command("import_catalogue", folder, allow_large_change=True, stdout=StringIO(), stderr=StringIO())


def by_page(folder: Path) -> None:
    from django.contrib.auth.models import User

    from tests.test_batches import press, send, signed_in

    client = signed_in(User.objects.get(username="ada"))
    page = send(client, ("scores.csv", (folder / "scores.csv").read_bytes()))
    answer = press(client, page, allow_large_change="on")
    assert answer.status_code == 302, answer.text


# --- the two ways to be killed ------------------------------------------------------------------------------------------
def forked(work: Callable[[], None]) -> int:
    from django.db import connection

    connection.close()
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def ended(child: int) -> int:
    """How a process ended: its exit code, or the signal as a negative number."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_after(writes: int) -> Callable[[Callable[[], None]], int]:
    """The process kills itself right before it sends its n-th row of the catalogue, or ends when it sends fewer."""

    def way(work: Callable[[], None]) -> int:
        return ended(forked(lambda: counted(work, writes)))

    return way


def counted(work: Callable[[], None], writes: int) -> None:
    from django.db import connection

    left = writes

    def watch(execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
        nonlocal left
        if "comparisons_" in sql and sql.startswith(("INSERT", "UPDATE", "DELETE")):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        work()


def kill_in(seconds: float) -> Callable[[Callable[[], None]], int]:
    """Someone else kills the process after a while, wherever it is."""

    def way(work: Callable[[], None]) -> int:
        child = forked(work)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return ended(child)

    return way


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
