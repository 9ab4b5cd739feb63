"""Faults of the sender in real processes: python -m tests.bench.kill_test [sqlite|postgres|given] [task] [times] [recipients] [seed].

kill      kill -9 at random moments, then on (this is the task where none is named)
senders   five without their lock, then two at once, one of them told to stop
stopped   one is stopped for 60 s while another starts (times: seconds)
refused   50 dead mailboxes, and a server that turns every hundredth message away
readonly  the database takes no entry from some moment on
full      the files of the database may not grow any more
power     power cuts: database and write-ahead log are put back to a copy of a random moment (SQLite)
restart   PostgreSQL is restarted in mid-run (postgres), or its connection is ended (given)
flood     10,000 sign-ups for one mailbox, and a limit of twenty taken by eight processes
quick     all of them in small, as tests/test_newsletter_processes.py does

Nobody may get two, nobody may be missing without being counted as uncertain, one uncertain at most for each fault, no mail without
its entry, and the numbers of the ledger must add up after every single run. Exit code 0 when all of that is so.
"""

import json
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from tests.bench.mail_world import World, ended, figures, forked, result, send, standing, start_anew, world

FAULTS = ("doubled", "silently lost", "sent without an entry", "open", "runs out of balance")


def main(vendor: str = "sqlite", task: str = "kill", times: int = 100, recipients: int = 10_000, seed: int = 1) -> int:
    with world(vendor, 40 if task == "quick" else recipients, seed) as found:
        if task == "quick":
            print(json.dumps({each.__name__: each(found, few) for each, few in quick(vendor).items()}))
            return 0
        told = TASKS[task](found, times)
    for name, figure in told.items():
        print(f"{name}: {figure:,}")
    return int(any(told.get(name) for name in FAULTS) or told["uncertain"] > told["faults"])


def quick(vendor: str) -> dict[Callable, int]:
    """Each task with a small number of times."""
    few = {kill: 4, senders: 1, stopped: 1, readonly: 3, flood: 1}
    is_postgres = vendor == "postgres" or os.environ.get("DATABASE_URL", "").startswith("postgres")
    return few | ({restart: 1} if is_postgres else {full: 1, power: 2}) | {refused: 5}


# --- killing --------------------------------------------------------------------------------------------------------
def kill(found: World, times: int, *, copying: bool = False) -> dict[str, int]:
    """Start, kill, start again, until nothing is owed."""
    result(start_anew, str(found.taken))
    killed = unbalanced = 0
    began = time.perf_counter()
    while True:
        before, child = found.accepted(), forked(send)
        is_killed = killed < times and kill_somewhere(found, child, before, copying=copying)
        killed += ended(child) == -signal.SIGKILL
        if is_killed and copying:
            put_back()
        ledger = result(standing)
        unbalanced += ledger["frozen"] != sum(ledger["balance"].values())
        if found.recipients > 1000 and (killed % 20 == 0 or ledger["state"] == "done"):
            seconds = time.perf_counter() - began
            print(f"{seconds:6.0f} s, {killed} kills, {found.accepted()} accepted, {ledger['balance']}", flush=True)
        if ledger["state"] == "done":
            return {"faults": killed, "runs out of balance": unbalanced} | figures(found, ledger)


