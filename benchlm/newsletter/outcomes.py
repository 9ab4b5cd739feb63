"""PURE: what an error of a mail backend means for one message."""

import re
import smtplib
import ssl
from dataclasses import dataclass

DEAD_MAILBOX = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}  # RFC 3463, RFC 7505
ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kind` is one of

    `sent`; `retry` (this message, later); `failed` (this message, for good); `bounced` (and the mailbox is dead);
    `uncertain` (it may have been accepted); `ours` (the server refuses us, not the recipient); `setup` (it refuses us
    before any message); `connection` (it went away before it had the message). `code` is what the server said, without
    its text: that could name the recipient.
    """

    kind: str
    code: str = ""


SENT = Outcome("sent")


def outcome_of(error: Exception, may_be_accepted: bool) -> Outcome:
    """What became of a message whose sending raised `error`."""
    if may_be_accepted:
        return Outcome("uncertain", type(error).__name__)
    match error:
        case smtplib.SMTPAuthenticationError() | smtplib.SMTPNotSupportedError() | ssl.SSLError():
            return Outcome("setup", str(getattr(error, "smtp_code", type(error).__name__)))
        case smtplib.SMTPRecipientsRefused():
            code, text = next(iter(error.recipients.values()))
            return replied(code, text)
        case smtplib.SMTPSenderRefused() if error.smtp_code >= 500:
            return Outcome("ours", str(error.smtp_code))
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return Outcome("connection" if error.smtp_code < 500 else "setup", str(error.smtp_code))
        case smtplib.SMTPResponseException():
            return replied(error.smtp_code, error.smtp_error)
        case smtplib.SMTPException() | OSError():
            return Outcome("connection", type(error).__name__)
    return _of_provider(error)


def replied(code: int, text: bytes | str) -> Outcome:
    """What a reply to one message means: by its enhanced code where it has one, else by its class."""
    text = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    found = ENHANCED.search(text)
    enhanced = found[1] if found else ""
    said = f"{code} {enhanced}".strip()
    if code == 421 or code < 0:
        return Outcome("connection", said)
    if code in (530, 534, 535, 538):
        return Outcome("setup", said)
    if 400 <= code < 500:
        return Outcome("retry", said)
    if enhanced in DEAD_MAILBOX:
        return Outcome("bounced", said)
    if enhanced.startswith("5.7."):
        return Outcome("ours", said)
    return Outcome("failed", said)


def _of_provider(error: Exception) -> Outcome:
    """Errors of a provider's API (django-anymail): a reply of it is definite, a lost connection is not."""
    status = getattr(error, "status_code", None)
    if status is None:
        kind = (
            "failed" if isinstance(error, ValueError) else "uncertain"
        )  # ValueError: never left, for example a bad header
        return Outcome(kind, type(error).__name__)
    if status in (401, 403):
        return Outcome("setup", str(status))
    return Outcome("retry" if status in (408, 425, 429) or status >= 500 else "failed", str(status))
