"""The signed time at which a form was shown: what comes back in no time, or after a day, was not sent by a reader."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError

YOUNGEST, OLDEST = timedelta(seconds=3), timedelta(hours=24)


def new_stamp(form: str) -> str:
    return _signer(form).sign("form")


def check_stamp(form: str, stamp: str) -> None:
    """Raise ValidationError for a stamp that is not ours, not of this form, younger than 3 seconds or older than a day."""
    try:
        _signer(form).unsign(stamp, max_age=OLDEST)
    except signing.SignatureExpired as error:
        raise ValidationError("The form was open for more than a day. Please send it again.") from error
    except signing.BadSignature as error:
        raise ValidationError("The form came without its time. Please send it again.") from error
    try:
        _signer(form).unsign(stamp, max_age=YOUNGEST)
    except signing.SignatureExpired:
        return
    raise ValidationError("That was very fast. Please send it again.")


def next_stamp(form: str, stamp: str) -> str:
    """The stamp of a form when it is shown again: the one it came with while that is good, else a new one."""
    try:
        _signer(form).unsign(stamp[:200], max_age=OLDEST)
    except signing.BadSignature:
        return new_stamp(form)
    return stamp


def _signer(form: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{form}.form.{settings.SITE_URL}")