def kill_somewhere(found: World, child: int, before: int, *, copying: bool) -> bool:
    """Wait for some mails, or for none, and a moment more; then kill. False when the child ended before."""
    few = max(3, found.recipients // 70)
    wanted = found.chance.choice([0, found.chance.randrange(3), found.chance.randrange(few)])
    ends_at = time.perf_counter() + 60
    while found.accepted() < before + wanted and time.perf_counter() < ends_at:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return False
        time.sleep(0.0005)
    time.sleep(found.chance.uniform(0, 0.3 if wanted == 0 else 0.02))
    if copying:
        os.kill(child, signal.SIGSTOP)
        os.waitid(os.P_PID, child, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        copy_away()
    os.kill(child, signal.SIGKILL)
    return True


def power(found: World, times: int) -> dict[str, int]:
    """A kill after which the files are those of a moment before it. What had not reached the disk then is not known here: every commit
    has, as the settings ask for it."""
    from django.conf import settings

    assert "synchronous=FULL" in settings.DATABASES["default"]["OPTIONS"]["init_command"]
    return kill(found, times, copying=True)


def files() -> list[Path]:
    from django.conf import settings

    name = settings.DATABASES["default"]["NAME"]
    return [Path(f"{name}{end}") for end in ("", "-wal")]


def copy_away() -> None:
    for path in files():
        if path.exists():
            shutil.copyfile(path, f"{path}.copy")


def put_back() -> None:
    """The copy, without the shared memory of the processes that are gone."""
    for path in files():
        if Path(f"{path}.copy").exists():
            Path(f"{path}.copy").replace(path)
    Path(f"{files()[0]}-shm").unlink(missing_ok=True)


# --- at the same time -----------------------------------------------------------------------------------------------
def senders(found: World, times: int) -> dict[str, int]:
    """Five senders whose lock is taken away, then two with it."""
    from benchlm.newsletter import sending

    @contextmanager
    def without_lock():
        yield True

    result(start_anew, str(found.taken))
    with_lock, sending.lock = sending.lock, without_lock
    children = [forked(send) for _ in range(5)]
    wait_for_mails(found, found.recipients // 3)
    for child in children:
        os.kill(child, signal.SIGTERM)
    codes = [ended(child) for child in children]
    sending.lock = with_lock
    first = forked(send)
    wait_for_mails(found, found.recipients // 2)
    began = time.perf_counter()
    code = ended(forked(send))
    seconds = time.perf_counter() - began
    ended(first)
    told = {
        "faults": 25,
        "exits not 0": sum(each != 0 for each in [*codes, code]),
        "second ended in 2 s": int(seconds < 2),
    }
    return told | figures(found, result(standing))


def wait_for_mails(found: World, number: int) -> None:
    ends_at = time.perf_counter() + 60
    while found.accepted() < number and time.perf_counter() < ends_at:
        time.sleep(0.001)


def stopped(found: World, times: int) -> dict[str, int]:
    """One sender is stopped for a while, another starts meanwhile; then the first goes on."""
    result(start_anew, str(found.taken))
    first = forked(send)
    wait_for_mails(found, found.recipients // 10)
    os.kill(first, signal.SIGSTOP)
    time.sleep(0.1)  # what the server had in hand is written down
    before = found.accepted()
    second = ended(forked(send))
    time.sleep(times)
    by_second = found.accepted() - before
    os.kill(first, signal.SIGCONT)
    told = {
        "faults": 0,
        "exit of the second": second,
        "mails of the second": by_second,
        "exit of the first": ended(first),
    }
    return told | figures(found, result(standing))


# --- refusals -------------------------------------------------------------------------------------------------------
def refused(found: World, times: int) -> dict[str, int]:
    """Dead mailboxes (`times` of them, 50 at most) are suppressed, the others get their mail from a server that is busy now and then."""
    gone = min(times, 50)
    result(start_anew, str(found.taken), gone)
    found.busy.touch()
    code = ended(forked(send))
    found.busy.unlink()
    ledger = result(standing)
    told = {"faults": 0, "exit": code, "still active": ledger["active"], "dead mailboxes": gone}
    return told | figures(found, ledger)


def readonly(found: World, times: int) -> dict[str, int]:
    """From some look at the clock on the database takes no entry; then the disk is mended and a run goes on."""
    result(start_anew, str(found.taken))
    codes = []
    for turn in range(times):
        codes.append(ended(forked(send, 1 + turn * 3 + found.chance.randrange(12), take_no_entry)))
    return gone_on(found, codes)


def take_no_entry() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        is_sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA query_only=ON" if is_sqlite else "SET default_transaction_read_only=on")


def full(found: World, times: int) -> dict[str, int]:
    """No file may grow beyond the size of the database: the write-ahead log soon fails."""
    result(start_anew, str(found.taken))
    codes = [ended(forked(send, 5, grow_no_more)) for _ in range(times)]
    return gone_on(found, codes)


def grow_no_more() -> None:
    most = files()[0].stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def gone_on(found: World, codes: list[int]) -> dict[str, int]:
    """A last run after the fault was mended."""
    told = {"faults": len(codes), "exits not 1": sum(code != 1 for code in codes), "last exit": ended(forked(send))}
    return told | figures(found, result(standing))


def restart(found: World, times: int) -> dict[str, int]:
    """PostgreSQL goes away in mid-run; the run says so, the next one goes on."""
    result(start_anew, str(found.taken))
    codes = []
    for turn in range(1, times + 1):
        child = forked(send)
        wait_for_mails(found, found.recipients * turn // (times + 2))
        if found.cluster:
            found.cluster.stop(found.chance.choice(["fast", "immediate"]))
            found.cluster.start()
        else:
            result(end_other_connections)
        codes.append(ended(child))
    return gone_on(found, codes)


def end_other_connections() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


# --- counters -------------------------------------------------------------------------------------------------------
def flood(found: World, times: int) -> dict[str, int]:
    """`times` hundred sign-ups for one mailbox over a week; eight processes that count to a limit of twenty."""
    mails = result(flood_one_mailbox, times * 100)
    taken = sum(ended(child) for child in [forked(take_until_full) for _ in range(8)])
    told = {"sign-ups for one mailbox in a week": times * 100, "mails for them": mails, "taken of twenty": taken}
    return told | {"faults": 0, "uncertain": 0, "doubled": max(0, mails - 3), "open": abs(taken - 20)}


def flood_one_mailbox(number: int) -> int:
    from django.utils import timezone

    from benchlm.newsletter import addresses, consent, subscriptions

    now, step = timezone.now(), timedelta(days=7) / number
    forms = [addresses.parse(f"v.i.c.t.i.m+{n}@gmail.com") for n in range(50)]
    return sum(subscriptions.sign_up(forms[n % 50], consent.UNKNOWN, now + n * step) is not None for n in range(number))


def take_until_full() -> int:
    from django.db import transaction
    from django.utils import timezone

    from benchlm.newsletter import limits

    limits.RULES["twenty"] = ((limits.HOUR, 20),)
    now = timezone.now()
    for number in range(21):
        with transaction.atomic():
            counter = limits.locked("twenty", "", now)
            if not limits.has_room(counter, "twenty", now):
                return number
            limits.count(counter, "twenty", now)
    return 21


TASKS = {each.__name__: each for each in (kill, senders, stopped, refused, readonly, full, power, restart, flood)} | {
    "quick": quick
}

if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.isdigit()] or ["sqlite"]
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    raise SystemExit(main(*[*words, "kill"][:2], *numbers))
