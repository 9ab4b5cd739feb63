"""This site beside others' ways to show the same table: python -m tests.bench.peers [rounds] [seconds] [folder of the environment].

Datasette, Gradio and Streamlit are installed from the package index into environments of their own (kept in the folder, if one is
named). Each serves the displayed scores of the bundled catalogue: Datasette a query page that compares the two models with most scores,
Gradio the leaderboard, once by the component that most boards use (with the older Gradio that it asks for) and once as the data frame of
the newest Gradio, Streamlit the comparison as a table. All servers are up at once and are visited in rotating order; a ratio
is the median of the ratios inside each round. Needs wrk and Chromium. Prints the goals P1 to P3; exit code 0 when all are met.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import venv
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Playwright, TimeoutError, sync_playwright

from tests.bench.machines import begun, ended, environment, free_port, manage, node, tree, wrk

CONNECTIONS = 4
ENVIRONMENTS = {"newest": ("datasette", "gradio", "streamlit"), "board": ("gradio", "gradio_leaderboard")}
OLDER = {"board": ("gradio>=5.50,<6",)}  # what the component asks for; without it pip tries a hundred releases
TABLE = """
import json
from comparisons import plain
from comparisons.models import LanguageModel
rules = plain.rulebook()
models = {row.pk: row for row in LanguageModel.objects.published().select_related("creator")}
cards = plain.scorecards(rules, plain.results(), "all")
print(json.dumps({
    "models": [[row.pk, row.slug, row.name, row.creator.name] for row in models.values()],
    "benchmarks": [[slug, test.name, test.category] for slug, test in rules.benchmarks.items()],
    "scores": [[key, slug, float(cell.value)] for key, card in cards.items() if key in models for slug, cell in card.cells.items()],
}))
"""
COMPARE = """SELECT b.name AS benchmark, b.category, x.value AS a, y.value AS b, round(x.value - y.value, 1) AS difference
FROM benchmark b LEFT JOIN score x ON x.benchmark = b.slug AND x.model = (SELECT id FROM model WHERE slug = :a)
LEFT JOIN score y ON y.benchmark = b.slug AND y.model = (SELECT id FROM model WHERE slug = :b)
WHERE x.value IS NOT NULL OR y.value IS NOT NULL ORDER BY x.value IS NULL OR y.value IS NULL, b.category, b.name"""
GRADIO = """
import sqlite3, sys
import gradio, pandas
rows = pandas.read_sql_query("SELECT m.name AS model, m.creator, b.category, s.value FROM score s JOIN model m ON m.id = s.model "
                             "JOIN benchmark b ON b.slug = s.benchmark", sqlite3.connect(sys.argv[1]))
wide = rows.pivot_table(index=["model", "creator"], columns="category", values="value").round(1).reset_index()
wide.columns = [str(name) for name in wide.columns]
with gradio.Blocks(title="Leaderboard", analytics_enabled=False) as page:
    if sys.argv[3] == "board":
        from gradio_leaderboard import ColumnFilter, Leaderboard, SelectColumns
        Leaderboard(wide, select_columns=SelectColumns(default_selection=list(wide.columns)), search_columns=["model"], filter_columns=["creator"])
    else:
        gradio.Dataframe(wide, label="Leaderboard")
