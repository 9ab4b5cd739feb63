"""A hundred thousand requests meant to break the site: python -m tests.bench.hostile [requests] [seed].

On the database that DATABASE_URL names, which is filled and written to: give it a copy or an empty one. Without it, SQLite in a
folder that is taken away again. Every fifth request to the admin is that of a signed-in administrator who only looks. Prints
each kind of fault with its first request, how many answers of each status there were, and the slowest. Exit code 0 when there is
no fault and nothing took longer than a second of the processor's time.
"""

import logging
import os
import sys
import tempfile
import time
from collections import Counter
from itertools import islice

SLOWEST = 1.0


def main(count: int = 100_000, seed: int = 1) -> int:
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        os.environ.setdefault("STATE_DIR", folder)
        os.environ["ALLOWED_HOSTS"] = "localhost,127.0.0.1,[::1],testserver"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchlm.settings"
        session = prepare()
        return run(count, seed, session)


def prepare() -> str:
    """The bundled catalogue with its estimates; the session key of an administrator."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    call_command("import_catalogue", if_empty=True, verbosity=0)
    call_command("fit_abilities", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    logging.disable(logging.CRITICAL)
    admin = get_user_model().objects.create_superuser(f"admin-{time.time_ns()}")
    client = Client()
    client.force_login(admin)
    return client.session.session_key


def run(count: int, seed: int, session: str) -> int:
    from django.conf import settings

    from tests import hostile

    statuses, found, first, slowest = Counter(), Counter(), {}, []
    for number, asked in enumerate(islice(hostile.requests(seed), count), start=1):
        if asked.path.startswith("/" + settings.ADMIN_PATH) and asked.method == "GET" and number % 5 == 0:
            asked.headers["HTTP_COOKIE"] = f"{settings.SESSION_COOKIE_NAME}={session}"
        before = time.process_time()
        answer = hostile.ask(asked, has_csrf_checks=number % 2 == 0)
        spent = time.process_time() - before
        statuses[answer.status] += 1
        slowest = sorted([*slowest, (spent, f"{asked.method} {asked.path[:60]}?{asked.query[:60]}")])[-5:]
        for fault in [*hostile.faults(asked, answer), *(["slow"] if spent > SLOWEST else [])]:
            found[fault] += 1
            first.setdefault(fault, asked)
        if number % 10_000 == 0:
            print(f"{number:,} of {count:,}: {sum(found.values())} faults", file=sys.stderr, flush=True)
    print(f"{settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}, {count:,} requests, seed {seed}")
    print("status:", ", ".join(f"{status} {times:,}" for status, times in sorted(statuses.items())))
    print(f"5xx: {sum(times for status, times in statuses.items() if status >= 500)}")
    print("slowest:", *(f"  {1000 * spent:5.0f} ms  {what}" for spent, what in reversed(slowest)), sep="\n")
    for fault, times in found.most_common():
        print(f"{times} x {fault}, first: {str(first[fault])[:500]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
