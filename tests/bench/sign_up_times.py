"""Whether the time of an answer tells who reads along: python -m tests.bench.sign_up_times [sqlite|postgres] [tries].

Signs up, through gunicorn and in turns, addresses that are new, pending, active, complained about and left. Prints the median time of each;
exit code 0 when they lie within 5 ms.
"""

import os
import sys
import time
from statistics import median

from tests.bench.mail_world import Browser, result, served, world

KINDS = ("new", "pending", "active", "complained", "left")
MOST = 0.005  # seconds between the medians


def main(vendor: str = "sqlite", tries: int = 200) -> int:
    times = {kind: [] for kind in KINDS}
    with world(vendor, 1, seed=1) as found:
        result(prepare, tries)
        with served(os.environ, found.folder / "gunicorn.log") as port:
            browser = Browser(port)
            browser.open_form()
            time.sleep(3.1)
            for number in range(tries):
                if number % 100 == 0:  # 300 mails later: 500 an hour are the limit
                    result(forget_limits)
                for place, kind in enumerate(KINDS):
                    begun = time.perf_counter()
                    status = browser.sign_up(email(kind, number), f"10.{place}.{number >> 8}.{number & 255}")
                    times[kind].append(time.perf_counter() - begun)
                    assert status == 303, (kind, number, status)
    medians = {kind: median(each) for kind, each in times.items()}
    for kind, seconds in medians.items():
        print(f"{kind}: {1000 * seconds:.1f} ms")
    apart = max(medians.values()) - min(medians.values())
    print(f"apart: {1000 * apart:.1f} ms")
    return int(apart >= MOST)


def email(kind: str, number: int) -> str:
    return f"{kind}{number}@{kind}{number}.example.org"


def prepare(tries: int) -> int:
    """Rows of every kind but the new ones."""
    from datetime import timedelta

    from django.utils import timezone

    from benchlm.newsletter import addresses, consent, limits, subscriptions
    from benchlm.newsletter.models import Subscriber

    limits.RULES["all"] = ((limits.HOUR, 10_000),)
    now = timezone.now() - timedelta(minutes=30)
    for kind in KINDS[1:]:
        for number in range(tries):
            token, public_id = subscriptions.sign_up(addresses.parse(email(kind, number)), consent.UNKNOWN, now)
            if kind != "pending":
                subscriptions.confirm(token, now)
            if kind in ("complained", "left"):
                subscriptions.leave(public_id, now, kind)
    forget_limits()
    return Subscriber.objects.count()


def forget_limits() -> None:
    from benchlm.newsletter.models import Limit

    Limit.objects.all().delete()


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.isdigit()]
    raise SystemExit(main(*(words or ["sqlite"]), *(int(word) for word in sys.argv[1:] if word.isdigit())))
