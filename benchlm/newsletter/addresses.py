"""Mail addresses as people type them: checked without DNS, brought to one form, folded for limits, masked for print."""

import unicodedata
from dataclasses import dataclass

from django.core.exceptions import ValidationError

LONGEST = 254  # RFC 5321, 4.5.3.1.3 less the angle brackets
REFUSED = "Write one address like name@example.org, in plain letters before the @."
SHORTEST_TOP = 2  # no top-level domain has one letter


@dataclass(frozen=True, slots=True)
class Address:
    """`email` as mail is sent to it (domain in its xn-- form), `key` as two spellings of one address are told to be one."""

    email: str
    key: str

    @property
    def domain(self) -> str:
        return self.key.rsplit("@", 1)[1]

    @property
    def folded(self) -> str:
        """For limits alone: without dots and plus tag, by which one mailbox would pass for many."""
        local, domain = self.key.rsplit("@", 1)
        local = local.split("+", 1)[0].replace(".", "") or local
        return f"{local}@{'gmail.com' if domain == 'googlemail.com' else domain}"


def parse(text: str) -> Address:
    """The one address in a text, or ValidationError. No name, no comment, no quoted or non-ASCII local part, no literal."""
    from email_validator import EmailNotValidError, validate_email  # 0.1 s to import, and only sign-ups need it

    text = text.strip()
    if not 3 <= len(text) <= LONGEST or "=?" in text or any(is_hidden(character) for character in text):
        raise ValidationError(REFUSED)
    try:
        found = validate_email(text, strict=True, check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError) as error:
        raise ValidationError(REFUSED) from error
    domain, top = found.ascii_domain.lower(), found.ascii_domain.rsplit(".", 1)[-1]
    if len(top) < SHORTEST_TOP or top.isdigit() or "%" in found.local_part:
        raise ValidationError(REFUSED)
    return Address(f"{found.local_part}@{domain}", f"{found.local_part.lower()}@{domain}")


def is_hidden(character: str) -> bool:
    """Control, format (bidi, zero-width), surrogate, private and unassigned characters, and every space."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")


def masked(email: str) -> str:
    """`a•••@b•••.org`: enough for the owner to know it, not for another to use it."""
    local, _, domain = email.rpartition("@")
    name, _, top = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{top}" if local and name else "•••"
