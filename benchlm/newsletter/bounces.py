"""What mail servers and providers say afterwards. A report touches the owner of the delivery that it names and nobody else.

Our Message-ID holds the subscriber's random id, which no one but the recipient's side has seen: that is what a report must know.
"""

import datetime
import email
import email.policy
import re
import uuid
from email.message import EmailMessage

from django.db import transaction

from benchlm.newsletter.models import Delivery, Subscriber, Suppression
from benchlm.newsletter.outcomes import DEAD_MAILBOX, ENHANCED
from benchlm.newsletter.subscriptions import erase

OURS = re.compile(r"<?(\d{4}-W\d{2}\.([0-9a-f]{32})@[\w.-]+)>?\Z")


def record(message_id: str, event: str, now: datetime.datetime, code: str = "") -> bool:
    """Write down one event: `bounced` (for good), `complained`, `unsubscribed` or `delivered`; others change nothing.

    Safe to repeat and to come in any order. False where the message is not one of ours.
    """
    found = OURS.match(message_id.strip())
    with transaction.atomic():
        subscriber = found and Subscriber.objects.select_for_update().filter(public_id=uuid.UUID(found[2])).first()
        if not subscriber:
            return False
        delivery = Delivery.objects.filter(message_id=f"<{found[1]}>", subscriber=subscriber)
        if event == "bounced":
            delivery.filter(state__in=("sent", "uncertain")).update(
                state="failed", reply_code=code[:40], changed_at=now
            )
        if event == "delivered":
            delivery.filter(state="uncertain").update(state="sent", changed_at=now)
        reason = REASONS.get(event)
        if reason == Suppression.Reason.COMPLAINED:
            Suppression.objects.update_or_create(
                key_hash=subscriber.key_hash, defaults={"reason": reason, "day": now.date()}
            )
        if reason and subscriber.email_key:
            erase(subscriber, now, reason)
    return True


REASONS = {
    "bounced": Suppression.Reason.BOUNCED,
    "complained": Suppression.Reason.COMPLAINED,
    "unsubscribed": Suppression.Reason.LEFT,
}


def read_event(event: object, now: datetime.datetime) -> None:
    """One event of a provider, as django-anymail puts it: a bounce counts when the mailbox is dead, not when we are refused."""
    kind, said = event.event_type, ENHANCED.search(event.mta_response or event.description or "")
    if kind in ("bounced", "rejected"):
        is_dead = said[1] in DEAD_MAILBOX if said else event.reject_reason in ("bounced", "invalid")
        kind = "bounced" if is_dead else "refused"
    record((event.metadata or {}).get("message_id") or event.message_id or "", kind, now, said[1] if said else "")


def read_report(raw: bytes, now: datetime.datetime) -> bool:
    """A delivery status notification (RFC 3464) as it came by mail; True where it named one of our messages and was final."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    codes, ids = [], []
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            fields = [field for field in part.get_payload() if isinstance(field, EmailMessage)]
            codes += [str(f["Status"]).strip() for f in fields if str(f.get("Action", "")).strip().lower() == "failed"]
        elif part.get_content_type() == "text/rfc822-headers":
            ids += [email.message_from_string(part.get_content())["Message-ID"]]
        elif part.get_content_type() == "message/rfc822":
            ids += [inner["Message-ID"] for inner in part.get_payload()]
    dead = [code for code in codes if code in DEAD_MAILBOX]
    named = {str(each).strip() for each in ids if each}
    return bool(dead) and len(named) == 1 and record(named.pop(), "bounced", now, dead[0])