page.launch(server_name="127.0.0.1", server_port=int(sys.argv[2]), quiet=True, share=False)
"""
STREAMLIT = """
import sqlite3
import pandas, streamlit
streamlit.title("Comparison")
streamlit.table(pandas.read_sql_query({query!r}, sqlite3.connect({path!r}), params={{"a": {a!r}, "b": {b!r}}}))
"""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip


@dataclass
class Case:
    """One page of one server; `seen` is an expression of the browser that is true once the table is on the screen."""

    name: str
    server: subprocess.Popen
    url: str
    how: str
    seen: str = ""
    accept: str = "gzip"


# --- the servers ----------------------------------------------------------------------------------------------------
def installed(folder: Path) -> dict[str, Path]:
    """The Python of each environment, with the peers in it."""
    found = {}
    for name, packages in ENVIRONMENTS.items():
        python = found[name] = folder / name / "bin" / "python"
        if not python.exists():
            venv.create(folder / name, with_pip=True)
        if subprocess.run([python, "-c", f"import {', '.join(packages)}"], capture_output=True, check=False).returncode:
            print(f"Installing {', '.join(packages)}", flush=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages, *OLDER.get(name, ())], check=True)
    return found


def versions(pythons: dict[str, Path]) -> str:
    """What is compared, in words."""
    code = "import sys; from importlib.metadata import version; print(*(f'{name} {version(name)}' for name in sys.argv[1:]), sep=', ')"
    lines = [
        subprocess.check_output([python, "-c", code, *ENVIRONMENTS[name]], text=True).strip()
        for name, python in pythons.items()
    ]
    return f"{'; with the board '.join(lines)}; Python {sys.version.split()[0]} for all"


def largest(table: dict) -> tuple[str, str]:
    """The slugs of the two models with most benchmarks on record, then most shared ones."""
    tests = defaultdict(set)
    for key, test, _ in table["scores"]:
        tests[key].add(test)
    slugs = {key: slug for key, slug, *_ in table["models"]}
    pairs = combinations(sorted(tests, key=slugs.get), 2)
    a, b = max(pairs, key=lambda pair: (len(tests[pair[0]] | tests[pair[1]]), len(tests[pair[0]] & tests[pair[1]])))
    return slugs[a], slugs[b]


def written(path: Path, table: dict) -> None:
    """The SQLite file that all peers read."""
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE model (id INTEGER PRIMARY KEY, slug TEXT UNIQUE, name TEXT, creator TEXT)")
        file.execute("CREATE TABLE benchmark (slug TEXT PRIMARY KEY, name TEXT, category TEXT)")
        file.execute(
            "CREATE TABLE score (model INTEGER REFERENCES model, benchmark TEXT REFERENCES benchmark, value REAL, PRIMARY KEY (model, benchmark))"
        )
        file.executemany("INSERT INTO model VALUES (?, ?, ?, ?)", table["models"])
        file.executemany("INSERT INTO benchmark VALUES (?, ?, ?)", table["benchmarks"])
        file.executemany("INSERT INTO score VALUES (?, ?, ?)", table["scores"])
    file.close()


def started(folder: Path, pythons: dict[str, Path], stack: ExitStack) -> dict[str, Case]:
    ours = environment(folder / "state", WEB_CONCURRENCY="2")
    for command in ("migrate", "import_catalogue", "collectstatic --no-input"):
        manage(ours, *command.split())
    data = folder / "scores.db"
    table = json.loads(manage(ours, "shell", "-v0", "-c", TABLE))
    written(data, table)
    a, b = largest(table)
    (folder / "metadata.json").write_text(
        json.dumps({"databases": {"scores": {"queries": {"compare": {"params": ["a", "b"], "sql": COMPARE}}}}})
    )
    (folder / "gradio_app.py").write_text(GRADIO)
    (folder / "streamlit_app.py").write_text(STREAMLIT.format(query=COMPARE, path=str(data), a=a, b=b))
    log, clean = folder / "log", {"env": environment(folder), "cwd": folder}

    def up(make: Callable[[int], subprocess.Popen]) -> tuple[subprocess.Popen, str]:
        port = free_port()
        process = make(port)
        stack.callback(ended, process)
        return process, f"http://127.0.0.1:{port}"

    def peer(*command: str, of: str = "newest") -> tuple[subprocess.Popen, str]:
        whole = [str(pythons[of]), *command]
        return up(lambda port: begun([each.format(port=port) for each in whole], port, log, **clean))

    stored = up(lambda port: node(ours, port, log))
    rendered = up(lambda port: node(ours | {"PAGE_STORE_MB": "0"}, port, log))
    single = up(lambda port: node(ours | {"WEB_CONCURRENCY": "1"}, port, log))
    datasette = peer(
        "-m", "datasette", "serve", "-i", str(data), "-m", "metadata.json", "--port", "{port}", "--host", "127.0.0.1"
    )
    gradio = peer("gradio_app.py", str(data), "{port}", "frame")
    board = peer("gradio_app.py", str(data), "{port}", "board", of="board")
    streamlit = peer("-m", "streamlit", "run", "streamlit_app.py", "--server.port", "{port}", "--server.address", "127.0.0.1",
                     "--server.headless", "true", "--browser.gatherUsageStats", "false")  # fmt: skip
    pair, rows = f"/compare/{a}-vs-{b}/", "document.querySelectorAll('tbody tr').length > 5"
    first = min(name for key, _, name, _ in table["models"] if key in {score[0] for score in table["scores"]})
    shown = (
        f"document.body && document.body.innerText.includes({json.dumps(first)})"  # a grid makes the rows in sight only
    )
    return {
        "stored": Case("BenchLM pair, stored", stored[0], stored[1] + pair, "finished page from memory", rows),
        "rendered": Case("BenchLM pair, rendered", rendered[0], rendered[1] + pair, "made anew for each request", rows),
        "single": Case("BenchLM pair, stored, 1 process", single[0], single[1] + pair, "finished page from memory"),
        "board": Case("BenchLM leaderboard, stored", stored[0], stored[1] + "/leaderboard/", "finished page from memory", rows),
        "datasette": Case("Datasette comparison", datasette[0], f"{datasette[1]}/scores/compare?a={a}&b={b}", "made anew for each request", rows),
        "gradio": Case("Gradio leaderboard component", board[0], board[1] + "/", "live", shown),
        "frame": Case("Gradio data frame, newest", gradio[0], gradio[1] + "/", "live", shown),
        "streamlit": Case("Streamlit table", streamlit[0], streamlit[1] + "/", "live", rows),
    }  # fmt: skip


# --- requests a second ----------------------------------------------------------------------------------------------
def under_load(case: Case, seconds: int) -> tuple[float, float]:
    """Requests a second, and milliseconds of the server's processors for each."""
    asked = ("-H", f"Accept-Encoding: {case.accept}", case.url)
    return wrk(case.name, case.server.pid, CONNECTIONS, seconds, *asked)


