"""kill -9 of the sender at random moments: python tests/bench/kill_test.py [sqlite|postgres] [kills] [recipients] [seed].

With `senders` or `flood` after the database it tries instead: two senders at once and five without their lock over all
recipients; 10,000 sign-ups for one mailbox and a limit of twenty from eight processes.

A real SMTP server in a process of its own writes down each mail that it accepts before it says so. The sender is forked, killed,
started again until nothing is owed. Then: nobody got two, nobody is missing without being counted as uncertain, at most one
uncertain per kill, and the balance holds after every single run. Exit code 0 when all of that is so.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
POSTGRES = Path("/usr/lib/postgresql/15/bin")
BATCH = 1000


def main(vendor: str = "sqlite", task: str = "kill", kills: int = 100, recipients: int = 10_000, seed: int = 1) -> int:
    folder = Path(tempfile.mkdtemp(prefix="kill-test-"))
    folder.chmod(0o755)
    server = start_postgres(folder) if vendor == "postgres" else None
    port, taken = free_port(), folder / "accepted"
    taken.touch()
    sink = forked(serve, port, taken)
    try:
        set_up_django(folder, port, server)
        wait_for(port)
        result(prepare, recipients)
        if task == "senders":
            return several_senders(recipients, taken)
        if task == "flood":
            return flood()
        return judge(*kill_and_go_on(kills, taken, random.Random(seed)), recipients, taken)
    finally:
        os.kill(sink, signal.SIGKILL)
        if server:
            subprocess.run(
                ["runuser", "-u", "postgres", "--", POSTGRES / "pg_ctl", "-D", server[0], "-m", "immediate", "stop"],
                check=False,
            )
        shutil.rmtree(folder, ignore_errors=True)


# --- the world around the sender ------------------------------------------------------------------------------------
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the mail server did not start")


def start_postgres(folder: Path) -> tuple[Path, int]:
    """A cluster of its own, run by the user postgres: its folder and port."""
    data, port = folder / "pg", free_port()
    data.mkdir()
    shutil.chown(data, "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*as_postgres, POSTGRES / "initdb", "-D", data, "-A", "trust"], **quiet)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}"
    subprocess.run(
        [*as_postgres, POSTGRES / "pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start"], **quiet
    )
    return data, port


def set_up_django(folder: Path, port: int, server: tuple[Path, int] | None) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "benchlm.settings",
        "STATE_DIR": str(folder / "state"),
        "RELEASE": "kill-test",
        "SECRET_KEY": "kill-test-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
        "SITE_URL": "https://benchlm.example",
        "ALLOWED_HOSTS": "benchlm.example",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "NEWSLETTER_FROM": "weekly@benchlm.example",
        "NEWSLETTER_POSTAL_ADDRESS": "1 Test Street, Testville",
    }
    if server:
        os.environ["DATABASE_URL"] = f"postgres://postgres@127.0.0.1:{server[1]}/postgres"
    import django

    django.setup()


def serve(port: int, taken: Path) -> None:
    """The mail server: writes a recipient down, then says that it has the mail."""
    from tests.newsletter_sink import Sink

    file = taken.open("a", buffering=1)

    def script(stage: str, recipient: str, nth: int) -> None:
        if stage == "DATA":
            file.write(f"{recipient}\n")

    sink = Sink(script)
    sink.port = port
    sink.start()
    while True:
        time.sleep(1)
        sink.accepted.clear()


def forked(task, *args) -> int:
    """Run a task in a child that never comes back; its process id."""
    child = os.fork()
    if not child:
        code = 1
        try:
            code = task(*args) or 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    return child


def result(task, *args):
    """What a task returns when a child runs it, so that this process never holds a database connection."""
    read, write = os.pipe()

    def answer() -> None:
        os.write(write, json.dumps(task(*args)).encode())

    child = forked(answer)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def prepare(recipients: int) -> int:
    """Tables, subscribers and one change in the week that is over."""
    from django.core.management import call_command
    from django.utils import timezone

    from benchlm.newsletter import issues, keys
    from benchlm.newsletter.models import Subscriber
    from comparisons.models import Change

    call_command("migrate", verbosity=0)
    now = timezone.now()
    emails = [f"r{number}@reader.example" for number in range(recipients)]
    common = {
        "status": "active",
        "regime": "STRICT",
        "location_source": "unknown",
        "consent_version": "x",
        "confirmed_at": now,
    }
    rows = [Subscriber(email=each, email_key=each, key_hash=keys.digest("address", each), **common) for each in emails]
    Subscriber.objects.bulk_create(rows, batch_size=BATCH)
    Change.objects.create(kind="model_added", subject="Alpha", at=issues.issue_of(issues.last_ended(now)).starts_at)
    return len(rows)


def send() -> int:
    from django.utils import timezone

    from benchlm.newsletter import issues, sending

    week = issues.issue_of(issues.last_ended(timezone.now())).week
    return sending.run(lambda text: None, week=week)


def standing() -> dict:
    """The ledger as it is now."""
    from benchlm.newsletter.models import Delivery, Issue

    issue = Issue.objects.exclude(state="planned").first()
    if issue is None:
        return {"state": "planned", "balance": {}, "frozen": 0, "by_state": {}}
    by_state = {}
    for email, state in Delivery.objects.values_list("subscriber__email", "state"):
        by_state.setdefault(state, []).append(email)
    return {"state": issue.state, "balance": issue.balance(), "frozen": issue.frozen, "by_state": by_state}


# --- killing --------------------------------------------------------------------------------------------------------
def kill_and_go_on(kills: int, taken: Path, chance: random.Random) -> tuple[int, int, dict]:
    """Start, kill, start again; (kills, runs whose numbers did not add up, the ledger at the end)."""
    killed = unbalanced = 0
    began = time.perf_counter()
    while True:
        child, before = forked(send), lines(taken)
        is_killed = killed < kills and kill_somewhere(child, before, taken, chance)
        _, status = os.waitpid(child, 0)
        killed += is_killed and os.WIFSIGNALED(status)
        ledger = result(standing)
        unbalanced += ledger["frozen"] != sum(ledger["balance"].values())
        if killed % 20 == 0 or ledger["state"] == "done":
            print(
                f"{time.perf_counter() - began:6.0f} s, {killed} kills, {lines(taken)} accepted, {ledger['balance']}",
                flush=True,
            )
        if ledger["state"] == "done":
            return killed, unbalanced, ledger


def kill_somewhere(child: int, before: int, taken: Path, chance: random.Random) -> bool:
    """Wait for some mails, or for none, and a moment more; then kill. False when the child ended before."""
    wanted = chance.choice([0, chance.randrange(3), chance.randrange(150)])
    ends_at = time.perf_counter() + 60
    while lines(taken) < before + wanted and time.perf_counter() < ends_at:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return False
        time.sleep(0.0005)
    time.sleep(chance.uniform(0, 0.3 if wanted == 0 else 0.02))
    os.kill(child, signal.SIGKILL)
    return True


def lines(path: Path) -> int:
    """Recipients written down so far: each line is of a known form, so that its count follows from reading the new part."""
    state = lines.__dict__
    file = state.setdefault("file", path.open("rb"))
    state["count"] = state.get("count", 0) + file.read().count(b"\n")
    return state["count"]


# --- at the same time -----------------------------------------------------------------------------------------------
def several_senders(recipients: int, taken: Path) -> int:
    """Five senders whose lock a test takes away, then two with it; doubled mails and the seconds of the one that had to go."""
    from contextlib import contextmanager

    from benchlm.newsletter import sending

    with_lock = sending.lock

    @contextmanager
    def without_lock():
        yield True

    sending.lock = without_lock
    children = [forked(send) for _ in range(5)]
    time.sleep(5)
    for child in children[1:]:
        os.kill(child, signal.SIGTERM)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children[1:]]
    os.kill(children[0], signal.SIGTERM)
    os.waitpid(children[0], 0)
    sending.lock = with_lock
    first = forked(send)
    time.sleep(2)
    began = time.perf_counter()
    second = forked(send)
    code = os.waitstatus_to_exitcode(os.waitpid(second, 0)[1])
    print(f"second sender: exit {code} after {time.perf_counter() - began:.2f} s; told to stop: exits {codes}")
    os.waitpid(first, 0)
    return judge(0, 0, result(standing), recipients, taken, are_uncertain_allowed=True)


def flood() -> int:
    """10,000 sign-ups for one mailbox over eight days; eight processes that count to a limit of twenty."""
    mails = result(flood_one_mailbox, 10_000)
    children = [forked(take_until_full) for _ in range(8)]
    taken = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    print(
        f"mails for 10,000 sign-ups of one mailbox in seven days: {mails}; taken by eight processes of twenty: {taken}"
    )
    return int(mails > 3 or taken != 20)


def flood_one_mailbox(number: int) -> int:
    from datetime import timedelta

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


def judge(
    kills: int, unbalanced: int, ledger: dict, recipients: int, taken: Path, *, are_uncertain_allowed: bool = False
) -> int:
    got = Counter(taken.read_text().split())
    by_state = {state: set(emails) for state, emails in ledger["by_state"].items()}
    uncertain = by_state.get("uncertain", set())
    figures = {
        "kills": kills,
        "recipients": recipients,
        "accepted by the mail server": len(got),
        "doubled": sum(number > 1 for number in got.values()),
        "silently lost": len(by_state.get("sent", set()) - got.keys()) + recipients - sum(map(len, by_state.values())),
        "neither sent nor uncertain": sum(
            len(emails) for state, emails in by_state.items() if state not in ("sent", "uncertain")
        ),
        "uncertain": len(uncertain),
        "uncertain that did arrive": len(uncertain & got.keys()),
        "runs out of balance": unbalanced,
    }
    for name, figure in figures.items():
        print(f"{name}: {figure:,}")
    faults = ("doubled", "silently lost", "neither sent nor uncertain", "runs out of balance")
    return int(any(figures[name] for name in faults) or (len(uncertain) > kills and not are_uncertain_allowed))


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.isdigit()] or ["sqlite"]
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    raise SystemExit(main(*[*words, "kill"][:2], *numbers))
