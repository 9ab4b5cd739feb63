"""What is erased, and when. `manage.py expire_subscribers` does it every night; each part is safe to repeat."""

import datetime

from benchlm.newsletter import limits
from benchlm.newsletter.models import ConfirmToken, Delivery, Issue, Subscriber

PENDING = datetime.timedelta(days=7)
DELIVERIES = datetime.timedelta(days=90)
PROOF_YEARS = 3


def expire(now: datetime.datetime) -> dict[str, int]:
    """Erase what is past its time; the number of rows of each kind."""
    return {
        "sign-ups never confirmed": Subscriber.objects.pending_since(now - PENDING)
        .delete()[1]
        .get("newsletter.Subscriber", 0),
        "proofs of consent": Subscriber.objects.gone_before(proof_limit(now))
        .delete()[1]
        .get("newsletter.Subscriber", 0),
        "deliveries": sum(fold(issue, now) for issue in Issue.objects.older_than(now - DELIVERIES)),
        "used links": ConfirmToken.objects.filter(expires_at__lt=now - DELIVERIES).delete()[0],
        "counters": limits.erase_old(now),
    }


def proof_limit(now: datetime.datetime) -> datetime.datetime:
    """Who left before this moment needs no proof any more: the third calendar year after has ended."""
    return datetime.datetime(now.year - PROOF_YEARS, 1, 1, tzinfo=datetime.UTC)


def fold(issue: Issue, now: datetime.datetime) -> int:
    """Keep the counts of an issue's deliveries, erase the deliveries. What is open after so long is never sent any more."""
    issue.counts["balance"] = issue.balance()
    issue.state, issue.finished_at = Issue.State.DONE, issue.finished_at or now
    issue.save(update_fields=["counts", "state", "finished_at"])
    return Delivery.objects.filter(issue=issue).delete()[0]