def page_of(case: Case) -> tuple[int, str]:
    """Bytes of the body on the wire, and its coding."""
    with urlopen(Request(case.url, headers={"Accept-Encoding": case.accept}), timeout=60) as response:
        return len(response.read()), response.headers.get("Content-Encoding") or "not compressed"


# --- in a browser ---------------------------------------------------------------------------------------------------
def viewed(playwright: Playwright, case: Case) -> dict[str, float]:
    """One first view with an empty cache: requests, bytes on the wire (WebSocket frames among them), when the table was there."""
    profile = tempfile.mkdtemp(prefix="peers-")
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=shutil.which("chromium"), args=FLAGS, viewport={"width": 1280, "height": 800}
    )
    try:
        page = context.pages[0]
        protocol = context.new_cdp_session(page)
        protocol.send("Network.enable")
        wire, answered = defaultdict(float), set()
        protocol.on("Network.responseReceived", lambda event: note(event, answered))
        protocol.on(
            "Network.dataReceived",
            lambda event: wire.update({event["requestId"]: wire[event["requestId"]] + event["encodedDataLength"]}),
        )
        protocol.on(
            "Network.loadingFinished", lambda event: wire.update({event["requestId"]: event["encodedDataLength"]})
        )
        frames = []
        protocol.on(
            "Network.webSocketFrameReceived", lambda event: frames.append(len(event["response"]["payloadData"]))
        )
        page.goto(case.url, wait_until="commit", timeout=120_000)
        try:
            seen = page.wait_for_function(
                f"() => ({case.seen}) && Date.now()", polling="raf", timeout=120_000
            ).json_value()
        except TimeoutError as error:
            raise SystemExit(f"{case.name} never showed its table: {page.inner_text('body')[:500]}") from error
        milliseconds = seen - page.evaluate("() => performance.timeOrigin")
        page.wait_for_timeout(1_500)  # what is still on its way belongs to the first view
        return {"requests": len(answered), "KB": (sum(wire.values()) + sum(frames)) / 1000, "ms": milliseconds}
    finally:
        context.close()
        shutil.rmtree(profile, ignore_errors=True)


def note(event: dict, answered: set[str]) -> None:
    if not event["response"]["url"].startswith("data:"):
        answered.add(event["requestId"])


