"""What a request costs, side by side: python -m tests.bench.serving [rounds] [seconds].

One gunicorn of two processes with the page store and one without it serve the site and, behind the same middleware, a constant
view. wrk asks each case in rotating order; what is printed as a goal is a ratio inside a round, the median over the rounds, since
absolute times move with the machine. Then bytes, requests and DOM nodes of a first view, memory after a thousand pairs, the start,
and how long others wait while twenty clients stall. Exit code 0 when every goal is met.
"""

import gzip
import http.client
import json
import random
import re
import socket
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from tests.bench.machines import ended, environment, free_port, manage, node, tree, wrk

ROWS = 40  # of the rendered pair
PAIRS = """
import json
from itertools import combinations
from comparisons import plain
from comparisons.models import LanguageModel
names = dict(LanguageModel.objects.published().values_list("pk", "slug"))
tests = {names[key]: {slug for slug, _ in found} for key, found in plain.results().items()}
rows = {(a, b): len(tests[a] | tests[b]) for a, b in combinations(sorted(tests), 2)}
print(json.dumps([[a, b, n] for (a, b), n in rows.items()]))
"""


@dataclass
class Case:
    name: str
    server: subprocess.Popen
    port: int
    path: str
    headers: tuple[tuple[str, str], ...] = (("Accept-Encoding", "gzip"),)


