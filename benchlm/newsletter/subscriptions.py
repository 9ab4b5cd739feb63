"""What a person can do: sign up, confirm, leave, see what is held. Each is one transaction and safe to repeat."""

import datetime
import secrets
import uuid
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from benchlm.newsletter import keys, limits
from benchlm.newsletter.addresses import Address
from benchlm.newsletter.consent import TEXT_VERSION, Location
from benchlm.newsletter.models import ConfirmToken, Delivery, Subscriber, Suppression

CONFIRM_HOURS = 72


class TooManyError(Exception):
    """The site as a whole mailed as many confirm links as it may this hour."""


def sign_up(address: Address, location: Location, now: datetime.datetime) -> tuple[str, uuid.UUID] | None:
    """The token to mail and the public id of the row, None where no mail is due. Who asks cannot tell which: neither by the answer nor by the work done.

    Raises TooManyError.
    """
    with transaction.atomic():
        counters = {
            "all": limits.locked("all", "", now),
            "domain": limits.locked("domain", address.domain, now),
            "address": limits.locked("address", address.folded, now),
        }
        if not limits.has_room(counters["all"], "all", now):
            raise TooManyError
        known = Subscriber.objects.filter(email_key=address.key).first()
        complained = Suppression.objects.filter(
            key_hash__in=keys.digests("address", address.key), reason="complained"
        ).exists()
        has_room = all(limits.has_room(counter, kind, now) for kind, counter in counters.items())
        is_due = not complained and has_room and not (known and known.status == Subscriber.Status.ACTIVE)
        counters["all"].save(update_fields=["touched_at"])
        with transaction.atomic():
            # Where no mail is due the same is written for nobody and taken back, so that the time tells nothing either.
            asks = (
                address
                if is_due
                else Address(f"{keys.digest('nobody', address.key)[:32]}@nobody.invalid", f"{now}@nobody.invalid")
            )
            for kind, counter in counters.items():
                limits.count(counter, kind, now)
            subscriber = asked_again((is_due and known) or Subscriber(), asks, location, now)
            token = new_token(subscriber, now)
            transaction.set_rollback(not is_due)
    return (token, subscriber.public_id) if is_due else None


def asked_again(subscriber: Subscriber, address: Address, location: Location, now: datetime.datetime) -> Subscriber:
    """The pending row of an address, with the consent as it was given last."""
    subscriber.email, subscriber.email_key = address.email, address.key
    subscriber.key_hash = keys.digest("address", address.key)
    subscriber.country, subscriber.regime = location.country, location.regime
    subscriber.location_source, subscriber.location_data = location.source, location.data
    subscriber.consent_version, subscriber.requested_at = TEXT_VERSION, now
    subscriber.save()
    return subscriber


def new_token(subscriber: Subscriber, now: datetime.datetime) -> str:
    """256 random bits to mail; the links mailed before are dead from now on."""
    subscriber.tokens.filter(used_at=None).update(used_at=now)
    token = secrets.token_urlsafe(32)
    expires = now + datetime.timedelta(hours=CONFIRM_HOURS)
    ConfirmToken.objects.create(token_hash=hash_of(token), subscriber=subscriber, expires_at=expires)
    return token


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def token_state(token: str, now: datetime.datetime) -> str:
    """Of a confirm link: `open`, `confirmed` (it or another one was used), `over` (expired, replaced, left) or `unknown`."""
    found = ConfirmToken.objects.filter(token_hash=hash_of(token)).select_related("subscriber").first()
    if found is None:
        return "unknown"
    if found.subscriber.status == Subscriber.Status.ACTIVE:
        return "confirmed"
    if found.subscriber.status != Subscriber.Status.PENDING or found.used_at or found.expires_at <= now:
        return "over"
    return "open"


def confirm(token: str, now: datetime.datetime) -> str:
    """Make the subscriber active; the state of the link afterwards. Of several at once one writes, the others find it done."""
    with transaction.atomic():
        row = ConfirmToken.objects.filter(token_hash=hash_of(token)).first()
        if row is None:
            return "unknown"
        subscriber = Subscriber.objects.select_for_update().get(pk=row.subscriber_id)
        state = token_state(token, now)
        if state == "open":
            ConfirmToken.objects.filter(pk=row.pk).update(used_at=now)
            subscriber.status, subscriber.confirmed_at = Subscriber.Status.ACTIVE, now
            subscriber.save()
            hashes = keys.digests("address", subscriber.email_key)
            # The links of mails to an earlier sign-up lead here too, whichever key was in force then.
            Subscriber.objects.filter(key_hash__in=hashes).update(key_hash=hashes[0])
            Suppression.objects.filter(key_hash__in=hashes).exclude(reason="complained").delete()
            state = "confirmed"
    return state


def leave(public_id: uuid.UUID, now: datetime.datetime, reason: str = Suppression.Reason.LEFT) -> None:
    """End the subscription that a link was made for, and any later one of the same address. Unknown ids change nothing."""
    with transaction.atomic():
        hashes = list(Subscriber.objects.filter(public_id=public_id).values_list("key_hash", flat=True))
        for subscriber in Subscriber.objects.select_for_update().with_address().filter(key_hash__in=hashes):
            erase(subscriber, now, reason)


def erase(subscriber: Subscriber, now: datetime.datetime, reason: str) -> None:
    """Forget the address, keep its HMAC and the proof; what is still owed to it is cancelled. The row is locked by the caller."""
    is_undeliverable = reason == Suppression.Reason.BOUNCED
    suppression, _ = Suppression.objects.get_or_create(
        key_hash=subscriber.key_hash, defaults={"reason": reason, "day": now.date()}
    )
    if suppression.reason != Suppression.Reason.COMPLAINED and suppression.reason != reason:
        suppression.reason, suppression.day = reason, now.date()
        suppression.save()
    subscriber.status = Subscriber.Status.SUSPENDED if is_undeliverable else Subscriber.Status.UNSUBSCRIBED
    subscriber.email, subscriber.email_key, subscriber.left_at = "", None, now
    subscriber.save()
    subscriber.tokens.filter(used_at=None).update(used_at=now)
    subscriber.deliveries.filter(state__in=("pending", "retry")).update(state=Delivery.State.CANCELLED, changed_at=now)


def held_on(public_id: uuid.UUID) -> dict | None:
    """Everything stored on one subscriber, as plain values; None once the address is erased."""
    subscriber = Subscriber.objects.with_address().filter(public_id=public_id).first()
    if subscriber is None:
        return None
    fields = ("email", "status", "country", "regime", "location_source", "location_data", "consent_version")
    times = ("requested_at", "confirmed_at")
    return {
        **{name: getattr(subscriber, name) for name in fields},
        **{name: moment.isoformat() if (moment := getattr(subscriber, name)) else None for name in times},
        "public_id": str(subscriber.public_id),
        "key_hash": subscriber.key_hash,
        "confirm_links": [
            {
                "expires_at": token.expires_at.isoformat(),
                "used_at": token.used_at.isoformat() if token.used_at else None,
            }
            for token in subscriber.tokens.order_by("pk")
        ],
        "deliveries": [
            {
                "issue": str(row.issue),
                "state": row.state,
                "attempts": row.attempts,
                "changed_at": row.changed_at.isoformat(),
            }
            for row in subscriber.deliveries.select_related("issue")
        ],
        "exported_at": timezone.now().isoformat(timespec="seconds"),
    }
