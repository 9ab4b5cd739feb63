"""Sends what is owed. The ledger alone keeps a mail from going out twice: whatever stops a run, the next one goes on.

Per recipient there are two commits: `handed` before the mail leaves, the outcome after it. A crash between them leaves
`handed`; the next run, which has the lock and so knows that nobody is sending, counts it as uncertain and leaves it alone.
"""

import datetime
import fcntl
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from django.conf import settings
from django.core.mail import mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.db import Error, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from benchlm.newsletter import checks, issues
from benchlm.newsletter.mail import issue_message, new_message_id
from benchlm.newsletter.models import Delivery, Issue, Subscriber, Suppression
from benchlm.newsletter.outcomes import SENT, Outcome, outcome_of
from benchlm.newsletter.subscriptions import erase

WAITS = tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
GIVE_UP = datetime.timedelta(hours=24)
MOST_FAULTS = 10  # in a row that are not a recipient's: then the run stops
BATCH = 200
DATABASE_WAITS = (1, 2, 4, 8)  # seconds for a database that is restarted
ADVISORY_LOCK = 4_832_017  # any number that nothing else in the database uses

Say = Callable[[str], None]
Clock = Callable[[], datetime.datetime]


class ToldToStopError(InterruptedError):
    """Breaks off the wait for a mail server, when no message is in hand; an OSError, so that smtplib closes its socket."""


@dataclass
class Run:
    """One run: its name in the ledger, what the process was told, how many faults in a row were not a recipient's."""

    say: Say
    clock: Clock
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    is_told_to_stop: bool = False
    is_connecting: bool = False
    has_lost_database: bool = False  # and with its connection perhaps the lock
    faults: int = 0


def run(say: Say, clock: Clock = timezone.now, week: str = "") -> int:
    """Build the issue that is due, send what is owed; 0, or 1 when somebody has to look. `week` lifts the age limit for it."""
    faults = checks.faults()
    for fault in faults:
        say(f"Not sent: {fault}")
    if faults:
        return 1
    this = Run(say, clock)
    try:
        with lock() as is_mine:
            if not is_mine:
                say("Another run is sending already.")
                return 0
            with told_to_stop(this):
                return _run(this, week)
    except (Error, OSError) as error:  # a disk that is full or read-only, a database that is away
        say(
            f"Stopped, the database refuses ({type(error).__name__}). No mail leaves without its entry; the next run goes on."
        )
        return 1


def _run(this: Run, week: str) -> int:
    now = this.clock()
    settle_interrupted(this)
    Issue.objects.found_empty_after(now).update(state=Issue.State.PLANNED)  # by a clock that ran ahead
    issues.planned(now)  # so that the coming issue can be given a note, or be held
    for issue in due(this, week, now):
        issues.build(issue, now)
    code = 0
    for issue in Issue.objects.owing():
        if issue.is_held:
            this.say(f"{issue}: held, {issue.balance()['open']} still open.")
            continue
        if issues.is_stale(issue, now) and issue.week != week:
            this.say(f"{issue}: {issue.balance()['open']} still open, but older than 3 days; send with --week {issue}.")
            continue
        code = max(code, send_issue(this, issue))
        if code or this.is_told_to_stop:
            break
    return code


def due(this: Run, week: str, now: datetime.datetime) -> Iterator[Issue]:
    """The newest week that is over, and the one that was asked for."""
    issue = issues.planned(issues.last_ended(now))
    asked = Issue.objects.of_week(week) if week else []
    for each in (issue, *(other for other in asked if other != issue)):
        if each.state != Issue.State.PLANNED or now < each.ends_at:
            continue
        if each.is_held:
            this.say(f"{each}: held.")
        elif each.week == week or not issues.is_stale(each, now):
            yield each


def settle_interrupted(this: Run) -> None:
    """What a dead run had in hand: uncertain, or owed again where the server drops repeats by the idempotency header."""
    state = Delivery.State.RETRY if settings.NEWSLETTER_IDEMPOTENCY_HEADER else Delivery.State.UNCERTAIN
    now = this.clock()
    found = Delivery.objects.handed()
    if state == Delivery.State.RETRY:
        found = found | Delivery.objects.uncertain().filter(issue__state=Issue.State.SENDING, issue__is_held=False)
    number = found.update(state=state, changed_at=now, next_try_at=now)
    if number:
        this.say(f"{number} in the hand of a run that ended early: now {state.label.lower()}.")


