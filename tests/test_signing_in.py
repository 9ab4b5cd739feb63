"""Signing in to the admin: password, second step, recovery codes; guessing is slowed and keeps nobody out."""

import re
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as site
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from comparisons import signing_in
from comparisons.accounts import ensure_roles
from comparisons.models import Tally
from tests.test_admin import told

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password-1"
LOGIN, INDEX, STEP = (reverse(f"admin:{name}") for name in ("login", "index", "second_step"))


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password=PASSWORD)


@pytest.fixture
def _codes_are_asked_for(settings) -> None:
    settings.ADMIN_TOTP = True


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    """The code that the app shows now, or some steps of thirty seconds later."""
    device.refresh_from_db()
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def enrolled(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="Code", confirmed=True)


def sign_in(client: Client | None = None, name: str = "ada", password: str = PASSWORD, code: str = ""):
    client = client or Client()
    return client.post(f"{LOGIN}?next={INDEX}", {"username": name, "password": password, "code": code, "next": INDEX})


def is_in(answer) -> bool:
    return answer.status_code == 302 and answer["Location"] == INDEX


def complaint(answer) -> list[str]:
    return answer.context["form"].non_field_errors()


# --- without a second step ------------------------------------------------------------------------------------------
def test_local_account_signs_in_by_its_password(ada):
    client = Client()
    assert is_in(sign_in(client))
    assert client.get(INDEX).status_code == 200


@pytest.mark.parametrize(("url", "asks"), [("https://b.example", True), ("http://127.0.0.1:8000", False)])
def test_codes_are_asked_for_on_a_public_site_only(url, asks, tmp_path):
    import os
    import subprocess
    import sys

    names = {"PATH": os.environ["PATH"], "SITE_URL": url, "STATE_DIR": str(tmp_path), "SECRET_KEY": site.SECRET_KEY}
    code = "from benchlm import settings; print(settings.ADMIN_TOTP)"
    done = subprocess.run([sys.executable, "-c", code], env=names, cwd=site.BASE_DIR, capture_output=True, text=True)
    assert done.stdout.strip() == str(asks)


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD), ("off", PASSWORD), ("ada", "")]
)
def test_what_is_wrong_is_not_said(ada, name, password):
    User.objects.create_user("bob", password=PASSWORD)
    User.objects.create_user("off", password=PASSWORD, is_staff=True, is_active=False)
    client = Client()
    answer = sign_in(client, name=name, password=password)
    assert (answer.status_code, client.get(INDEX).status_code) == (200, 302)
    if password:
        assert len(complaint(answer)) == 1


# --- setting it up --------------------------------------------------------------------------------------------------
def test_public_site_leads_to_the_second_step_and_nowhere_else(ada, _codes_are_asked_for):
    client = Client()
    assert is_in(sign_in(client))
    for address in (INDEX, reverse("admin:comparisons_score_changelist"), reverse("admin:auth_user_changelist")):
        assert client.get(address)["Location"].startswith(LOGIN)
    assert client.get(LOGIN)["Location"] == STEP
    assert client.get(STEP).status_code == 200


def test_second_step_is_set_up_with_password_and_first_code(ada, _codes_are_asked_for):
    client = Client()
    sign_in(client)
    assert client.get(reverse("admin:second_step_square")).status_code == 404
    client.post(STEP, {"do": "begin", "password": "wrong"})
    assert TOTPDevice.objects.count() == 0
    client.post(STEP, {"do": "begin", "password": PASSWORD})
    device = TOTPDevice.objects.get()
    assert device.confirmed is False
    html = client.get(STEP).content.decode()
    assert "Or type the secret" in html
    square = client.get(reverse("admin:second_step_square"))
    assert (square["Content-Type"], b"<svg" in square.content, b"style" in square.content) == (
        "image/svg+xml",
        True,
        False,
    )
    assert "no-store" in square["Cache-Control"]
    assert client.post(STEP, {"do": "confirm", "code": "000000"})["Location"] == STEP
    TOTPDevice.objects.update(throttling_failure_count=0)
    page = client.post(STEP, {"do": "confirm", "code": code_of(device)})
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", page.content.decode())
    assert (page.status_code, len(codes), "no-store" in page["Cache-Control"]) == (200, 10, True)
    assert client.get(INDEX).status_code == 200
    assert "10 recovery codes left" in client.get(STEP).content.decode()
    assert device.key not in client.get(STEP).content.decode()


