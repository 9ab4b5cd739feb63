"""SQLite under everything at once: python -m tests.bench.load [seconds].

Eight clients write (three sign up, three save in the admin, two report scores), four read, while the weekly email goes out to
files, the catalogue is imported again and again with other scores, and backups are made. Prints how many requests of each kind
were answered with which status and in what time. Exit code 0 when nobody met "database is locked" or an answer that is none, and
the site restored from a backup in the middle and from one at the end balances.
"""

import csv
import http.client
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.machines import ended, environment, free_port, manage, node

PREPARE = """
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from benchlm.newsletter import issues, keys
from benchlm.newsletter.models import Subscriber
from comparisons.models import Change
now = timezone.now()
for number in range(1_000):
    email = f"r{number}@reader.example"
    Subscriber.objects.create(email=email, email_key=email, key_hash=keys.digest("address", email), status="active", regime="STRICT",
                              location_source="unknown", consent_version="x", confirmed_at=now)
week = issues.issue_of(issues.last_ended(now))
Change.objects.create(kind="model_added", subject="Alpha", at=week.starts_at)
client = Client()
client.force_login(get_user_model().objects.create_superuser("ada"))
print(week.week, client.session.session_key)
"""
LOOK = """
import json
from benchlm.newsletter.models import Issue, Subscriber
from comparisons.models import Change, LanguageModel, Score, ScoreReport
unbalanced = [str(issue) for issue in Issue.objects.exclude(state="planned") if not issue.is_balanced]
counts = {table.__name__: table.objects.count() for table in (Change, LanguageModel, Score, ScoreReport, Subscriber)}
print(json.dumps({"unbalanced": unbalanced, "counts": counts}))
"""
READ = (
    "/",
    "/leaderboard/",
    "/models/",
    "/compare/gemma-4-31b-vs-gpt-4-1/",
    "/changes/",
    "/pricing/",
    "/newsletter/sample/",
)
FINE = {  # 429: the hour's share of sign-ups or reports is used up, which costs a transaction all the same
    "sign up": {303, 429}, "report": {303, 429}, "save": {302, 409}, "read": {200}, "send": {0}, "import": {0}, "backup": {0},
}  # fmt: skip


