"""A mail server, a database and senders as processes of their own: what kill_test.py tries its faults in.

The mail server writes each recipient down before it says that it has the mail. Everything that touches the database runs in a
forked child, so that the process that kills and counts never holds a connection.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.machines import Postgres, free_port, node
from tests.bench.machines import ended as terminated

BATCH = 1000
GONE = "gone"  # begins the names of mailboxes that the server does not know


@dataclass
class World:
    """Where the files are, how many subscribers there are, and the PostgreSQL cluster that was started for it."""

    folder: Path
    recipients: int
    chance: random.Random
    cluster: Postgres | None = None

    @property
    def taken(self) -> Path:
        """One line for each mail that was accepted."""
        return self.folder / "accepted"

    @property
    def busy(self) -> Path:
        """While this file exists, the server turns every hundredth message away."""
        return self.folder / "busy"

    def accepted(self) -> int:
        return self.taken.read_bytes().count(b"\n")


@contextmanager
def world(vendor: str, recipients: int, seed: int) -> Iterator[World]:
    """`vendor`: sqlite, postgres, or given for the migrated database that DATABASE_URL names."""
    folder = Path(tempfile.mkdtemp(prefix="kill-test-"))
    folder.chmod(0o755)
    found = World(folder, recipients, random.Random(seed))
    sink = None
    try:
        port = free_port()
        if vendor == "postgres":
            found.cluster = Postgres(folder)
            os.environ["DATABASE_URL"] = found.cluster.url
        found.taken.touch()
        sink = forked(serve, port, found.taken, found.busy)
        set_up_django(folder, port)
        wait_for(port)
        result(prepare, recipients, vendor != "given")
        yield found
    finally:
        if sink:
            os.kill(sink, signal.SIGKILL)
            os.waitpid(sink, 0)
        if found.cluster:
            found.cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the mail server did not start")


def set_up_django(folder: Path, port: int) -> None:
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
    import django
    from django.template.loader import get_template
    from django.urls import get_resolver

    django.setup()
    _ = get_resolver().url_patterns, get_template("newsletter/mail/issue.html")  # once, and not in every child


def serve(port: int, taken: Path, busy: Path) -> None:
    """The mail server: unknown mailboxes are refused, and while it is busy every hundredth message."""
    from tests.newsletter_sink import Sink

    messages = 0

    with taken.open("a", buffering=1) as file:

        def script(stage: str, recipient: str, nth: int) -> str | None:
            nonlocal messages
            if stage == "RCPT":
                messages += 1
                if recipient.startswith(GONE):
                    return "550 5.1.1 no such user"
                if messages % 100 == 0 and busy.exists():
                    return "421 4.3.2 too busy"
            if stage == "DATA":
                file.write(f"{recipient}\n")
            return None

        sink = Sink(script)
        sink.port = port
        sink.start()
        while True:
            time.sleep(1)
            sink.accepted.clear()


# --- the site ---------------------------------------------------------------------------------------------------------
THROUGH_PROXY = {"Host": "benchlm.example", "X-Forwarded-Proto": "https"}


@contextmanager
def served(environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """The site in gunicorn as in production, behind a proxy on 127.0.0.1 that says who its clients are; its port. Static files are plain."""
    port = free_port()
    process = node(
        dict(environment)
        | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "BEHIND_PROXY": "1",
            "TRUSTED_PROXIES": "127.0.0.1",
            "WEB_CONCURRENCY": "2",
        },
        port,
        log,
    )
    try:
        yield port
    finally:
        terminated(process)


class Browser:
    """A client whose address the proxy names, and the cookie and form that it was given, or that another was."""

    def __init__(
        self, port: int, *, visitor: str = "192.0.2.1", peer: str = "127.0.0.1", like: Browser | None = None
    ) -> None:
        self.port, self.peer = port, peer
        self.headers = (
            THROUGH_PROXY | {"X-Forwarded-For": visitor} | ({"Cookie": like.headers["Cookie"]} if like else {})
        )
        self.form = like.form if like else {}

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str]:
        """Status and text of an answer."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(self.peer, 0))
        with closing(wire):
            wire.request(method, path, body, self.headers | headers)
            answer = wire.getresponse()
            if cookie := answer.getheader("Set-Cookie"):
                self.headers = self.headers | {"Cookie": cookie.partition(";")[0]}
            return answer.status, answer.read().decode()

    def open_form(self) -> None:
        """Read the sign-up form, which may be sent three seconds later."""
        _, page = self.ask("GET", "/newsletter/")
        found = re.findall(r'name="(csrfmiddlewaretoken|stamp)" value="([^"]+)"', page)
        self.form = dict(found) | {"website": ""}

    def post(self, path: str, visitor: str = "", **fields: str) -> int:
        """Send a form; the status of the answer."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://benchlm.example"}
        if visitor:
            headers["X-Forwarded-For"] = visitor
        return self.ask("POST", path, urlencode(fields), **headers)[0]

    def sign_up(self, email: str, visitor: str = "") -> int:
        return self.post("/newsletter/", visitor, email=email, **self.form)


# --- children -------------------------------------------------------------------------------------------------------
def forked(task: Callable[..., int | None], *args) -> int:
    """Run a task in a child that never comes back; its process id."""
    child = os.fork()
    if not child:
        code = 1
        try:
            code = task(*args) or 0
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return child


def ended(child: int) -> int:
    """The exit code of a child, below 0 where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def result(task: Callable[..., object], *args) -> object:
    """What a task returns when a child runs it."""
    read, write = os.pipe()

    def answer() -> None:
        os.write(write, json.dumps(task(*args)).encode())

    child = forked(answer)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text)