def test_looking_at_the_second_step_changes_nothing(ada):
    client = Client()
    client.force_login(ada)
    for _ in range(2):
        client.get(STEP, {"do": "begin", "password": PASSWORD})
    assert (TOTPDevice.objects.count(), StaticDevice.objects.count()) == (0, 0)
    assert Client().get(STEP)["Location"] == LOGIN
    assert client.put(STEP).status_code == 405


def test_forged_set_up_is_refused(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(STEP, {"do": "begin", "password": PASSWORD}).status_code == 403


def test_stolen_session_cannot_change_the_second_step(ada):
    device, client = enrolled(ada), Client()
    sign_in(client, code=code_of(device))
    for do in ("begin", "codes"):
        client.post(STEP, {"do": do, "password": "guessed"})
    assert (list(TOTPDevice.objects.all()), StaticToken.objects.count()) == ([device], 0)
    assert client.post(STEP, {"do": "codes", "password": PASSWORD}).status_code == 200
    assert StaticToken.objects.count() == 10


def test_new_device_takes_the_place_of_the_old(ada):
    old, client = enrolled(ada), Client()
    sign_in(client, code=code_of(old))
    client.post(STEP, {"do": "begin", "password": PASSWORD})
    new = TOTPDevice.objects.get(confirmed=False)
    assert TOTPDevice.objects.filter(pk=old.pk).exists()
    client.post(STEP, {"do": "confirm", "code": code_of(new)})
    assert [device.pk for device in TOTPDevice.objects.all()] == [new.pk]
    assert client.get(INDEX).status_code == 200


# --- codes ----------------------------------------------------------------------------------------------------------
def test_enrolled_account_needs_its_code(ada):
    device = enrolled(ada)
    assert not is_in(sign_in())
    assert not is_in(sign_in(code="123456" if code_of(device) != "123456" else "654321"))
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert is_in(sign_in(code=f" {code_of(device)[:3]} {code_of(device)[3:]} "))


def test_code_is_good_once(ada):
    device = enrolled(ada)
    code = code_of(device)
    assert is_in(sign_in(code=code))
    assert not is_in(sign_in(code=code))


def test_session_without_a_code_is_shut_out_when_codes_are_asked_for(ada, settings):
    device, client = enrolled(ada), Client()
    client.force_login(ada)
    assert client.get(INDEX).status_code == 200
    settings.ADMIN_TOTP = True
    assert client.get(INDEX)["Location"].startswith(LOGIN)
    assert client.get(STEP)["Location"] == LOGIN
    assert client.get(LOGIN).status_code == 200
    assert is_in(sign_in(client, code=code_of(device)))
    assert client.get(INDEX).status_code == 200


def test_recovery_code_is_good_once_and_kept_as_a_digest(ada):
    enrolled(ada)
    codes = signing_in.recovery_codes(ada)
    assert len(set(codes)) == 10
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert stored.isdisjoint({signing_in.tidy(code) for code in codes})
    assert is_in(sign_in(code=codes[3].upper()))
    assert not is_in(sign_in(code=codes[3]))
    StaticDevice.objects.update(throttling_failure_count=0)
    assert is_in(sign_in(code=codes[4].replace("-", " ")))
    assert signing_in.codes_left(ada) == 8


def test_ten_thousand_codes_open_nothing(ada, settings):
    """With the right password: what comes in the pause after a wrong code is not even compared."""
    device, settings.OTP_TOTP_THROTTLE_FACTOR = (
        enrolled(ada),
        1_000,
    )  # seconds, so that a slow machine stays within the pause
    right = code_of(device, 1)
    tries = [f"{number:06d}" for number in range(60) if f"{number:06d}" not in (right, code_of(device))]
    assert [code for code in tries if signing_in.matched(ada, code)] == []
    device.refresh_from_db()
    assert device.throttling_failure_count == 1
    assert signing_in.matched(ada, code_of(device)) is None


def test_pause_after_wrong_codes_grows_to_half_an_hour(ada):
    device = enrolled(ada)
    wrong = next(code for code in ("000000", "111111", "222222") if not signing_in.is_near(ada, code))
    for _ in range(30):
        TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(days=1))
        signing_in.matched(ada, wrong)
    device.refresh_from_db()
    assert device.throttling_failure_count == signing_in.MOST_FAILURES
    assert signing_in.matched(ada, code_of(device)) is None
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(seconds=2049))
    assert signing_in.matched(ada, code_of(device)) is not None


