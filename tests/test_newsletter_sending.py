"""Sending: a real SMTP server with scripted replies, the ledger after each fault, and the mails as they arrive."""

import datetime
import io
import os
import signal
import ssl
import threading
import time
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from benchlm.newsletter import issues, keys, rehearsal, sending, subscriptions
from benchlm.newsletter.models import Delivery, Issue, Subscriber, Suppression
from benchlm.newsletter.outcomes import outcome_of
from comparisons import curation
from comparisons.models import Change, Creator, LanguageModel
from tests.newsletter_sink import DROP, listening

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
    with listening(settings) as server:
        yield server


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


# --- what a mail is -------------------------------------------------------------------------------------------------
def test_mail_has_the_headers_that_mail_programs_ask_for(sink, clock, readers, news):
    send(clock)
    mails = {mail["To"]: mail for mail in sink.mails}
    one = mails[readers[0].email]
    leave = f"https://benchlm.example/newsletter/leave/{keys.link_token('leave', readers[0].public_id)}/"
    assert {name: one.get_all(name) for name in HEADERS} == {
        "To": ["r0@reader.example"],
        "From": ["BenchLM <weekly@benchlm.example>"],
        "List-Id": ["BenchLM weekly <weekly.benchlm.example>"],
        "List-Unsubscribe": [f"<{leave}>"],
        "List-Unsubscribe-Post": ["List-Unsubscribe=One-Click"],
        "Auto-Submitted": ["auto-generated"],
        "Date": ["Mon, 23 Nov 2026 00:30:00 +0000"],
        "Message-ID": [f"<2026-W47.{readers[0].public_id.hex}@benchlm.example>"],
        "Cc": None,
        "Bcc": None,
    }
    raw = next(content for recipient, content in sink.accepted if recipient == readers[0].email)
    assert f"List-Unsubscribe: <{leave}>".encode() in raw  # on one line, in no encoded word
    assert len({mail["List-Unsubscribe"] for mail in mails.values()}) == 5


HEADERS = (
    "To",
    "From",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "Date",
    "Message-ID",
    "Cc",
    "Bcc",
)


