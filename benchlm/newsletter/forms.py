"""What the sign-up form sends: an address, a signed time, and a field that only programs fill in."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError

from benchlm.newsletter import addresses

YOUNGEST, OLDEST = timedelta(seconds=3), timedelta(hours=24)


class SignUpForm(forms.Form):
    email = forms.CharField(
        label="Your email address",
        max_length=2000,  # longer ones are refused by their form, in the same words
        strip=True,
        error_messages={"required": "Write your email address.", "max_length": addresses.REFUSED},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "maxlength": addresses.LONGEST, "spellcheck": "false"}),
    )
    stamp = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    website = forms.CharField(max_length=2000, required=False, label="Leave this empty")

    def clean_email(self) -> addresses.Address:
        return addresses.parse(self.cleaned_data["email"])

    def clean_stamp(self) -> str:
        stamp = self.cleaned_data["stamp"]
        try:
            _signer().unsign(stamp, max_age=OLDEST)
        except signing.SignatureExpired as error:
            raise ValidationError("The form was open for more than a day. Please send it again.") from error
        except signing.BadSignature as error:
            raise ValidationError("The form came without its time. Please send it again.") from error
        try:
            _signer().unsign(stamp, max_age=YOUNGEST)
        except signing.SignatureExpired:
            return stamp
        raise ValidationError("That was very fast. Please send it again.")

    @property
    def is_trap_sprung(self) -> bool:
        return bool(self.data.get("website"))

    @property
    def next_stamp(self) -> str:
        """The stamp of the form when it is shown again: the one it came with while that is good, else a new one."""
        stamp = self.data.get("stamp", "")[:200]
        try:
            _signer().unsign(stamp, max_age=OLDEST)
        except signing.BadSignature:
            return new_stamp()
        return stamp


def new_stamp() -> str:
    return _signer().sign("form")


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"newsletter.form.{settings.SITE_URL}")