def prepare(recipients: int, is_empty: bool) -> int:
    """Tables where there are none, subscribers, and one change in the week that is over."""
    from django.core.management import call_command
    from django.utils import timezone

    from benchlm.newsletter import issues, keys
    from benchlm.newsletter.models import Subscriber
    from comparisons.models import Change

    if is_empty:
        call_command("migrate", verbosity=0)
    now = timezone.now()
    common = {
        "status": "active",
        "regime": "STRICT",
        "location_source": "unknown",
        "consent_version": "x",
        "confirmed_at": now,
    }
    emails = [f"r{number}@reader.example" for number in range(recipients)]
    rows = [Subscriber(email=each, email_key=each, key_hash=keys.digest("address", each), **common) for each in emails]
    Subscriber.objects.bulk_create(rows, batch_size=BATCH)
    Change.objects.create(kind="model_added", subject="Alpha", at=issues.issue_of(issues.last_ended(now)).starts_at)
    return len(rows)


def start_anew(taken: Path, gone: int = 0) -> int:
    """No issue, no delivery, nothing accepted; the first subscribers get mailboxes that the server does not know."""
    from benchlm.newsletter.models import Delivery, Issue, Subscriber

    Delivery.objects.all().delete()
    Issue.objects.all().delete()
    for row in Subscriber.objects.active().order_by("pk")[:gone]:
        Subscriber.objects.filter(pk=row.pk).update(email=f"{GONE}{row.email}")
    os.truncate(taken, 0)
    return 0


def send(at_look: int = 0, act: Callable[[], None] | None = None) -> int:
    """One run of the sender; at one of its looks at the clock, each between two commits, something may happen."""
    from django.utils import timezone

    from benchlm.newsletter import issues, sending

    looks = 0

    def clock():
        nonlocal looks
        looks += 1
        if looks == at_look:
            act()
        return timezone.now()

    week = issues.issue_of(issues.last_ended(timezone.now())).week
    return sending.run(lambda text: None, clock=clock, week=week)


# --- what came of it ------------------------------------------------------------------------------------------------
def standing() -> dict:
    """The ledger as it is now."""
    from benchlm.newsletter.models import Delivery, Issue, Subscriber

    issue = Issue.objects.exclude(state="planned").first()
    if issue is None:
        return {"state": "planned", "balance": {}, "frozen": 0, "by_state": {}, "active": 0}
    by_state = {}
    for key, email, state in Delivery.objects.values_list("subscriber", "subscriber__email", "state"):
        by_state.setdefault(state, []).append(email or f"erased {key}")
    return {
        "state": issue.state,
        "balance": issue.balance(),
        "frozen": issue.frozen,
        "by_state": by_state,
        "active": Subscriber.objects.active().count(),
    }


def figures(found: World, ledger: dict) -> dict[str, int]:
    """Mails and ledger side by side."""
    got = Counter(found.taken.read_text().split())
    by_state = {state: set(emails) for state, emails in ledger["by_state"].items()}
    uncertain, handed = (
        by_state.get("uncertain", set()),
        set().union(*by_state.values()) - by_state.get("pending", set()),
    )
    return {
        "recipients": ledger["frozen"],
        "accepted by the mail server": len(got),
        "doubled": sum(number > 1 for number in got.values()),
        "silently lost": len(by_state.get("sent", set()) - got.keys())
        + ledger["frozen"]
        - sum(map(len, ledger["by_state"].values())),
        "sent without an entry": len(got.keys() - handed),
        "failed": len(by_state.get("failed", ())),
        "uncertain": len(uncertain),
        "uncertain that did arrive": len(uncertain & got.keys()),
        "open": sum(len(by_state.get(state, ())) for state in ("pending", "handed", "retry")),
    }
