"""Signing in to the admin: the second step, each code good once, and guessing made slow without locking anybody out.

After ten wrong tries for one name in an hour, one try in ten seconds is answered, whoever makes it. Who has both the password and a
code gets in between, so that a guesser cannot keep the owner out. Names are counted under an HMAC; addresses are not counted at all.
"""

from __future__ import annotations

import datetime
import secrets
from base64 import b32encode
from hashlib import sha256
from io import BytesIO

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_otp import devices_for_user
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from comparisons import limits

FREE_TRIES, SLOT = 10, 10  # tries for a name within an hour; seconds between those answered after them
RECOVERY_CODES = 10
MOST_FAILURES = 12  # of a device: 2^11 seconds, half an hour, between two codes tried with the right password
UNCOUNTED = 2**31 - 1


# --- guessing -------------------------------------------------------------------------------------------------------
def keys_of(name: str) -> tuple[str, str]:
    """The counters of a name: wrong tries, and answers while it is slowed."""
    stands_for = salted_hmac("signing in", name.casefold(), algorithm="sha256").hexdigest()[:48]
    return f"wrong:{stands_for}", f"slot:{stands_for}"


def is_answered(name: str, now: datetime.datetime) -> bool:
    """Whether this try is one that is answered whatever it holds."""
    wrong, slot = keys_of(name)
    return limits.counted(wrong, limits.HOUR, now) < FREE_TRIES or limits.allow(slot, 1, SLOT, now)


def count_wrong(name: str, now: datetime.datetime) -> None:
    limits.allow(keys_of(name)[0], UNCOUNTED, limits.HOUR, now)


def forget_wrong(name: str) -> None:
    limits.forget(keys_of(name)[0])


def admitted(
    request: HttpRequest, name: str, password: str, code: str, now: datetime.datetime
) -> tuple[AbstractUser, Device | None] | None:
    """The user and the device of the code, None where anything is wrong; who has no device needs no code."""
    is_free = is_answered(name, now)
    found = tried(request, name, password, code) if is_free else squeezed(request, name, password, code)
    if found is None:
        count_wrong(name, now)
    else:
        forget_wrong(name)
    return found


def tried(request: HttpRequest, name: str, password: str, code: str) -> tuple[AbstractUser, Device | None] | None:
    user = authenticate(request, username=name, password=password)
    if user is None:
        return None
    device = matched(user, code) if has_device(user) else None
    return (user, device) if device or not has_device(user) else None


def squeezed(request: HttpRequest, name: str, password: str, code: str) -> tuple[AbstractUser, Device] | None:
    """Past the crowd: only with password and code. A right code is spent before the password is looked at, so that whoever holds
    the device guesses one password a code; a wrong one is counted against the device where the password is right.
    """
    if not code:
        return None
    owner = get_user_model().objects.filter(username=name, is_active=True).first()
    device = matched(owner, code) if owner and is_near(owner, code) else None
    user = authenticate(request, username=name, password=password)
    if user and device is None:
        matched(user, code)
    return (user, device) if user and device else None


# --- the second step ------------------------------------------------------------------------------------------------
def has_device(user: AbstractUser) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def is_code(text: str) -> bool:
    return len(text) == 6 and text.isascii() and text.isdecimal()


def tidy(code: str) -> str:
    """As it is compared: people type codes in groups."""
    return "".join(code.split()).replace("-", "").lower()[:40]


def matched(user: AbstractUser, code: str) -> Device | None:
    """The device whose code it is, used up with that. After wrong codes the next is looked at later and later."""
    code, kind = tidy(code), TOTPDevice if is_code(tidy(code)) else StaticDevice
    with transaction.atomic():
        for device in devices_for_user(user, for_verify=True):
            if isinstance(device, kind):
                if device.verify_token(code if kind is TOTPDevice else kept_form(code)):
                    return device
                kind.objects.filter(pk=device.pk, throttling_failure_count__gt=MOST_FAILURES).update(
                    throttling_failure_count=MOST_FAILURES
                )
    return None


def is_near(user: AbstractUser, code: str) -> bool:
    """Whether the code is one of the user's, without using it up or counting it."""
    code = tidy(code)
    if not is_code(code):
        return StaticToken.objects.filter(device__user=user, token=kept_form(code)).exists()
    devices = TOTPDevice.objects.filter(user=user, confirmed=True)
    return any(
        TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift).verify(
            int(code), device.tolerance, device.last_t + 1
        )
        for device in devices
    )


def begin(user: AbstractUser) -> TOTPDevice:
    """A new secret that counts once a code of it has come; earlier unfinished ones are dropped."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        return TOTPDevice.objects.create(user=user, name="Code", confirmed=False)


def begun(user: AbstractUser) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=user, confirmed=False).first()


def confirm(user: AbstractUser, code: str) -> TOTPDevice | None:
    """The new device, in the place of any other, where the code is of its secret."""
    code = tidy(code)
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
        if device is None or not is_code(code) or not device.verify_token(code):
            return None
        TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
        device.confirmed = True
        device.save()
        return device


def recovery_codes(user: AbstractUser) -> list[str]:
    """Ten new ones in the place of the old, to be shown once: only digests of them are kept."""
    codes = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="Recovery codes")
        StaticToken.objects.bulk_create(StaticToken(device=device, token=kept_form(code)) for code in codes)
    return ["-".join(code[place : place + 4] for place in range(0, 16, 4)) for code in codes]


def kept_form(code: str) -> str:
    """80 bits of a digest: the code itself has as many, so nobody finds it by trying."""
    return b32encode(sha256(code.encode(errors="surrogatepass")).digest()[:10]).decode()


def codes_left(user: AbstractUser) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def reset(user: AbstractUser) -> None:
    """Forget the second step of somebody who has lost it: it is set up anew at the next signing in."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()


def square(device: TOTPDevice) -> bytes:
    """The picture from which a phone takes the secret, as SVG."""
    import segno  # 2 MB of every process that visitors' pages never need

    out = BytesIO()
    segno.make(device.config_url, error="m").save(
        out, kind="svg", scale=5, border=2, dark="#000", light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return out.getvalue()