@pytest.mark.parametrize("code", ["", "x", "12345", "1234567", "１２３４５６", "\x00", "a" * 60, "\ud800", "000 000"])
def test_code_that_is_none_is_refused(ada, code):
    enrolled(ada)
    assert (signing_in.matched(ada, code), signing_in.is_near(ada, code)) == (None, False)


def test_phone_of_another_curator_opens_nothing(ada):
    enrolled(ada)
    other = enrolled(User.objects.create_superuser("bea", password=PASSWORD))
    assert not is_in(sign_in(code=code_of(other)))


# --- guessing -------------------------------------------------------------------------------------------------------
def tries(name: str, number: int, seconds: float, password: str = "wrong", code: str = "") -> int:
    """How many of so many tries at equal steps are answered: one that is would have let the right password in."""
    start, answered = timezone.now(), 0
    for place in range(number):
        now = start + timedelta(seconds=place * seconds)
        if signing_in.is_answered(name, now):
            answered += 1
        signing_in.count_wrong(name, now)
    return answered


def test_thousand_wrong_passwords_are_answered_once_in_ten_seconds(ada):
    assert tries("ada", 1_000, 0.1) <= signing_in.FREE_TRIES + 10
    assert tries("nobody", 50, 1) <= signing_in.FREE_TRIES + 5
    assert Tally.objects.count() == 4


def test_guesser_learns_nothing_of_a_right_password_in_between(ada):
    enrolled(ada)
    for _ in range(signing_in.FREE_TRIES + 1):
        sign_in(password="wrong")
    answers = [sign_in(), sign_in(password="wrong"), sign_in(code="000000"), sign_in(name="nobody")]
    assert {tuple(complaint(answer)) for answer in answers} == {
        (answers[0].context["form"].error_messages["invalid_login"],)
    }


def test_owner_gets_in_while_others_guess(ada):
    device = enrolled(ada)
    for _ in range(signing_in.FREE_TRIES + 2):
        assert not is_in(sign_in(password="wrong"))
    assert is_in(sign_in(code=code_of(device)))


def test_owner_without_a_device_gets_in_after_ten_seconds(ada):
    for _ in range(signing_in.FREE_TRIES + 1):
        sign_in(password="wrong")
    assert not is_in(sign_in())
    Tally.objects.filter(key__startswith="slot:").update(since=timezone.now() - timedelta(seconds=11))
    assert is_in(sign_in())
    assert is_in(sign_in())  # the count is forgotten


def test_whoever_holds_the_phone_guesses_one_password_a_code(ada):
    device = enrolled(ada)
    for _ in range(signing_in.FREE_TRIES + 1):
        sign_in(password="wrong")
    code = code_of(device)
    assert not is_in(sign_in(password="guess", code=code))
    assert not is_in(sign_in(code=code))
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert is_in(sign_in(code=code_of(device, 1)))


def test_wrong_codes_of_those_without_the_password_do_not_count_against_the_device(ada):
    device = enrolled(ada)
    for _ in range(signing_in.FREE_TRIES + 20):
        sign_in(password="wrong", code="000000")
    device.refresh_from_db()
    assert device.throttling_failure_count == 0


def test_codes_are_slowed_in_the_crowd_too(ada):
    """Who knows the password and guesses codes while the name is slowed."""
    device = enrolled(ada)
    for _ in range(signing_in.FREE_TRIES + 1):
        sign_in(password="wrong")
    wrong = "000000" if code_of(device) != "000000" else "111111"
    for _ in range(3):
        assert not is_in(sign_in(code=wrong))
    device.refresh_from_db()
    assert device.throttling_failure_count >= 1
    assert not is_in(sign_in(code=code_of(device)))


def test_no_name_and_no_address_is_stored(ada):
    client = Client(REMOTE_ADDR="198.51.100.77")
    sign_in(client, name="a-typed-password", password="x")
    assert Tally.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM comparisons_tally")
        rows = repr(cursor.fetchall())
    assert ("a-typed-password" in rows, "198.51" in rows) == (False, False)