def get(port: int, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


# --- requests a second ----------------------------------------------------------------------------------------------
def under_load(case: Case, seconds: int) -> tuple[float, float]:
    """Requests a second, and milliseconds of the server's processors for each."""
    headers = [word for name, value in case.headers for word in ("-H", f"{name}: {value}")]
    return wrk(case.name, case.server.pid, 16, seconds, *headers, f"http://127.0.0.1:{case.port}{case.path}")


def cases(stored: tuple, live: tuple, pair: str, static: str) -> dict[str, Case]:
    tag = get(stored[1], pair, Accept_Encoding="gzip")[0].headers["ETag"]
    known = (("Accept-Encoding", "gzip"), ("If-None-Match", tag))
    return {
        "constant": Case("constant view", *stored, "/constant/"),
        "static": Case("static file", *stored, static),
        "stored": Case("pair, stored, gzip", *stored, pair),
        "brotli": Case("pair, stored, brotli", *stored, pair, (("Accept-Encoding", "br"),)),
        "plain": Case("pair, stored, not compressed", *stored, pair, ()),
        "304": Case("pair, 304", *stored, pair, known),
        "board": Case("leaderboard, stored", *stored, "/leaderboard/"),
        "rendered": Case(f"pair of {ROWS} rows, rendered", *live, pair),
        "live board": Case("leaderboard, rendered", *live, "/leaderboard/"),
        "live twin": Case("pair as JSON, rendered", *live, pair.rstrip("/") + ".json"),
    }


# --- one first view -------------------------------------------------------------------------------------------------
class Parts(HTMLParser):
    """Elements of a page, and the files that a browser fetches for it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.nodes, self.files = 0, []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        self.nodes += 1
        if tag in ("script", "img") and "src" in given:
            self.files.append(given["src"])
        if tag == "link" and {"stylesheet", "icon"} & set((given.get("rel") or "").split()):
            self.files.append(given["href"])


def first_view(port: int, path: str) -> dict[str, float]:
    response, body = get(port, path, Accept_Encoding="gzip")
    parts, wire, scripts = Parts(gzip.decompress(body).decode()), on_wire(response, body), 0
    for file in parts.files:
        got = get(port, file, Accept_Encoding="br, gzip")
        wire += on_wire(*got)
        scripts += len(got[1]) if file.endswith(".js") else 0
    return {"KB": wire / 1000, "requests": 1 + len(parts.files), "JS KB": scripts / 1000, "HTML KB": len(body) / 1000,
            "swap KB": swap(port, path + "?show=shared", "br"), "swap as gzip, KB": swap(port, path + "?show=shared", "gzip"),
            "swap of everything, KB": swap(port, path + "?flip=1", "br"), "nodes": parts.nodes}  # fmt: skip


def swap(port: int, path: str, coding: str) -> float:
    """KB of a swap in a coding, brotli being what browsers take over TLS; of a page that somebody has asked for before."""
    for _ in range(12):  # each process has met it
        found = on_wire(*get(port, path, Accept_Encoding=coding, HX_Request="true"))
    return found / 1000


def on_wire(response: http.client.HTTPResponse, body: bytes) -> int:
    return len(body) + sum(len(name) + len(value) + 4 for name, value in response.getheaders()) + 17


# --- memory, start, stalled clients ---------------------------------------------------------------------------------
def megabytes(pid: int) -> float:
    """Memory of a process and its descendants, shared pages counted once (PSS)."""
    found = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in tree(pid)]
    return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) for text in found) / 1000


def start_seconds(machine: dict[str, str], log: Path) -> float:
    begun, port = time.perf_counter(), free_port()
    process = node(machine, port, log)
    while get(port, "/healthz/")[0].status != 200:
        time.sleep(0.01)
    seconds = time.perf_counter() - begun
    ended(process)
    return seconds


def slowest_beside_stalled(port: int, path: str) -> float:
    """Milliseconds of the slowest of 200 answers while 20 clients send a byte a second."""
    stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for each in stalled:
        each.sendall(b"GET / HTTP/1.1\r\nHost: 127")
    times = []
    for _ in range(200):
        begun = time.perf_counter()
        get(port, path)
        times.append(1000 * (time.perf_counter() - begun))
    for each in stalled:
        each.close()
    return max(times)


# --- rounds ---------------------------------------------------------------------------------------------------------
def rotated(names: list[str], turn: int) -> list[str]:
    return [*names[turn % len(names) :], *names[: turn % len(names)]]


def main(rounds: int = 5, seconds: int = 3) -> int:
    with tempfile.TemporaryDirectory(prefix="serving-") as name, ExitStack() as stack:
        folder = Path(name)
        log = folder / "log"
        machine = environment(
            folder / "state", WEB_CONCURRENCY="2", DJANGO_SETTINGS_MODULE="tests.bench.constant_settings"
        )
        for command in ("migrate", "import_catalogue", "fit_abilities", "collectstatic --no-input"):
            manage(machine, *command.split())
        pairs = json.loads(manage(machine, "shell", "-v0", "-c", PAIRS))
        start = min(start_seconds(machine, log) for _ in range(3))

        def up(**settings: str) -> tuple[subprocess.Popen, int]:
            port = free_port()
            process = node(machine | settings, port, log)
            stack.callback(ended, process)
            return process, port

        stored, live = up(), up(PAGE_STORE_MB="0")
        a, b, _ = min(pairs, key=lambda pair: (abs(pair[2] - ROWS), pair))
        pair = f"/compare/{a}-vs-{b}/"
        a, b, most = max(pairs, key=lambda pair: pair[2])
        page = get(stored[1], pair)[1].decode()
        static = re.search(r'href="(/static/css/site[^"]*)"', page)[1]
        asked = cases(stored, live, pair, static)
        for case in asked.values():  # each process has opened the catalogue and the estimates before anything counts
            under_load(case, 3)
        found = [{key: under_load(asked[key], seconds) for key in rotated(list(asked), turn)} for turn in range(rounds)]
        report(asked, found)
        view = first_view(stored[1], f"/compare/{a}-vs-{b}/")
        print(
            f"\nFirst view of the largest pair, {most} rows: "
            + ", ".join(f"{value:,.1f} {what}" for what, value in view.items())
        )
        stalled = slowest_beside_stalled(stored[1], pair)
        stack.close()  # with the others beside it, it would share the libraries' pages with them
        fresh = up()
        walk(fresh[1], pairs)
        memory = megabytes(fresh[0].pid)
        return judge(found, view, memory, start, stalled)


def walk(port: int, pairs: list) -> None:
    """A thousand different pairs, each on a connection of its own, so that every process gets its share."""
    for a, b, _ in random.Random(1).sample(pairs, 1_000):
        response, _ = get(port, f"/compare/{a}-vs-{b}/", Accept_Encoding="gzip")
        if response.status != 200:
            raise SystemExit(f"{a} vs {b}: {response.status}")


def report(asked: dict[str, Case], found: list[dict]) -> None:
    print(
        f"{len(found)} rounds, 16 connections, 2 processes\n{'':32}{'requests/s':>11}{'of constant':>12}{'CPU ms':>8}{'of constant':>12}"
    )
    for key, case in asked.items():
        speed, cpu = (statistics.median(each[key][n] for each in found) for n in (0, 1))
        of = [statistics.median(each[key][n] / each["constant"][n] for each in found) for n in (0, 1)]
        print(f"{case.name:32}{speed:11,.0f}{of[0]:12.2f}{cpu:8.2f}{of[1]:12.2f}")


def judge(found: list[dict], view: dict[str, float], memory: float, start: float, stalled: float) -> int:
    def ratio(key: str, what: int) -> float:
        return statistics.median(each[key][what] / each["constant"][what] for each in found)

    at_most, at_least = "<=", ">="
    goals = (
        ("D1 first view, KB over the wire", view["KB"], at_most, 40),
        ("D1 requests", view["requests"], at_most, 5),
        ("D1 scripts, KB", view["JS KB"], at_most, 24),
        ("D1 HTML, KB as gzip", view["HTML KB"], at_most, 14),
        ("D2 a swap, KB", view["swap KB"], at_most, 8),
        ("D4 DOM nodes", view["nodes"], at_most, 2_000),
        ("R1 stored pair : constant, requests", ratio("stored", 0), at_least, 1.3),
        ("R2 304 : constant, CPU", ratio("304", 1), at_most, 1.0),
        ("R3 rendered pair : constant, CPU", ratio("rendered", 1), at_most, 20),
        ("R8 MB after 1,000 pairs", memory, at_most, 140),
        ("R8 seconds to the first answer", start, at_most, 1.5),
        ("R9 slowest beside 20 stalled, ms", stalled, at_most, 50),
    )
    print()
    missed = 0
    for goal, value, sign, wanted in goals:
        is_met = value <= wanted if sign == at_most else value >= wanted
        missed += not is_met
        print(f"{goal:38}{value:9.2f}  goal {sign} {wanted:<6} {'met' if is_met else 'NOT MET'}")
    return int(missed > 0)


if __name__ == "__main__":
    import sys

    raise SystemExit(main(*map(int, sys.argv[1:])))