# --- rounds ---------------------------------------------------------------------------------------------------------
def rotated(names: Sequence[str], turn: int) -> list[str]:
    return [*names[turn % len(names) :], *names[: turn % len(names)]]


def median_ratio(rounds: list[dict[str, float]], above: str, below: str) -> float:
    return statistics.median(found[above] / found[below] for found in rounds)


def main(rounds: int = 5, seconds: int = 3, kept: str = "") -> int:
    with tempfile.TemporaryDirectory(prefix="peers-") as name, ExitStack() as stack:
        folder = Path(name)
        pythons = installed(Path(kept) if kept else folder)
        cases = started(folder, pythons, stack)
        print(versions(pythons))
        sizes = {key: page_of(case) for key, case in cases.items()}
        http, views = [], []
        asked = ("stored", "rendered", "single", "datasette")
        for key in asked:
            under_load(cases[key], 1)
        for turn in range(rounds):
            http.append({key: under_load(cases[key], seconds) for key in rotated(asked, turn)})
        with sync_playwright() as playwright:
            for turn in range(rounds):
                looked = rotated([key for key, case in cases.items() if case.seen], turn)
                views.append({key: viewed(playwright, cases[key]) for key in looked})
        report(cases, sizes, http, views)
        return judge(http, views)


def report(cases: dict[str, Case], sizes: dict, http: list[dict], views: list[dict]) -> None:
    print(f"\n{f'over HTTP, {CONNECTIONS} connections':34}{'requests/s':>11}{'CPU ms':>8}{'bytes':>9}  how")
    for key in http[0]:
        speed, cpu = (statistics.median(found[key][n] for found in http) for n in (0, 1))
        processes = len(tree(cases[key].server.pid))
        size, coding = sizes[key]
        print(
            f"{cases[key].name:34}{speed:11,.0f}{cpu:8.2f}{size:9,}  {coding}, {cases[key].how}, {processes} processes"
        )
    print(f"\n{'first view in Chromium':34}{'requests':>9}{'KB':>9}{'ms':>8}")
    for key in views[0]:
        found = {each: statistics.median(view[key][each] for view in views) for each in ("requests", "KB", "ms")}
        print(f"{cases[key].name:34}{found['requests']:9,.0f}{found['KB']:9,.1f}{found['ms']:8,.0f}")


def judge(http: list[dict], views: list[dict]) -> int:
    speed = [{key: found[0] for key, found in each.items()} for each in http]
    cpu = [{key: found[1] for key, found in each.items()} for each in http]

    def seen(what: str) -> list[dict[str, float]]:
        return [{key: found[what] for key, found in view.items()} for view in views]

    goals = (
        ("P1 requests a second, stored : Datasette", median_ratio(speed, "stored", "datasette"), 40),
        ("P1 bytes of a first view, Datasette : stored", median_ratio(seen("KB"), "datasette", "stored"), 8),
        ("P1 CPU, Datasette : rendered", median_ratio(cpu, "datasette", "rendered"), 1),
        ("P2 bytes, Gradio : leaderboard", median_ratio(seen("KB"), "gradio", "board"), 15),
        ("P2 requests, Gradio : leaderboard", median_ratio(seen("requests"), "gradio", "board"), 10),
        ("P2 on screen, Gradio : leaderboard", median_ratio(seen("ms"), "gradio", "board"), 3),
        ("P3 bytes, Streamlit : pair", median_ratio(seen("KB"), "streamlit", "stored"), 80),
        ("P3 on screen, Streamlit : pair", median_ratio(seen("ms"), "streamlit", "stored"), 6),
    )
    print()
    for goal, found, wanted in goals:
        print(f"{goal:46}{found:8.1f}  goal {wanted:>3}  {'met' if found >= wanted else 'NOT MET'}")
    one = median_ratio(speed, "single", "datasette")
    print(f"{'for fairness: 1 process of ours : Datasette':46}{one:8.1f}")
    return int(any(found < wanted for _, found, wanted in goals))


if __name__ == "__main__":
    raise SystemExit(main(*(int(word) if word.isdigit() else word for word in sys.argv[1:4])))
