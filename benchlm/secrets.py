"""The secret key: written once on a local machine, demanded on a public one, refused when weak."""

import os
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

KEY_LENGTH, DISTINCT_CHARACTERS = 50, 5  # the thresholds of Django's own deploy check security.W009


def local_key(path: Path) -> str:
    """The key kept in `path` (mode 0600), made on the first call. Two first calls at once agree on one key."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(get_random_secret_key())
        with suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all: nobody reads half a key
        draft.unlink()
    return path.read_text().strip()


def refuse_weak_key(key: str) -> None:
    """Raise ImproperlyConfigured for a key that is missing, short, repetitive or a published default."""
    if not key:
        raise ImproperlyConfigured("SECRET_KEY is required on a public host. Make one with: openssl rand -base64 48")
    if len(key) < KEY_LENGTH or len(set(key)) < DISTINCT_CHARACTERS or key.startswith("django-insecure-"):
        raise ImproperlyConfigured(f"SECRET_KEY is too weak: {KEY_LENGTH} random characters or more are needed.")