# --- one issue ------------------------------------------------------------------------------------------------------
def send_issue(this: Run, issue: Issue) -> int:
    """Send one issue as far as it goes now; 0, or 1 when the run stopped or the numbers do not add up."""
    mailer = mailers.default
    try:
        code = send_owed(this, issue, mailer)
    finally:
        close(mailer)
    return max(code, report(this, issue))


def send_owed(this: Run, issue: Issue, mailer: BaseEmailBackend) -> int:
    for key in owed(this, issue):
        if not connect(this, mailer):
            return int(not this.is_told_to_stop)
        outcome = deliver(this, issue, key, mailer)
        if outcome.kind in ("setup", "connection", "ours", "uncertain"):
            drop(mailer)
        if this.has_lost_database:
            this.say(f"{issue}: stopped, the database was away for a while. The next run goes on.")
            return 1
        is_fault = outcome.kind in ("setup", "connection", "ours")
        this.faults = this.faults + 1 if is_fault else 0
        if outcome.kind == "setup" or this.faults >= MOST_FAULTS:
            this.say(
                f"{issue}: stopped, the mail server answers {outcome.code}. Nobody was marked; the next run goes on."
            )
            return 1
    return 0


def owed(this: Run, issue: Issue) -> Iterator[int]:
    """Keys of the deliveries that may be sent now, until none is left or the process is told to stop."""
    while True:
        keys = list(issue.deliveries.owed(this.clock()).values_list("pk", flat=True)[:BATCH])
        if not keys:
            return
        for key in keys:
            if this.is_told_to_stop:
                this.say(f"{issue}: told to stop; the next run goes on.")
                return
            yield key


def deliver(this: Run, issue: Issue, key: int, mailer: BaseEmailBackend) -> Outcome:
    """Hand one delivery over and write down what became of it."""
    handed = hand(this, issue, key)
    if handed is None:
        return Outcome("left")
    subscriber, message_id = handed
    message = issue_message(issue, subscriber, message_id, this.clock())
    try:
        mailer.send_messages([message])
        outcome = SENT
    except Exception as error:  # (a backend of a provider raises what it likes; see outcomes)
        outcome = outcome_of(error, getattr(mailer, "may_be_accepted", False))
    settle(this, key, outcome)
    return outcome


def hand(this: Run, issue: Issue, key: int) -> tuple[Subscriber, str] | None:
    """Commit that one delivery is about to leave; None where its subscriber left or another run took it."""
    now = this.clock()
    with transaction.atomic():
        subscriber = Subscriber.objects.select_for_update().get(deliveries=key)  # who leaves now waits for this commit
        mine = Delivery.objects.filter(pk=key).wanted()
        if subscriber.status != Subscriber.Status.ACTIVE:
            mine.update(state=Delivery.State.CANCELLED, changed_at=now)
            return None
        row = mine.first()
        if row is None:
            return None
        values = {
            "attempts": row.attempts + 1,
            "first_try_at": row.first_try_at or now,
            "changed_at": now,
            "run": this.name,
        }
        message_id = row.message_id or new_message_id(issue, subscriber.public_id)
        if not mine.update(state=Delivery.State.HANDED, message_id=message_id, **values):
            return None
    return subscriber, message_id


def settle(this: Run, key: int, outcome: Outcome) -> None:
    """Commit the outcome of what this run handed over. A database that goes away meanwhile is waited for: what was sent need not be uncertain."""
    for wait in (*DATABASE_WAITS, None):
        try:
            write_down(this, key, outcome)
        except OperationalError:
            if wait is None or connection.in_atomic_block or connection.is_usable():
                raise
            this.has_lost_database = True
            connection.close()
            time.sleep(wait)
        else:
            return


def write_down(this: Run, key: int, outcome: Outcome) -> None:
    """Another run that took the delivery for interrupted is overruled."""
    now = this.clock()
    with transaction.atomic():
        row = Delivery.objects.select_related("subscriber").get(pk=key)
        values = {"changed_at": now, "reply_code": outcome.code[:40]}
        match outcome.kind:
            case "sent":
                values["state"] = Delivery.State.SENT
            case "uncertain":
                values["state"] = Delivery.State.UNCERTAIN
            case "failed" | "bounced":
                values["state"] = Delivery.State.FAILED
            case _:
                values |= later(row, outcome, now)
        written = Delivery.objects.filter(pk=key, run=this.name, state__in=("handed", "uncertain")).update(**values)
        if outcome.kind == "bounced" and written:
            suppress_mailbox(row.subscriber_id, now)
    if outcome.kind == "uncertain" and settings.NEWSLETTER_IDEMPOTENCY_HEADER:
        again = {"state": Delivery.State.RETRY, "next_try_at": now + WAITS[0]}
        Delivery.objects.filter(pk=key, state="uncertain").update(**again)


