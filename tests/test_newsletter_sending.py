"""Sending: a real SMTP server with scripted replies, the ledger after each fault, and the mails as they arrive."""

import datetime

import pytest

from benchlm.newsletter import keys, sending
from benchlm.newsletter.models import Delivery, Issue, Subscriber
from comparisons.models import Change
from tests.newsletter_sink import Sink

MONDAY = datetime.datetime(2026, 11, 23, 0, 30, tzinfo=datetime.UTC)  # week 48 has begun, week 47 is over
pytestmark = pytest.mark.django_db


class Clock:
    """A clock that tests set; each look may do something."""

    def __init__(self) -> None:
        self.now, self.looks, self.at_look = MONDAY, 0, {}

    def __call__(self) -> datetime.datetime:
        self.looks += 1
        self.at_look.pop(self.looks, lambda: None)()
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += datetime.timedelta(**parts)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sink(settings):
    """A started server that accepts all; set its `script` to have it otherwise."""
    server = Sink()
    server.start()
    settings.MAILERS = server.mailer
    settings.SITE_URL = "https://benchlm.example"
    settings.NEWSLETTER_FROM = "BenchLM <weekly@benchlm.example>"
    settings.NEWSLETTER_POSTAL_ADDRESS = "1 Test Street, Testville"
    yield server
    server.stop()


def subscriber(email: str, **fields) -> Subscriber:
    confirmed = MONDAY - datetime.timedelta(days=20)
    return Subscriber.objects.create(
        **{
            "email": email,
            "email_key": email,
            "key_hash": keys.digest("address", email),
            "status": "active",
            "regime": "STRICT",
            "location_source": "unknown",
            "consent_version": "2026-11-25",
            "requested_at": confirmed,
            "confirmed_at": confirmed,
        }
        | fields
    )


@pytest.fixture
def readers() -> list[Subscriber]:
    return [subscriber(f"r{number}@reader.example") for number in range(5)]


@pytest.fixture
def news() -> Change:
    at = MONDAY - datetime.timedelta(days=3)
    return Change.objects.create(
        kind="model_added", subject="Alpha 2", new="published", at=at, source_url="https://example.org/alpha"
    )


def send(clock: Clock, **options) -> tuple[int, list[str]]:
    said = []
    return sending.run(said.append, clock=clock, **options), said


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_run_sends_the_issue_of_last_week_once_to_each(sink, clock, readers, news):
    assert send(clock) == (0, ["2026-W47: 5 frozen = 5 sent + 0 failed + 0 cancelled + 0 uncertain + 0 open"])
    assert send(clock) == (0, [])
    issue = Issue.objects.get(state="done")
    assert (issue.week, issue.subject, issue.frozen, issue.is_balanced) == (
        "2026-W47",
        "BenchLM, week 47: 1 new model",
        5,
        True,
    )
    assert sorted(sink.recipients) == sorted(reader.email for reader in readers)
