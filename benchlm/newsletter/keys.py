"""What only this site can make: keyed digests that stand for an address, and the links of a mail.

They hang on NEWSLETTER_KEY, not on SECRET_KEY, so that a new SECRET_KEY never breaks the links of a two-year-old mail.
"""

import hmac
import uuid
from hashlib import sha256

from django.conf import settings
from django.core.signing import BadSignature, Signer


def all_keys() -> list[str]:
    return [settings.NEWSLETTER_KEY, *settings.NEWSLETTER_KEY_FALLBACKS]


def digests(kind: str, text: str) -> list[str]:
    """The HMAC-SHA-256 of a text for one purpose, 64 hex digits, under the key in force and then under older ones."""
    return [hmac.new(key.encode(), f"{kind}:{text}".encode(), sha256).hexdigest() for key in all_keys()]


def digest(kind: str, text: str) -> str:
    return digests(kind, text)[0]


def link_token(kind: str, public_id: uuid.UUID) -> str:
    """What a link of this kind (leave, my-data) carries for one subscriber. It never expires."""
    return _signer(kind).sign(public_id.hex)


def read_link_token(kind: str, token: str) -> uuid.UUID | None:
    """The subscriber's public id, None where the signature is not ours."""
    try:
        return uuid.UUID(_signer(kind).unsign(token))
    except (BadSignature, ValueError):
        return None


def _signer(kind: str) -> Signer:
    key, *older = all_keys()
    return Signer(key=key, fallback_keys=older, salt=f"newsletter.{kind}", sep=".")