def test_mail_reads_alone_as_text_and_as_html_and_fetches_nothing(sink, clock, readers, news):
    send(clock)
    text, html = (sink.mails[0].get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (text, html):
        for needed in ("Alpha 2 is new in the catalogue", "https://example.org/alpha", "/newsletter/leave/", "/newsletter/my-data/",
                       "https://benchlm.example/newsletter/2026-W47/", "/privacy/", "1 Test Street, Testville", "BenchLM"):  # fmt: skip
            assert needed in part
        assert issues.LEAVE_MARK not in part
    for never in ("<img", "<script", "<link", "url(", "src=", "@import", "utm_"):
        assert never not in html


def test_same_bytes_for_all_but_the_personal_links(sink, clock, readers, news):
    """Who edits the catalogue while the mail goes out changes no mail."""
    clock.at_look[12] = lambda: Change.objects.create(
        kind="model_added", subject="Late", at=MONDAY - datetime.timedelta(days=2)
    )
    send(clock)
    bodies = set()
    for mail in sink.mails:
        text = mail.get_body(("plain",)).get_content()
        assert "confirmed it on 3 November 2026." in text
        for kind in ("leave", "my-data"):
            text = text.replace(text.split(f"/newsletter/{kind}/")[1].split("/")[0], kind)
        bodies.add(text)
    assert len(bodies) == 1
    assert "Late" not in bodies.pop()


# --- replies of the server ------------------------------------------------------------------------------------------
def counts(issue: Issue | None = None) -> dict[str, int]:
    return {
        state: number
        for state, number in (issue or Issue.objects.exclude(state="planned").get()).balance().items()
        if number
    }


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO"])
def test_server_that_is_away_costs_nobody_a_try(sink, clock, readers, news, stage):
    sink.script = lambda at, recipient, nth: DROP if at == stage else None
    code, said = send(clock)
    assert (code, counts(), states()) == (1, {"open": 5}, ["pending"] * 5)
    assert said[0].startswith("Stopped, no connection to the mail server")
    sink.script = lambda at, recipient, nth: None
    assert (send(clock)[0], counts(), len(sink.accepted)) == (0, {"sent": 5}, 5)


def test_server_that_greets_too_late_costs_nobody_a_try(sink, clock, readers, news, settings):
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 0.2
    sink.script = lambda at, recipient, nth: "wait 1" if at == "CONNECT" else None
    assert (send(clock)[0], states()) == (1, ["pending"] * 5)


def test_refused_connection_costs_nobody_a_try(sink, clock, readers, news, settings):
    settings.MAILERS["default"]["OPTIONS"]["port"] = 9
    assert (send(clock)[0], states()) == (1, ["pending"] * 5)


@pytest.mark.parametrize("stage", ["RCPT", "BODY"])
def test_connection_lost_before_the_end_of_a_message_is_tried_again(sink, clock, readers, news, stage):
    """Once at once: it is no recipient's fault. Nobody gets two."""
    sink.script = lambda at, recipient, nth: DROP if (at, recipient, nth) == (stage, "r2@reader.example", 1) else None
    code, _ = send(clock)
    assert (code, counts()) == (0, {"sent": 5})
    assert sorted(sink.recipients) == [f"r{number}@reader.example" for number in range(5)]


def test_connection_lost_for_one_again_and_again_waits(sink, clock, readers, news):
    sink.script = lambda at, recipient, nth: DROP if (at, recipient) == ("RCPT", "r2@reader.example") else None
    assert (send(clock)[0], counts()) == (0, {"sent": 4, "open": 1})


def test_busy_server_on_every_fourth_message_delivers_each_once(sink, clock, readers, news):
    seen = []

    def script(at: str, recipient: str, nth: int) -> str | None:
        seen.append(recipient) if at == "RCPT" else None
        return "421 4.3.2 too busy" if at == "RCPT" and len(seen) % 4 == 0 else None

    sink.script = script
    assert (send(clock)[0], counts()) == (0, {"sent": 5})
    assert sorted(sink.recipients) == [f"r{number}@reader.example" for number in range(5)]


def test_temporary_refusal_waits_longer_each_time_and_delays_nobody_else(sink, clock, readers, news):
    sink.script = lambda at, recipient, nth: (
        "450 4.2.1 later" if at == "RCPT" and recipient[:2] == "r1" and nth <= 3 else None
    )
    for minutes, state in ((0, "retry"), (1, "retry"), (5, "retry"), (14.9, "retry"), (0.2, "sent")):
        clock.forward(minutes=minutes)
        send(clock)
        assert (Delivery.objects.get(subscriber=readers[1]).state, len(sink.accepted) >= 4) == (state, True)
    assert (counts(), sink.recipients.count("r1@reader.example")) == ({"sent": 5}, 1)


def test_temporary_refusal_ends_after_a_day(sink, clock, readers, news):
    sink.script = lambda at, recipient, nth: "450 4.2.1 later" if at == "RCPT" and recipient[:2] == "r1" else None
    tries = 0
    for _ in range(40):
        send(clock)
        clock.forward(hours=1)
        tries = Delivery.objects.get(subscriber=readers[1]).attempts
    assert (counts(), tries) == ({"sent": 4, "failed": 1}, 10)
    assert Suppression.objects.count() == 0


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_dead_mailbox_is_suppressed_and_no_other(sink, clock, readers, news, code):
    sink.script = lambda at, recipient, nth: (
        f"550 {code} no such user" if at == "RCPT" and recipient[:2] == "r1" else None
    )
    assert (send(clock)[0], counts()) == (0, {"sent": 4, "failed": 1})
    readers[1].refresh_from_db()
    assert (readers[1].status, readers[1].email) == ("suspended", "")
    assert list(Suppression.objects.values_list("key_hash", "reason")) == [(readers[1].key_hash, "bounced")]
    assert Delivery.objects.get(subscriber=readers[1]).reply_code == f"550 {code}"


@pytest.mark.parametrize(
    ("stage", "reply", "state", "code"),
    [
        ("RCPT", "550 no", "failed", "550"),
        ("RCPT", "552 5.2.2 mailbox full", "failed", "552 5.2.2"),
        ("DATA", "554 no thanks", "failed", "554"),
        ("DATA", "452 4.3.1 disk", "retry", "452 4.3.1"),
        ("RCPT", "451 4.7.1 greylisted", "retry", "451 4.7.1"),
        ("RCPT", "550 5.7.1 policy", "retry", "550 5.7.1"),
    ],
)
def test_reply_is_of_one_message_alone(sink, clock, readers, news, stage, reply, state, code):
    sink.script = lambda at, recipient, nth: reply if at == stage and recipient[:2] == "r1" else None
    assert send(clock)[0] == 0
    row = Delivery.objects.get(subscriber=readers[1])
    assert (row.state, row.reply_code, len(sink.accepted), Suppression.objects.count()) == (state, code, 4, 0)


def test_policy_refusal_for_all_stops_after_ten_and_marks_nobody(sink, clock, news):
    for number in range(15):
        subscriber(f"r{number}@reader.example")
    sink.script = lambda at, recipient, nth: "550 5.7.1 go away" if at == "RCPT" else None
    code, said = send(clock)
    assert (code, sum(number for (at, _), number in sink.asked.items() if at == "RCPT")) == (1, 10)
    assert "550 5.7.1" in said[0]
    assert (counts(), Suppression.objects.count(), Subscriber.objects.active().count()) == ({"open": 15}, 0, 15)


def test_server_without_login_or_tls_marks_nobody(sink, clock, readers, news, settings):
    settings.MAILERS["default"]["OPTIONS"] |= {"username": "x", "password": "y"}
    code, _ = send(clock)  # the server offers no login without TLS
    assert (code, states(), sink.accepted) == (1, ["pending"] * 5, [])
    settings.MAILERS["default"]["OPTIONS"] |= {"use_tls": True}
    assert (send(clock)[0], states()) == (1, ["pending"] * 5)


CERTIFICATE = Path(__file__).parent / "fixtures" / "mail_server.pem"  # of 127.0.0.1, signed by itself


@pytest.fixture
def tls_sink(settings):
    """A server that wants TLS and then a login, which only the password `right` gets."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)

    def authenticator(server, session, envelope, mechanism, given) -> AuthResult:
        return AuthResult(success=given.password == b"right", handled=False)

    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticator}
    with listening(settings, **options) as server:
        settings.MAILERS["default"]["OPTIONS"] |= {"use_tls": True, "username": "weekly", "password": "right"}
        yield server


def test_certificate_that_nobody_vouches_for_marks_nobody(tls_sink, clock, readers, news):
    code, said = send(clock)
    assert (code, states(), tls_sink.accepted) == (1, ["pending"] * 5, [])
    assert said[0] == (
        "Stopped, no connection to the mail server (SSLCertVerificationError). Nobody was marked; the next run goes on."
    )


def test_refused_login_marks_nobody_and_the_right_one_goes_on(tls_sink, clock, readers, news, settings, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    settings.MAILERS["default"]["OPTIONS"]["password"] = "wrong"
    code, said = send(clock)
    assert (code, states(), tls_sink.accepted, Suppression.objects.count()) == (1, ["pending"] * 5, [], 0)
    assert said[0] == "Stopped, no connection to the mail server (535). Nobody was marked; the next run goes on."
    settings.MAILERS["default"]["OPTIONS"]["password"] = "right"
    assert (send(clock)[0], counts(), len(tls_sink.accepted)) == (0, {"sent": 5}, 5)


def test_answer_after_our_patience_is_uncertain_and_never_sent_again(sink, clock, readers, news, settings):
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 0.3
    sink.script = lambda at, recipient, nth: "wait 0.8" if at == "DATA" and recipient[:2] == "r1" else None
    assert (send(clock)[0], counts()) == (0, {"sent": 4, "uncertain": 1})
    for _ in range(3):
        clock.forward(hours=1)
        send(clock)
    assert (counts(), sink.recipients.count("r1@reader.example")) == ({"sent": 4, "uncertain": 1}, 1)


def test_idempotency_header_sends_uncertain_ones_again_under_the_same_key(sink, clock, readers, news, settings):
    settings.NEWSLETTER_IDEMPOTENCY_HEADER = "Idempotency-Key"
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 0.3
    sink.script = lambda at, recipient, nth: "wait 0.8" if at == "DATA" and recipient[:2] == "r1" and nth == 1 else None
    send(clock)
    clock.forward(minutes=2)
    send(clock)
    assert counts() == {"sent": 5}
    twice = [mail for mail in sink.mails if mail["To"] == "r1@reader.example"]
    assert [(mail["Message-ID"], mail["Idempotency-Key"]) for mail in twice] == [
        (twice[0]["Message-ID"], twice[0]["Idempotency-Key"])
    ] * 2


# --- stopping and starting ------------------------------------------------------------------------------------------
class Killed(BaseException):
    """Ends a run as a kill would: no outcome is written."""


def test_run_killed_at_any_point_is_gone_on_with(sink, clock, readers, news):
    """Each look at the clock stands between two commits; tests/test_newsletter_processes.py kills real processes."""

    def kill() -> None:
        raise Killed

    points = 0
    while True:
        points += 1
        clock.looks, clock.at_look = 0, {points: kill}
        sink.accepted.clear()
        try:
            send(clock)
        except Killed:
            clock.at_look = {}
        else:
            break
        assert send(clock)[0] == 0
        found, issue = counts(), Issue.objects.exclude(state="planned").get()
        assert (found["sent"] + found.get("uncertain", 0), issue.state, issue.is_balanced) == (5, "done", True)
        assert found.get("uncertain", 0) <= 1
        assert len(set(sink.recipients)) == len(sink.recipients) >= 4
        Delivery.objects.all().delete()
        Issue.objects.all().delete()
    assert points > 3 + 3 * len(readers)


def test_told_to_stop_it_finishes_the_mail_in_hand(sink, clock, readers, news):
    clock.at_look[9] = lambda: os.kill(os.getpid(), signal.SIGTERM)
    code, said = send(clock)
    assert (code, "told to stop" in said[0], counts().get("uncertain")) == (0, True, None)
    assert 1 <= len(sink.accepted) < 5
    assert (send(clock)[0], counts()) == (0, {"sent": 5})


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO"])
def test_told_to_stop_it_waits_for_no_server(sink, clock, readers, news, settings, stage):
    """The server would answer in its own time; no message is in hand."""
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = 30
    sink.script = lambda at, recipient, nth: "wait 20" if at == stage else None
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    started = time.monotonic()
    timer.start()
    code, said = send(clock)
    assert (code, said[0], states()) == (0, "Told to stop; the next run goes on.", ["pending"] * 5)
    assert time.monotonic() - started < 5


def test_second_run_says_so_and_leaves(sink, clock, readers, news):
    with sending.lock() as is_mine:
        assert is_mine
        if connection.vendor == "sqlite":
            assert send(clock) == (0, ["Another run is sending already."])
    assert (send(clock)[0], counts()) == (0, {"sent": 5})


def test_ledger_alone_keeps_two_senders_apart(sink, clock, readers, news):
    """Without the lock: what one has in hand the other neither sends nor, once its outcome is known, leaves uncertain."""
    one, other = (sending.Run([].append, clock) for _ in range(2))
    issue = issues.planned(issues.last_ended(clock()))
    issues.build(issue, clock())
    key = Delivery.objects.first().pk
    assert sending.hand(one, issue, key)
    sending.settle_interrupted(other)
    assert sending.hand(other, issue, key) is None
    sending.settle(other, key, sending.SENT)
    assert Delivery.objects.get(pk=key).state == "uncertain"
    sending.settle(one, key, sending.SENT)
    assert Delivery.objects.get(pk=key).state == "sent"


def test_who_leaves_while_the_issue_goes_out_gets_nothing_more(sink, clock, readers, news):
    clock.at_look[9] = lambda: subscriptions.leave(readers[4].public_id, clock.now)
    assert (send(clock)[0], counts()) == (0, {"sent": 4, "cancelled": 1})
    assert readers[4].email not in sink.recipients


def test_who_confirms_during_the_run_gets_the_next_issue(sink, clock, readers, news):
    clock.at_look[9] = lambda: subscriber("late@reader.example")
    assert (send(clock)[0], counts()) == (0, {"sent": 5})
    assert (send(clock)[0], len(sink.accepted)) == (0, 5)


def test_clock_that_jumps_doubles_nothing(sink, clock, readers, news):
    clock.at_look[9] = lambda: clock.forward(hours=-2)
    send(clock)
    clock.now = MONDAY + datetime.timedelta(hours=1)
    send(clock)
    clock.forward(days=10)
    send(clock)
    assert sorted(sink.recipients) == [f"r{number}@reader.example" for number in range(5)]


def test_clock_that_jumps_ahead_builds_no_later_week(sink, clock, readers, news):
    """During a run; a week that a fast clock found empty is looked at again when it has really ended."""
    clock.at_look[9] = lambda: clock.forward(days=10)
    assert (send(clock)[0], counts()) == (0, {"sent": 5})
    assert list(Issue.objects.order_by("pk").values_list("iso_week", "state")) == [(48, "planned"), (47, "done")]
    for days, state in ((10, "planned"), (8, "skipped_empty")):
        clock.now = MONDAY + datetime.timedelta(days=days)
        assert (send(clock), Issue.objects.get(iso_week=48).state) == ((0, []), state)
    clock.now = MONDAY + datetime.timedelta(days=1)
    assert (send(clock), Issue.objects.get(iso_week=48).state) == ((0, []), "planned")
    Change.objects.create(kind="model_added", subject="Beta 3", at=MONDAY + datetime.timedelta(days=2))
    clock.now = MONDAY + datetime.timedelta(days=7)
    assert (send(clock)[0], len(sink.accepted), Issue.objects.get(iso_week=48).state) == (0, 10, "done")


def test_runs_around_midnight_make_one_issue_of_each_week(sink, clock, readers, news):
    """Sunday 23:59:59, Monday 00:00:00 and when the week has settled."""
    Change.objects.create(kind="model_added", subject="Monday", at=MONDAY - datetime.timedelta(minutes=30))
    found = []
    for seconds in (-1801, -1800, -1201, -1200, 0, 1):
        clock.now = MONDAY + datetime.timedelta(seconds=seconds)
        found.append((send(clock)[0], len(sink.accepted)))
    assert found == [(0, 0), (0, 0), (0, 0), (0, 5), (0, 5), (0, 5)]
    clock.now = MONDAY + datetime.timedelta(days=7)
    send(clock)
    texts = [mail.get_body(("plain",)).get_content() for mail in sink.mails]
    told = [("Alpha 2" in text, "Monday is new" in text) for text in texts]
    assert told == [(True, False)] * 5 + [(False, True)] * 5


def test_old_issue_never_starts_or_goes_on_by_itself(sink, clock, readers, news):
    clock.now = MONDAY + datetime.timedelta(days=3)
    assert (send(clock), sink.accepted) == ((0, []), [])
    clock.now = MONDAY
    issues.build(issues.planned(issues.last_ended(clock())), clock())
    clock.now = MONDAY + datetime.timedelta(days=30)  # as after a backup of last month
    code, said = send(clock)
    assert (code, said, sink.accepted) == (
        0,
        ["2026-W47: 5 still open, but older than 3 days; send with --week 2026-W47."],
        [],
    )
    assert (send(clock, week="2026-W47")[0], len(sink.accepted)) == (0, 5)


def test_week_without_change_sends_nothing(sink, clock, readers):
    assert send(clock) == (0, [])
    assert (Issue.objects.get(iso_week=47).state, sink.accepted) == ("skipped_empty", [])


def test_week_in_which_only_a_draft_changed_sends_nothing(sink, clock, readers):
    draft = LanguageModel(slug="gamma", name="Gamma", creator=Creator.objects.create(slug="acme", name="Acme"))
    curation.save_row(draft)
    draft.name = "Gamma 2"
    curation.save_row(draft, "better name")
    clock.now = MONDAY + datetime.timedelta(days=7)
    assert (send(clock), sink.accepted) == ((0, []), [])


def test_issue_can_be_held_while_it_goes_out(sink, clock, readers, news):
    clock.at_look[9] = lambda: Issue.objects.filter(state="sending").update(is_held=True)
    code, _ = send(clock)
    number = len(sink.accepted)
    assert (code, 1 <= number < 5, counts()) == (0, True, {"sent": number, "open": 5 - number})
    assert send(clock) == (0, [f"2026-W47: held, {5 - number} still open."])
    Issue.objects.update(is_held=False)
    assert (send(clock)[0], counts(), len(sink.accepted)) == (0, {"sent": 5}, 5)


def test_held_issue_waits_for_its_release(sink, clock, readers, news):
    issue = issues.planned(issues.last_ended(clock()))
    Issue.objects.filter(pk=issue.pk).update(is_held=True)
    assert send(clock) == (0, ["2026-W47: held."])
    Issue.objects.filter(pk=issue.pk).update(is_held=False, note="A word from us.")
    assert send(clock)[0] == 0
    assert all("A word from us." in mail.get_body(("plain",)).get_content() for mail in sink.mails)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"SITE_URL": "http://benchlm.example"},
            "Not sent: SITE_URL is not https: the links of a mail would be open to others.",
        ),
        ({"NEWSLETTER_FROM": ""}, "Not sent: NEWSLETTER_FROM is missing: a mail needs a sender."),
        (
            {"NEWSLETTER_POSTAL_ADDRESS": " "},
            "Not sent: NEWSLETTER_POSTAL_ADDRESS is missing: a mail needs the sender's postal address.",
        ),
    ],
)
def test_site_that_is_not_set_up_refuses_to_send(sink, clock, readers, news, settings, change, fault):
    for name, value in change.items():
        setattr(settings, name, value)
    assert (send(clock), Issue.objects.count()) == ((1, [fault]), 0)


def test_local_run_needs_nothing_and_writes_files(clock, readers, news, settings, tmp_path):
    backend = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"file_path": str(tmp_path)}}}
    assert (send(clock)[0], counts(), len(list(tmp_path.iterdir()))) == (0, {"sent": 5}, 1)


# --- commands -------------------------------------------------------------------------------------------------------
def test_preview_is_one_mail_without_a_trace(sink, clock, readers, news):
    said = []
    assert rehearsal.show(said.append, preview="operator@benchlm.example", clock=clock) == 0
    assert (said, sink.recipients) == (["2026-W47: one preview sent."], ["operator@benchlm.example"])
    (mail,) = sink.mails
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "[Preview] BenchLM, week 47: 1 new model"
    assert ("Alpha 2 is new" in text, "/newsletter/leave/" in text, "[[" in text) == (True, False, False)
    assert (Issue.objects.count(), Delivery.objects.count()) == (0, 0)


def test_commands_say_what_they_did_and_end_with_its_code(sink, readers, capsys, monkeypatch, settings):
    """The real clock: the week that is over now has one change."""
    changed_at = issues.issue_of(issues.last_ended(timezone.now())).starts_at
    Change.objects.create(kind="model_added", subject="Alpha 2", at=changed_at)
    week = issues.issue_of(changed_at).week
    call_command("send_weekly", "--dry-run", "--week", week)
    assert capsys.readouterr().out.startswith(f"{week} would go to 5.")
    call_command("send_weekly", "--week", week)
    balance = "5 frozen = 5 sent + 0 failed + 0 cancelled + 0 uncertain + 0 open"
    assert (capsys.readouterr().out, len(sink.accepted)) == (f"{week}: {balance}\n", 5)
    settings.NEWSLETTER_FROM = ""
    with pytest.raises(SystemExit) as ended:
        call_command("send_weekly")
    assert (ended.value.code, capsys.readouterr().out) == (
        1, "Not sent: NEWSLETTER_FROM is missing: a mail needs a sender.\n"
    )  # fmt: skip
    call_command("expire_subscribers")
    assert "0 proofs of consent erased" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"From: x\n\nno report")))
    call_command("read_bounce")
    assert capsys.readouterr().out == "Not a final report about one of our mails.\n"


class ProviderError(Exception):
    """As django-anymail's: the provider's answer has a status, a lost connection has none."""

    def __init__(self, status_code: int | None = None) -> None:
        self.status_code = status_code


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ProviderError(401), "setup"),
        (ProviderError(403), "setup"),
        (ProviderError(408), "retry"),
        (ProviderError(429), "retry"),
        (ProviderError(503), "retry"),
        (ProviderError(400), "failed"),
        (ProviderError(422), "failed"),
        (ProviderError(), "uncertain"),
        (ValueError("a header with a line break"), "failed"),
        (TimeoutError(), "connection"),
    ],
)
def test_error_of_a_provider_is_told_apart(error, kind):
    assert (outcome_of(error, may_be_accepted=False).kind, outcome_of(error, may_be_accepted=True).kind) == (
        kind,
        "uncertain",
    )
