"""One site on two machines, one of which dies: python -m tests.bench.two_nodes [seconds of each part] [clients].

PostgreSQL, Redis, two nodes of gunicorn and nginx with the example of benchlm/deploy, all of them here. Clients ask through nginx
over TLS and compare every answer with what it must be, byte for byte. Meanwhile: edits through the ORM of a third machine and through
the admin of the first node, until both nodes show them; Redis killed and started again; one node killed, then started again.
Exit code 0 when no answer was wrong, none failed but those that the dead node had in hand, and each edit showed within a second.
"""

import gzip
import http.client
import itertools
import os
import random
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tests import nginx
from tests.bench import machines
from tests.bench.load import Visitor
from tests.bench.machines import environment, free_port, manage, node

HOST = "benchlm.example"
PAIR = "/compare/gemma-4-31b-vs-gpt-4-1/"
PATHS = (
    PAIR,
    "/",
    "/leaderboard/",
    "/models/gpt-4-1/",
    "/models/",
    "/benchmarks/",
    "/methodology/",
    "/pricing/?in=3&out=1",
)
EDITS, PROMISED, TOLERATED = 5, 1.0, 0.1  # edits of each kind; seconds until one shows; seconds that asking may add
SHARED = {
    "SITE_URL": f"https://{HOST}",
    "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
    "SECRET_KEY": "two-nodes-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "NEWSLETTER_KEY": "two-nodes-mails-0123456789-abcdefghijklmnopqrstuvwxyz-ABCD",
    "BEHIND_PROXY": "1",
    "ADMIN_TOTP": "0",
    "WEB_CONCURRENCY": "2",
}
PREPARE = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client()
client.force_login(get_user_model().objects.create_superuser("ada"))
print(client.session.session_key)
"""
Asked = tuple[str, bool]  # path, and whether for the fragment


@dataclass
class Part:
    """What the clients met while one thing was done."""

    name: str
    seconds: float = 0
    answers: int = 0
    failures: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        line = f"{self.name:34}{self.answers:8,} answers{self.answers / self.seconds:9,.0f} a second{len(self.failures):5} failed{len(self.wrong):5} wrong"
        return "\n    ".join([line, *sorted(set(self.failures))[:5], *sorted(set(self.wrong))[:5]])


class Crowd:
    """Clients that never stop asking through nginx; `part` is what they count for."""

    def __init__(self, port: int, clients: int) -> None:
        self.port, self.right, self.part = port, {}, Part("warm")
        self.is_over = False
        self.threads = [threading.Thread(target=self.ask_on, args=(random.Random(n),)) for n in range(clients)]

    def ask_on(self, chance: random.Random) -> None:
        connection = None
        while not self.is_over:
            asked, part = (chance.choice(PATHS), chance.random() < 0.3), self.part
            try:
                connection = connection or Connection(HOST, self.port, timeout=60)
                status, body = ask(connection, asked)
            except (OSError, http.client.HTTPException) as error:
                part.failures.append(f"{type(error).__name__}: {error}")
                connection = None
                continue
            part.answers += 1
            if status != 200:
                part.failures.append(f"{status} {asked[0]}")
            elif self.right and digest(body) != self.right[asked]:
                part.wrong.append(f"{asked}: {len(body):,} bytes, not those of a node asked alone")

    @contextmanager
    def counting(self, name: str, log: list[Part]) -> Iterator[Part]:
        part = self.part = Part(name)
        began = time.monotonic()
        yield part
        part.seconds = time.monotonic() - began
        self.part = Part("between")
        log.append(part)
        print(part, flush=True)


class Connection(http.client.HTTPConnection):
    """TLS to nginx here, under the site's name; opened again when nginx has closed it, as it does after a thousand requests."""

    def connect(self) -> None:
        trusting = ssl._create_unverified_context()
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
        self.sock = trusting.wrap_socket(plain, server_hostname=self.host)


def ask(connection: http.client.HTTPConnection, asked: Asked, **headers: str) -> tuple[int, bytes]:
    headers |= {"Accept-Encoding": "gzip"} | ({"HX-Request": "true"} if asked[1] else {})
    connection.request("GET", asked[0], headers=headers)
    response = connection.getresponse()
    body = response.read()
    return response.status, gzip.decompress(body) if response.headers["Content-Encoding"] == "gzip" else body


