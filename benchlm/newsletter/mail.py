"""Messages, and the confirm mails, which leave outside the request so that its time tells nothing about an address."""

import datetime
import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.template.loader import render_to_string
from django.urls import reverse

from benchlm.newsletter import consent, keys
from benchlm.newsletter.issues import DATA_MARK, LEAVE_MARK, SINCE_MARK
from benchlm.newsletter.models import Issue, Subscriber
from benchlm.newsletter.outcomes import outcome_of

log = logging.getLogger(__name__)
WAITS = (0, 2, 10)  # seconds before each try of a confirm mail
LONGEST_LINE = 998  # RFC 5322, 2.1.1
REST = datetime.timedelta(seconds=60)  # how long sign-up rests after a confirm mail could not be handed over
_failed_at: datetime.datetime | None = None


class Letter(EmailMultiAlternatives):
    """A message whose headers are never folded: a folded link comes out in encoded words, which no mail program follows."""

    def message(self, **options) -> EmailMessage:
        message = super().message(**options)
        message.policy = message.policy.clone(max_line_length=LONGEST_LINE)
        return message


def address_of(name: str, *args: str) -> str:
    """An absolute address of this app, on SITE_URL whatever Host a request named."""
    return settings.SITE_URL + reverse(f"newsletter:{name}", args=args)


def leave_link(public_id: uuid.UUID) -> str:
    return address_of("leave", keys.link_token("leave", public_id))


def my_data_link(public_id: uuid.UUID) -> str:
    return address_of("my_data", keys.link_token("my-data", public_id))


def list_headers(leave: str) -> dict[str, str]:
    return {
        "List-Id": f"BenchLM weekly <weekly.{urlsplit(settings.SITE_URL).hostname}>",
        "List-Unsubscribe": f"<{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }


def issue_message(issue: Issue, subscriber: Subscriber, message_id: str, now: datetime.datetime) -> Letter:
    """The frozen issue for one person; the same arguments give the same bytes."""
    leave, my_data = leave_link(subscriber.public_id), my_data_link(subscriber.public_id)
    headers = list_headers(leave) | {"Message-ID": message_id, "Date": now}
    if settings.NEWSLETTER_IDEMPOTENCY_HEADER:
        headers[settings.NEWSLETTER_IDEMPOTENCY_HEADER] = message_id.strip("<>")
    text, html = (personal(part, leave, my_data, subscriber.confirmed_at) for part in (issue.text, issue.html))
    message = Letter(issue.subject, text, settings.NEWSLETTER_FROM, [subscriber.email], headers=headers)
    message.attach_alternative(html, "text/html")
    message.metadata = {"message_id": message_id}  # comes back with the events of a provider's API
    return message


def personal(text: str, leave: str, my_data: str, since: datetime.datetime) -> str:
    return text.replace(LEAVE_MARK, leave).replace(DATA_MARK, my_data).replace(SINCE_MARK, f"{since:%-d %B %Y}")


def new_message_id(issue: Issue, public_id: uuid.UUID) -> str:
    """One per issue and subscriber, whenever it is asked for; nobody but the recipient can know it."""
    return f"<{issue.week}.{public_id.hex}@{urlsplit(settings.SITE_URL).hostname}>"


def preview_message(issue: Issue, email: str, now: datetime.datetime) -> Letter:
    """The issue for the operator's eyes: its personal links lead to the sign-up page."""
    page = address_of("sign_up")
    text, html = (personal(part, page, page, now) for part in (issue.text, issue.html))
    message = Letter(f"[Preview] {issue.subject}", text, settings.NEWSLETTER_FROM, [email], headers={"Date": now})
    message.attach_alternative(html, "text/html")
    return message


# --- the confirm mail -----------------------------------------------------------------------------------------------
def confirm_message(email: str, token: str, public_id: uuid.UUID, regime: str, now: datetime.datetime) -> Letter:
    """It carries no text that a visitor chose."""
    leave, rules = leave_link(public_id), consent.BY_NAME[regime]
    context = {
        "confirm": address_of("confirm", token),
        "leave": leave,
        "site": settings.SITE_URL,
        "operator": settings.NEWSLETTER_OPERATOR,
        "postal_address": settings.NEWSLETTER_POSTAL_ADDRESS,
        "regime": rules,
        "words": consent.words(rules),
    }
    message = Letter(
        "Confirm the weekly email of BenchLM",
        render_to_string("newsletter/mail/confirm.txt", context),
        settings.NEWSLETTER_FROM,
        [email],
        headers=list_headers(leave)
        | {"Date": now, "Message-ID": f"<{uuid.uuid4().hex}@{urlsplit(settings.SITE_URL).hostname}>"},
    )
    message.attach_alternative(render_to_string("newsletter/mail/confirm.html", context), "text/html")
    return message


@cache
def _sender() -> ThreadPoolExecutor:
    """Two threads of this process; made on first use, so that each worker has its own, and finished before it ends."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="confirm-mail")


def send_soon(message: Letter) -> None:
    _sender().submit(send_patiently, message)


def send_patiently(message: Letter) -> bool:
    """Hand a message over, with a few tries; what went wrong is logged without naming anybody."""
    global _failed_at
    for wait in WAITS:
        time.sleep(wait)
        mailer = mailers.default
        try:
            mailer.send_messages([message])
        except Exception as error:  # (whatever a backend raises; its text may hold the address)
            outcome = outcome_of(error, getattr(mailer, "may_be_accepted", False))
            log.warning("A confirm mail was not accepted: %s %s.", type(error).__name__, outcome.code)
            if outcome.kind in ("uncertain", "bounced", "failed"):
                return False  # a second try could double it, or would fare no better
        else:
            _failed_at = None
            return True
    _failed_at = datetime.datetime.now(datetime.UTC)
    return False


def is_resting(now: datetime.datetime) -> bool:
    """Whether confirm mails just could not be handed over, so that a sign-up had better be tried later."""
    return _failed_at is not None and _failed_at <= now < _failed_at + REST