class Said:
    """Answers by kind: status, and seconds."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.lock = threading.Lock()

    def note(self, kind: str, status: int, seconds: float) -> None:
        with self.lock:
            self.answers[kind].append((status, seconds))


class Visitor:
    """One client that keeps its connection and its cookies; each comes from an address of its own."""

    def __init__(
        self, port: int, number: int, cookies: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.port, self.number, self.cookies, self.headers = port, number, cookies or {}, headers or {}
        self.origin = f"https://{self.headers['Host']}" if "Host" in self.headers else f"http://127.0.0.1:{port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        headers = self.headers | {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers["X-Forwarded-For"] = f"2001:db8:{self.number:x}::1"
        body = None
        if form is not None:
            body = urlencode(form)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        try:
            self.connection.request("POST" if body else "GET", path, body, headers)
            response = self.connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException):  # closed between two requests
            self.connection.close()
            return self.ask(path, form)
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, text

    def form_at(self, path: str) -> dict[str, str]:
        """The fields of the largest form of the page, as they stand."""
        return max(map(fields, re.findall(r"<form.*?</form>", self.ask(path)[1], re.DOTALL)), key=len)


def fields(form: str) -> dict[str, str]:
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_off = given.get("type") in ("checkbox", "radio") and "checked" not in tag
        if "name" in given and not is_off and given.get("type") != "submit":
            found[given["name"]] = unescape(given.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option[^>]*value="([^"]*)"[^>]*selected', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found


# --- who does what --------------------------------------------------------------------------------------------------
Step = Callable[[int], tuple[int, str]]


def signing_up(port: int, number: int) -> Step:
    jar = Visitor(port, number)
    form = jar.form_at("/newsletter/")

    def step(turn: int) -> tuple[int, str]:
        jar.number = number * 10_000 + turn  # another reader each time
        return jar.ask("/newsletter/", form | {"email": f"n{number}t{turn}@host{turn}.example"})

    return step


def reporting(port: int, number: int) -> Step:
    path = "/report/gpt-4-1/aime-2024/"
    jar = Visitor(port, number)
    form = jar.form_at(path)

    def step(turn: int) -> tuple[int, str]:
        jar.number = number * 10_000 + turn
        return jar.ask(path, form | {"text": f"Report {turn} of reader {number}."})

    return step


def saving(port: int, number: int, session: str) -> Step:
    """Another address for one maker, with its history."""
    path = f"/admin/comparisons/creator/{number}/change/"
    jar = Visitor(port, number, {"sessionid": session})

    def step(turn: int) -> tuple[int, str]:
        status, text = jar.ask(path, jar.form_at(path) | {"url": f"https://example.com/{turn}", "_save": "Save"})
        return (409 if "while you were editing" in text else status), text  # an import was quicker: the form comes back

    return step


def reading(port: int, number: int) -> Step:
    jar = Visitor(port, number)
    return lambda turn: jar.ask(READ[turn % len(READ)] + f"?turn={turn}")


def commanding(machine: dict[str, str], *arguments: str) -> Step:
    def step(turn: int) -> tuple[int, str]:
        return 0, manage(machine, *(argument.format(turn % 2) for argument in arguments))

    return step


def other_scores(folder: Path, machine: dict[str, str]) -> None:
    """Two catalogues, `0` and `1`, whose scores differ by a tenth in every fourth row."""
    for name in ("0", "1"):
        manage(machine, "export_catalogue", str(folder / name))
    path = folder / "1" / "scores.csv"
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    place = rows[0].index("value")
    for row in rows[1::4]:
        row[place] = f"{float(row[place]) * 0.999:.2f}"
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


# --- the run --------------------------------------------------------------------------------------------------------
def main(seconds: float = 60) -> int:
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        folder, port = Path(name), free_port()
        machine = environment(folder / "state", TRUSTED_PROXIES="127.0.0.1", PORT=str(port), WEB_CONCURRENCY="2")
        for command in ("migrate", "import_catalogue", "collectstatic --no-input"):
            manage(machine, *command.split())
        week, session = manage(machine, "shell", "-v0", "-c", PREPARE).split()
        other_scores(folder, machine)
        log = folder / "gunicorn.log"
        server = node(machine, port, log)
        try:
            said, faults = under_load(seconds, machine, port, week, session, folder)
        finally:
            ended(server)
        return judge(said, faults, log.read_text(), machine, folder)


def under_load(
    seconds: float, machine: dict[str, str], port: int, week: str, session: str, folder: Path
) -> tuple[Said, list[str]]:
    said, faults = Said(), []
    steps = [("sign up", signing_up(port, n)) for n in (1, 2, 3)] + [("report", reporting(port, n)) for n in (4, 5)]
    steps += [("save", saving(port, n, session)) for n in (1, 2, 3)]
    steps += [("read", reading(port, n)) for n in range(4)]
    steps += [
        ("send", commanding(machine, "send_weekly", "--week", week)),
        ("import", commanding(machine, "import_catalogue", str(folder / "{}"), "--allow-large-change")),
        ("backup", commanding(machine, "backup", str(folder / "kept"))),
    ]
    time.sleep(3.5)  # forms sent sooner are refused
    ends_at = time.monotonic() + seconds

    def work(kind: str, step: Step) -> None:
        turn = 0
        try:
            while time.monotonic() < ends_at:
                began = time.monotonic()
                said.note(kind, step(turn)[0], time.monotonic() - began)
                turn += 1
        except (Exception, SystemExit) as error:
            faults.append(f"{kind}: {error}")

    threads = [threading.Thread(target=work, args=each) for each in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said, faults


def judge(said: Said, faults: list[str], log: str, machine: dict[str, str], folder: Path) -> int:
    print(f"{'':9}{'answers':>9}{'median ms':>11}{'99 % ms':>9}{'worst ms':>10}  statuses")
    for kind, answers in sorted(said.answers.items()):
        times = sorted(1000 * seconds for _, seconds in answers)
        ranks = (times[len(times) // 2], times[len(times) * 99 // 100], times[-1])
        statuses = Counter(status for status, _ in answers)
        print(f"{kind:9}{len(times):9,}{ranks[0]:11,.0f}{ranks[1]:9,.0f}{ranks[2]:10,.0f}  {dict(statuses)}")
        odd = set(statuses) - FINE[kind]
        if odd:
            faults.append(f"{kind}: answered {sorted(odd)}")
    locked = log.count("database is locked") + sum("locked" in fault for fault in faults)
    print(f"database is locked: {locked} (load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
    backups = sorted((folder / "kept").iterdir())
    manage(machine, "backup", str(folder / "last"))
    for place, backup in (
        ("in the middle", backups[len(backups) // 2]),
        ("at the end", next((folder / "last").iterdir())),
    ):
        restored = environment(folder / place.replace(" ", "-"))
        manage(restored, "restore", str(backup))
        found = json.loads(manage(restored, "shell", "-v0", "-c", LOOK))
        print(f"restored from the backup {place}: {found}")
        if found["unbalanced"]:
            faults.append(f"restored {place}: {found['unbalanced']} out of balance")
    if found["counts"] != json.loads(manage(machine, "shell", "-v0", "-c", LOOK))["counts"]:
        faults.append("restored at the end: other rows than the site")
    for fault in faults:
        print(f"FAULT {fault}")
    return int(bool(faults or locked))


if __name__ == "__main__":
    raise SystemExit(main(*map(float, sys.argv[1:2])))
