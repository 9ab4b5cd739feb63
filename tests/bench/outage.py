"""A site whose PostgreSQL goes away and comes back: python -m tests.bench.outage [seconds without it].

One node of gunicorn on a PostgreSQL of its own. Prints what visitors get before, while the server is stopped, and after it is started
again, with the slowest answer of each kind, and how long after its return the site works. Exit code 0 when finished pages and static
files are served throughout, everything else is a 503 with Retry-After within 3 s, and the site is itself again within 10 s.
"""

import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path

from tests.bench import machines
from tests.bench.serving import get
from tests.bench.two_nodes import PAIR

FINISHED, LIVE, ELSEWHERE = PAIR, "/search/?q=gpt&n=", ("/newsletter/", "/healthz/")
SLOWEST, BACK = 3.0, 10.0


def main(away: int = 10) -> int:
    with tempfile.TemporaryDirectory(prefix="outage-") as name, ExitStack() as stack:
        folder = Path(name)
        postgres = stack.enter_context(machines.Postgres(folder))
        machine = machines.environment(folder / "state", DATABASE_URL=postgres.url, WEB_CONCURRENCY="2")
        for command in ("migrate", "import_catalogue", "collectstatic --no-input"):
            machines.manage(machine, *command.split())
        port = machines.free_port()
        server = machines.node(machine, port, folder / "log")
        stack.callback(machines.ended, server)
        static = re.search(r'href="(/static/css/site[^"]*)"', get(port, FINISHED)[1].decode())[1]
        for _ in range(20):  # each process has made the page
            get(port, FINISHED)
        before = asked(port, static, 3)
        postgres.stop()
        during = asked(port, static, away)
        postgres.start()
        back = until_it_works(port)
        after = asked(port, static, 3)
    for when, found in (("before", before), ("away", during), ("after", after)):
        for kind, (answers, slowest) in found.items():
            print(f"{when:8}{kind:16}{dict(sorted(answers.items()))}, slowest {slowest:.2f} s")
    print(f"The last 503 came {back:.1f} s after the return.")
    return int(not is_as_promised(before, during, after) or back > BACK)


Found = dict[str, tuple[Counter, float]]


def asked(port: int, static: str, seconds: float) -> Found:
    """Answers and the slowest one of each kind: status, and for a 503 whether it says when to come back."""
    answers, slowest = defaultdict(Counter), defaultdict(float)
    ends, turn = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        turn += 1
        kinds = {"finished page": FINISHED, "static file": static, "live page": f"{LIVE}{time.time()}"}
        for kind, path in (*kinds.items(), (ELSEWHERE[turn % 2], ELSEWHERE[turn % 2])):
            begun = time.perf_counter()
            response, _ = get(port, path)
            slowest[kind] = max(slowest[kind], time.perf_counter() - begun)
            said = response.status == 503 and response.headers["Retry-After"]
            answers[kind][f"{response.status} Retry-After" if said else str(response.status)] += 1
    return {kind: (answers[kind], slowest[kind]) for kind in answers}


def until_it_works(port: int) -> float:
    """Seconds from now to the last answer other than 200, once two seconds went by without one; each process notices by itself."""
    begun = last = time.perf_counter()
    while (now := time.perf_counter()) - last < 2 and now - begun < 5 * BACK:
        if get(port, f"{LIVE}{now}")[0].status != 200:
            last = time.perf_counter()
    return last - begun


def is_as_promised(before: Found, during: Found, after: Found) -> bool:
    whole = all(set(answers) == {"200"} for found in (before, after) for answers, _ in found.values())
    kept = ("finished page", "static file")
    return (
        whole
        and all(set(during[kind][0]) == {"200"} for kind in kept)
        and all(set(answers) == {"503 Retry-After"} for kind, (answers, _) in during.items() if kind not in kept)
        and max(slowest for _, slowest in during.values()) < SLOWEST
    )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
