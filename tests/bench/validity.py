"""python -m tests.bench.validity [--tools DIR] [--slowdown N] [--runs N]: the Nu HTML checker on a page of every type, Lighthouse on three.

Starts a site of its own. The two programs are installed by npm into DIR (default: var/checkers), never into the project;
they need node and java, and Lighthouse Chromium. Prints what they find; ends with 1 if that is anything. Lighthouse slows the
processor down N times (default 4) to be as slow as a phone's: on a machine that is busy or slow itself, N must be less. One run may lose
a point to what else the machine did, so each page is measured several times (default 5) and the median counts.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from http.client import HTTPConnection
from pathlib import Path

from tests.bench import machines

TOOLS = ("vnu-jar@26.9.27", "lighthouse@12.2.1")  # a later Lighthouse wants a later node than Debian has
SEED = "/compare/gemma-4-31b-vs-gpt-4-1/"
MANY = "/compare/claude-opus-4-6-vs-gemma-4-31b-vs-gpt-4-1/"
PAGES = (  # path and the status that it answers with
    ("/", 200),
    ("/compare/", 200),
    ("/compare/?a=gemma+4&b=gpt-4.1", 200),
    ("/compare/?a=nobody&b=gpt-4.1", 422),
    (SEED, 200),
    (f"{SEED}?show=shared&rows=diff&reading=shared&flip=1&w=coding:3&in=4000", 200),
    (f"{SEED}?sources=independent", 200),
    (f"{SEED}?open=weights", 200),
    (f"{SEED}?open=bill", 200),
    (f"{SEED[:-1]}.svg", 200),
    (f"{SEED}?as_of=2020-01-01&since=2020-01-01", 200),
    ("/compare/gpt-4-vs-o3/", 404),
    ("/compare/gemini-3-pro-vs-gpt-4-1/", 200),
    (MANY, 200),
    (f"{MANY}?show=shared", 200),
    ("/leaderboard/", 200),
    ("/leaderboard/?creator=openai&sort=-average&reading=tested", 200),
    ("/leaderboard/?context=1000000&weights=open&reasoning=no&creator=anthropic", 200),
    ("/leaderboard/coding/", 200),
    ("/models/", 200),
    ("/models/gpt-4-1/", 200),
    ("/models/claude-opus-4-6/", 200),
    ("/models/grok-4/", 410),
    ("/benchmarks/", 200),
    ("/benchmarks/gpqa/", 200),
    ("/pricing/", 200),
    ("/pricing/?in=4000&sort=context", 200),
    ("/shortlist/", 200),
    ("/shortlist/?average=60&most=2000", 200),
    ("/methodology/", 200),
    ("/changes/", 200),
    ("/data/", 200),
    ("/search/", 200),
    ("/search/?q=gpt", 200),
    ("/search/?q=nothing-like-it", 200),
    ("/privacy/", 200),
    ("/report/", 200),
    ("/report/gpt-4-1/", 200),
    ("/report/gpt-4-1/gpqa/", 200),
    ("/report/thanks/", 200),
    ("/newsletter/", 200),
    ("/newsletter/check-inbox/", 200),
    ("/newsletter/welcome/", 200),
    ("/newsletter/sample/", 200),
    ("/newsletter/confirm/no-such-token/", 404),
    ("/newsletter/leave/no-such-token/", 404),
    ("/newsletter/my-data/no-such-token/", 404),
    ("/nope/", 404),
)
STATIC = ("500.html", "403_csrf.html")  # what a failing request gets
MEASURED = ("/", SEED, "/leaderboard/")
TRIES, TRACELESS = 3, "NO_NAVSTART"  # now and then the browser records no trace: then once more
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROMIUM = "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-quic"


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench.validity", description=__doc__.partition(":")[2])
    arguments.add_argument(
        "--tools", type=Path, default=machines.ROOT / "var" / "checkers", help="default: var/checkers"
    )
    arguments.add_argument("--slowdown", type=float, default=4, help="of the processor in Lighthouse; default: 4")
    arguments.add_argument("--runs", type=int, default=5, help="of Lighthouse on each page; default: 5")
    given = arguments.parse_args()
    tools = given.tools
    install(tools)
    with tempfile.TemporaryDirectory(prefix="benchlm-validity-") as name:
        folder, port = Path(name), machines.free_port()
        machine = machines.environment(folder / "state", PORT=str(port), WEB_CONCURRENCY="2")
        for command in (["migrate"], ["import_catalogue"], ["collectstatic", "--no-input"]):
            machines.manage(machine, *command)
        machines.manage(machine, "shell", "-c", WITHDRAW)
        server = machines.node(machine, port, folder / "log")
        try:
            faults = pages(machine, port, folder / "pages")
            faults += nu(tools, folder / "pages")
            for path in MEASURED:
                faults += lighthouse(tools, f"http://127.0.0.1:{port}{path}", given.slowdown, given.runs)
        finally:
            machines.ended(server)
    print(*faults or ["Nothing found."], sep="\n")
    return int(bool(faults))


WITHDRAW = """
from comparisons.models import LanguageModel
row = LanguageModel.objects.get(slug="grok-4")
row.status, row.successor = "withdrawn", LanguageModel.objects.get(slug="gpt-4-1")
row.save()
"""


def install(tools: Path) -> None:
    if all((tools / "node_modules" / tool.partition("@")[0]).is_dir() for tool in TOOLS):
        return
    tools.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(tools), *TOOLS], check=True
    )


def pages(machine: dict[str, str], port: int, folder: Path) -> list[str]:
    """Write each page into the folder; what answers with another status is a fault."""
    folder.mkdir()
    faults = []
    for number, (path, expected) in enumerate(PAGES):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path)
        response = connection.getresponse()
        (folder / name_of(number, path)).write_bytes(response.read())
        if response.status != expected:
            faults.append(f"{path}: status {response.status}, not {expected}")
        connection.close()
    for name in STATIC:
        text = machines.manage(machine, "shell", "-v0", "-c", RENDER.format(name))
        (folder / name).write_text(text)
    return faults


RENDER = "from django.template.loader import render_to_string; print(render_to_string({!r}))"


def name_of(number: int, path: str) -> str:
    return f"{number:02}.svg" if path.endswith(".svg") else f"{number:02}.html"


def nu(tools: Path, folder: Path) -> list[str]:
    """What the Nu checker says of the pages, by their paths."""
    (jar,) = (tools / "node_modules" / "vnu-jar").rglob("vnu.jar")
    shutil.copy(machines.ROOT / "static" / "css" / "site.css", folder)
    command = ["java", "-jar", str(jar), "--format", "json", "--also-check-css", "--also-check-svg", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    names = {name_of(number, path): path for number, (path, _) in enumerate(PAGES)}
    found = []
    for message in json.loads(done.stderr)["messages"]:
        name = message["url"].rpartition("/")[2]
        where = f"line {message.get('lastLine', '?')}: {message.get('extract', '').strip()[:120]!r}"
        found.append(f"nu: {names.get(name, name)}: {message['type']}: {message['message']} ({where})")
    print(f"nu: {len(names) + len(STATIC)} pages, {len(found)} messages")
    return found


def lighthouse(tools: Path, address: str, slowdown: float, runs: int) -> list[str]:
    """The categories whose median score is less than 100, with the audits that cost something in any run."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return [f"lighthouse: {address}: chromium is not installed"]
    program = tools / "node_modules" / "lighthouse" / "cli" / "index.js"
    command = ["node", str(program), address, "--quiet", "--output=json", f"--chrome-flags={CHROMIUM}"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--throttling.cpuSlowdownMultiplier={slowdown}"]
    environment = {name: os.environ[name] for name in machines.KEPT if name in os.environ} | {"CHROME_PATH": chromium}
    reports = []
    for _ in range(TRIES * runs):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode == 0:
            reports.append(json.loads(done.stdout))
        elif TRACELESS not in done.stderr:
            return [f"lighthouse: {address}: {done.stderr.strip()[-300:]}"]
        if len(reports) == runs:
            break
    else:
        return [f"lighthouse: {address}: the browser recorded no trace, time after time"]
    scores = {
        name: sorted(round(100 * (each["categories"][name]["score"] or 0)) for each in reports) for name in CATEGORIES
    }
    medians = {name: statistics.median_low(found) for name, found in scores.items()}
    said = ", ".join(f"{name} {medians[name]} ({', '.join(map(str, scores[name]))})" for name in CATEGORIES)
    speed = statistics.median(each["environment"]["benchmarkIndex"] for each in reports)
    print(f"lighthouse: {address}: {said} (speed of this machine: {speed:.0f})")
    faults = []
    for name, median in medians.items():
        if median < 100:
            lost = {
                each["audits"][part["id"]]["title"]
                for each in reports
                for part in each["categories"][name]["auditRefs"]
                if part["weight"] and (each["audits"][part["id"]]["score"] or 0) < 1
            }
            faults.append(f"lighthouse: {address}: {name} {median}: {'; '.join(sorted(lost))}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