def later(row: Delivery, outcome: Outcome, now: datetime.datetime) -> dict:
    """When to try again. A lost connection is no recipient's fault: its first one is tried again at once."""
    if now - row.first_try_at >= GIVE_UP:
        return {"state": Delivery.State.FAILED}
    is_at_once = outcome.kind == "connection" and row.attempts == 1
    wait = datetime.timedelta() if is_at_once else WAITS[min(row.attempts, len(WAITS)) - 1]
    return {"state": Delivery.State.RETRY, "next_try_at": now + wait}


def suppress_mailbox(subscriber: int, now: datetime.datetime, reason: str = Suppression.Reason.BOUNCED) -> None:
    """No more mail for the owner of one delivery; nobody else is touched, whatever a bounce says."""
    found = Subscriber.objects.select_for_update().with_address().filter(pk=subscriber).first()
    if found is not None:
        erase(found, now, reason)


def report(this: Run, issue: Issue) -> int:
    """Say how the issue stands, close it when nothing is open; 1 when the numbers do not add up."""
    balance = issue.balance()
    if not balance["open"]:
        Issue.objects.filter(pk=issue.pk, state="sending").update(state=Issue.State.DONE, finished_at=this.clock())
    this.say(f"{issue}: {equation(issue, balance)}")
    if issue.frozen == sum(balance.values()):
        return 0
    this.say(f"{issue}: the numbers do not add up.")
    return 1


def equation(issue: Issue, balance: dict[str, int]) -> str:
    return f"{issue.frozen} frozen = " + " + ".join(f"{number} {state}" for state, number in balance.items())


# --- around a run ---------------------------------------------------------------------------------------------------
def connect(this: Run, mailer: BaseEmailBackend) -> bool:
    """Open the connection before anything is handed over: a server that is away, or refuses us, costs no delivery a try."""
    for _ in range(2):
        this.is_connecting = True
        try:
            mailer.open()
        except Exception as error:
            drop(mailer)
            if this.is_told_to_stop:
                this.say("Told to stop; the next run goes on.")
                return False
            outcome = outcome_of(error, may_be_accepted=False)
            if outcome.kind == "setup":
                break
        else:
            return True
        finally:
            this.is_connecting = False
    this.say(f"Stopped, no connection to the mail server ({outcome.code}). Nobody was marked; the next run goes on.")
    return False


def drop(mailer: BaseEmailBackend) -> None:
    getattr(mailer, "drop", mailer.close)()


def close(mailer: BaseEmailBackend) -> None:
    try:
        mailer.close()
    except Exception:
        drop(mailer)


@contextmanager
def lock() -> Iterator[bool]:
    """Whether this is the only run; it ends with the process, however that ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
            is_mine = cursor.fetchone()[0]
            try:
                yield is_mine
            finally:
                if is_mine:
                    with suppress(Error):  # a lost connection has lost its lock
                        cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
        return
    with (settings.STATE_DIR / "newsletter.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def told_to_stop(this: Run) -> Iterator[None]:
    """Let SIGTERM and SIGINT finish the message in hand instead of breaking it off; a wait for the server ends at once."""

    def stop(*_) -> None:
        this.is_told_to_stop = True
        if this.is_connecting:
            raise ToldToStopError

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def send_again(deliveries: QuerySet, now: datetime.datetime) -> int:
    """Owe uncertain deliveries once more, as somebody decided; the number of them. Their issue is open again."""
    with transaction.atomic():
        keys = list(
            deliveries.filter(state="uncertain", issue__state__in=("sending", "done")).values_list("pk", flat=True)
        )
        chosen = Delivery.objects.filter(pk__in=keys, state="uncertain")
        Issue.objects.filter(deliveries__in=chosen).update(state=Issue.State.SENDING)
        return chosen.update(state=Delivery.State.RETRY, next_try_at=now, changed_at=now)