# --- sessions -------------------------------------------------------------------------------------------------------
def test_password_change_and_logout_end_sessions(ada):
    here, there = Client(), Client()
    for client in (here, there):
        assert is_in(sign_in(client))
    new = "another-long-password-2"
    change = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post(reverse("admin:password_change"), change).status_code == 302
    assert (here.get(INDEX).status_code, there.get(INDEX).status_code) == (200, 302)
    stolen = Client()
    stolen.cookies = here.cookies.copy()
    assert stolen.get(INDEX).status_code == 200
    here.post(reverse("admin:logout"))
    assert stolen.get(INDEX).status_code == 302


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://testserver.evil.test"])
def test_post_from_elsewhere_is_refused(ada, origin):
    client = Client(enforce_csrf_checks=True)
    page = client.get(LOGIN).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    sent = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post(LOGIN, sent, headers={"origin": origin}).status_code == 403
    assert client.post(LOGIN, {"username": "ada", "password": PASSWORD}).status_code == 403
    assert client.post(LOGIN, sent).status_code == 302


@pytest.mark.parametrize(
    "target", ["//evil.test", "https:evil.test", "javascript:alert(1)", "/\\evil.test", "\x08//evil.test"]
)
def test_signing_in_leads_to_this_site_only(ada, target):
    answer = Client().post(LOGIN, {"username": "ada", "password": PASSWORD, "next": target})
    assert (answer.status_code, answer["Location"]) == (302, INDEX)


# --- users ----------------------------------------------------------------------------------------------------------
def administrator() -> Client:
    ensure_roles()
    user = User.objects.create_user("boss", is_staff=True)
    user.groups.add(Group.objects.get(name="Administrator"))
    client = Client()
    client.force_login(user)
    return client


def test_users_are_never_deleted_as_the_history_names_them(ada):
    client = Client()
    client.force_login(ada)
    bob = User.objects.create_user("bob")
    assert client.post(reverse("admin:auth_user_delete", args=[bob.pk]), {"post": "yes"}).status_code == 403
    client.post(
        reverse("admin:auth_user_changelist"),
        {"action": "delete_selected", "_selected_action": [bob.pk], "post": "yes", "index": "0"},
    )
    assert User.objects.filter(pk=bob.pk).exists()


def test_administrator_makes_nobody_a_superuser(ada):
    client, bob = administrator(), User.objects.create_user("bob")
    address = reverse("admin:auth_user_change", args=[bob.pk])
    page = client.get(address)
    assert 'name="is_superuser"' not in page.content.decode()
    day, clock = timezone.localtime(bob.date_joined).strftime("%Y-%m-%d %H:%M:%S").split()
    sent = {"username": "bob", "is_superuser": "on", "is_staff": "on", "is_active": "on"}
    assert client.post(address, sent | {"date_joined_0": day, "date_joined_1": clock}).status_code == 302
    bob.refresh_from_db()
    assert (bob.is_staff, bob.is_superuser) == (True, False)
    assert client.post(reverse("admin:auth_user_change", args=[ada.pk]), sent).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[ada.pk])
    assert client.post(password, {"password1": "x" * 20, "password2": "x" * 20}).status_code == 403


def test_lost_second_step_is_reset_by_an_administrator(ada):
    client, bob = administrator(), User.objects.create_user("bob", is_staff=True)
    for user in (ada, bob):
        enrolled(user)
        signing_in.recovery_codes(user)
    answer = client.post(
        reverse("admin:auth_user_changelist"),
        {"action": "reset_second_step", "_selected_action": [ada.pk, bob.pk], "index": "0"},
    )
    assert told(answer) == ["Reset for bob."]
    assert set(TOTPDevice.objects.values_list("user__username", flat=True)) == {"ada"}
    assert set(StaticDevice.objects.values_list("user__username", flat=True)) == {"ada"}


def test_lost_second_step_is_reset_by_the_operator(ada):
    enrolled(ada)
    out = StringIO()
    call_command("reset_second_step", "ada", stdout=out)
    assert (out.getvalue(), TOTPDevice.objects.count()) == ("The second step of ada is forgotten.\n", 0)
    with pytest.raises(CommandError, match="There is no account “nobody”"):
        call_command("reset_second_step", "nobody")


def test_secrets_have_no_page_of_their_own(ada):
    client = Client()
    client.force_login(ada)
    assert [admin.site.is_registered(table) for table in (TOTPDevice, StaticDevice)] == [False, False]
    assert client.get(f"{INDEX}otp_totp/totpdevice/").status_code == 404


def test_request_of_the_form_is_the_one_that_is_answered(ada):
    """The back ends of Django's authentication get the request, as they do without the second step."""
    request = RequestFactory().post(LOGIN)
    assert signing_in.admitted(request, "ada", PASSWORD, "", timezone.now()) == (ada, None)
