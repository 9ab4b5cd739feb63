"""The signed time at which a form was shown: what comes back in no time, or after a day, was not sent by a reader."""

import time
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError

YOUNGEST, OLDEST = timedelta(seconds=3), timedelta(hours=24)


def new_stamp(form: str) -> str:
    return _signer(form).sign("form")


def check_stamp(form: str, stamp: str) -> None:
    """Raise ValidationError for a stamp that is not ours, not of this form, younger than 3 seconds or older than a day.

    One from the future is ours too: the clock was set back since.
    """
    try:
        age = _age(form, stamp)
    except signing.BadSignature as error:
        raise ValidationError("The form came without its time. Please send it again.") from error
    if age > OLDEST:
        raise ValidationError("The form was open for more than a day. Please send it again.")
    if timedelta() <= age <= YOUNGEST:
        raise ValidationError("That was very fast. Please send it again.")


def next_stamp(form: str, stamp: str) -> str:
    """The stamp of a form when it is shown again: the one it came with while that is good, else a new one."""
    try:
        return stamp if _age(form, stamp[:200]) <= OLDEST else new_stamp(form)
    except signing.BadSignature:
        return new_stamp(form)


def _age(form: str, stamp: str) -> timedelta:
    _signer(form).unsign(stamp)
    return timedelta(seconds=time.time() - signing.b62_decode(stamp.rsplit(":", 2)[1]))


def _signer(form: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{form}.form.{settings.SITE_URL}")