def alone(port: int, asked: Asked) -> tuple[int, bytes]:
    """What one node says when it is asked itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        return ask(connection, asked, **{"Host": HOST, "X-Forwarded-Proto": "https"})
    finally:
        connection.close()


def digest(body: bytes) -> str:
    return sha256(body).hexdigest()


def truth(ports: tuple[int, ...]) -> dict[Asked, str]:
    """The right answers now; ends the benchmark when two nodes differ."""
    time.sleep(PROMISED + TOLERATED)
    right = {}
    for asked in itertools.product(PATHS, (False, True)):
        bodies = {digest(alone(port, asked)[1]) for port in ports}
        if len(bodies) != 1:
            raise SystemExit(f"the nodes differ on {asked}")
        (right[asked],) = bodies
    return right


# --- edits ----------------------------------------------------------------------------------------------------------
def stale_for(ports: tuple[int, ...], text: str) -> list[float]:
    """How long after an edit each node was still asked, and answered without it: when the last such request began."""
    began = time.monotonic()
    stale, waiting = dict.fromkeys(ports, 0.0), set(ports)
    while waiting and time.monotonic() - began < 60:
        for port in sorted(waiting):
            asked_at = time.monotonic() - began
            if text.encode() in alone(port, (PAIR, False))[1]:
                waiting.discard(port)
            else:
                stale[port] = asked_at
        time.sleep(0.01)
    return [float("inf") if port in waiting else stale[port] for port in ports]


def edits(ports: tuple[int, ...], session: str) -> dict[str, list[list[float]]]:
    from comparisons.models import Creator

    found = {"third machine": [], "admin of node 1": []}
    maker = Creator.objects.get(slug="openai")
    name = maker.name
    path = f"/admin/comparisons/creator/{maker.pk}/change/"
    jar = Visitor(
        ports[0], 1, {"sessionid": session}, {"Host": HOST, "X-Forwarded-Proto": "https", "Referer": f"https://{HOST}/"}
    )
    for turn in range(EDITS):
        maker.name = f"{name} {turn} by hand"
        maker.save()
        found["third machine"].append(stale_for(ports, maker.name))
        status, _ = jar.ask(path, jar.form_at(path) | {"name": f"{name} {turn} by admin", "_save": "Save"})
        if status != 302:
            raise SystemExit(f"the admin answered {status}")
        found["admin of node 1"].append(stale_for(ports, f"{name} {turn} by admin"))
    maker.name = name
    maker.save()
    return found


# --- the run --------------------------------------------------------------------------------------------------------
def main(seconds: float = 8, clients: int = 8) -> int:
    with tempfile.TemporaryDirectory(prefix="two-nodes-") as name, ExitStack() as stack:
        folder = Path(name)
        urls = {"DATABASE_URL": stack.enter_context(machines.Postgres(folder)).url}
        redis = machines.Redis(folder)
        stack.callback(redis.stop)
        urls["CACHE_URL"] = redis.url
        homes = [environment(folder / f"node-{n}", **SHARED, **urls) for n in (1, 2)]
        for command in ("migrate", "import_catalogue", "collectstatic --no-input"):
            manage(homes[0], *command.split())
        manage(homes[1], "collectstatic", "--no-input")
        session = manage(homes[0], "shell", "-v0", "-c", PREPARE).strip()
        os.environ |= homes[0] | {"STATE_DIR": str(folder / "third")}
        import django

        django.setup()
        ports = (free_port(), free_port())
        nodes = [node(home, port, folder / f"node-{port}.log") for home, port in zip(homes, ports, strict=True)]
        for each in nodes:
            stack.callback(machines.ended, each)
        (folder / "nginx").mkdir()
        _, port = stack.enter_context(nginx.running(folder / "nginx", ports))
        crowd = Crowd(port, clients)
        log: list[Part] = []
        try:
            for thread in crowd.threads:
                thread.start()
            killed, shown = story(crowd, log, ports, nodes, homes, folder, redis, session, seconds)
        finally:
            crowd.is_over = True
            for thread in crowd.threads:
                thread.join()
            machines.ended(nodes[1])
        return judge(log, killed, shown, clients)


def story(
    crowd, log, ports, nodes, homes, folder, redis, session, seconds
) -> tuple[Part, dict[str, list[list[float]]]]:
    """Everything that happens, in order."""
    crowd.right = truth(ports)
    with crowd.counting("both nodes", log):
        time.sleep(seconds)
    crowd.right = {}
    with crowd.counting("edits (any version is right)", log):
        shown = edits(ports, session)
    crowd.right = truth(ports)
    with crowd.counting("Redis killed, then back", log):
        redis.kill()
        time.sleep(seconds / 2)
        redis.start()
        time.sleep(seconds / 2)
    with crowd.counting("node 2 killed (SIGKILL)", log) as killed:
        time.sleep(seconds / 4)
        os.killpg(nodes[1].pid, signal.SIGKILL)
        nodes[1].wait()
        time.sleep(seconds)
    with crowd.counting("node 2 started again", log):
        nodes[1] = node(homes[1], ports[1], folder / "again.log")
        time.sleep(seconds)
    spent = machines.cpu_seconds(nodes[1].pid)
    print(f"node 2 has its share again: {spent:.1f} s of processor time since its start")
    if truth(ports) != crowd.right:
        raise SystemExit("the nodes answer otherwise than before")
    return killed, shown


def judge(log: list[Part], killed: Part, shown: dict[str, list[list[float]]], clients: int) -> int:
    faults = []
    for part in log:
        if part.wrong:
            faults.append(f"{part.name}: {len(part.wrong)} wrong answers")
        if len(part.failures) > (clients if part is killed else 0):
            faults.append(f"{part.name}: {len(part.failures)} failures")
    for editor, rounds in shown.items():
        worst = [max(each) for each in zip(*rounds, strict=True)]
        print(f"edit through the {editor} unseen for at most {worst[0]:.2f} s on node 1, {worst[1]:.2f} s on node 2")
        if max(worst) > PROMISED + TOLERATED:
            faults.append(f"edit through the {editor}: {max(worst):.2f} s")
    print(f"in hand when the node died: {len(killed.failures)} requests failed, of at most {clients}")
    for fault in faults:
        print(f"FAULT {fault}")
    print("verdict:", "faults" if faults else "two nodes are one site, and one of them is enough")
    return int(bool(faults))


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:3])))
