"""What the sign-up form sends: an address, a signed time, and a field that only programs fill in."""

from __future__ import annotations

from django import forms

from benchlm.newsletter import addresses
from comparisons import stamps


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
        stamps.check_stamp("newsletter", self.cleaned_data["stamp"])
        return self.cleaned_data["stamp"]

    @property
    def is_trap_sprung(self) -> bool:
        return bool(self.data.get("website"))

    @property
    def next_stamp(self) -> str:
        return stamps.next_stamp("newsletter", self.data.get("stamp", ""))


def new_stamp() -> str:
    return stamps.new_stamp("newsletter")
