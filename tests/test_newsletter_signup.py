"""Sign-up, confirming, leaving: every line of the tables of addresses, abuse, tokens and links."""

import datetime
import json
import logging
import re
import time

import pytest
from django.core.exceptions import ValidationError
from django.core.signing import TimestampSigner, b62_encode
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchlm.newsletter import addresses, consent, keys, limits, mail, retention, subscriptions
from benchlm.newsletter.models import ConfirmToken, Limit, Subscriber, Suppression
from comparisons import stamps, visitors
from tests.newsletter_sink import Sink, listening

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _quiet_process(monkeypatch):
    """Nothing of one test is remembered by the process for the next."""
    visitors.forget_clients()
    monkeypatch.setattr(mail, "_failed_at", None)
    monkeypatch.setattr(mail, "WAITS", (0,))


@pytest.fixture
def sink(settings):
    with listening(settings) as server:
        yield server
        finish_mail()


def finish_mail() -> None:
    """Wait until every confirm mail so far was handed over."""
    for job in [mail._sender().submit(lambda: None) for _ in range(2)]:
        job.result(timeout=10)
    time.sleep(0.02)
    mail._sender().shutdown(wait=True)
    mail._sender.cache_clear()


def aged(seconds: float) -> str:
    """The signed time of a form that was opened so many seconds ago."""
    signer = stamps._signer("newsletter")
    signer.timestamp = lambda: b62_encode(int(time.time() - seconds))
    return signer.sign("form")


def ask(email: str, client: Client | None = None, **options):
    """What a browser with the form open for ten seconds sends."""
    data = {"email": email, "stamp": options.pop("stamp", aged(10)), "website": options.pop("website", "")}
    return (client or Client()).post("/newsletter/", data, **options)


def rows() -> list[tuple[str, str]]:
    return list(Subscriber.objects.order_by("pk").values_list("email_key", "status"))


def link_of(mail_: object, name: str) -> str:
    """The path of a link in the text part of a mail."""
    text = mail_.get_body(("plain",)).get_content()
    return re.search(rf"https://benchlm\.example(/newsletter/{name}/\S+)", text)[1]


def signed_up(sink: Sink, email: str = "a@b.co") -> tuple[str, str]:
    """A pending subscriber: the paths of the confirm and the leave link that the mail brought."""
    before = len(sink.mails)
    assert ask(email).status_code == 303
    finish_mail()
    assert len(sink.mails) == before + 1
    return link_of(sink.mails[-1], "confirm"), link_of(sink.mails[-1], "leave")


def reader(sink: Sink, email: str = "a@b.co") -> tuple[Subscriber, str]:
    """An active subscriber and the path to leave."""
    confirm, leave = signed_up(sink, email)
    assert Client().post(confirm).status_code == 303
    return Subscriber.objects.get(email_key=email), leave


def hours_later(number: float) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(hours=number)


# --- addresses ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "email", "key"),
    [
        ("a@b.co", "a@b.co", "a@b.co"),
        (" A@B.CO \n", "A@b.co", "a@b.co"),
        ("X@d.org", "X@d.org", "x@d.org"),
        ("a@bücher.de", "a@xn--bcher-kva.de", "a@xn--bcher-kva.de"),
        ("a@xn--bcher-kva.de", "a@xn--bcher-kva.de", "a@xn--bcher-kva.de"),
        ("a@ｂ.co", "a@b.co", "a@b.co"),
        ("o'brien@b.co", "o'brien@b.co", "o'brien@b.co"),
        ("a+tag@b.co", "a+tag@b.co", "a+tag@b.co"),
        ("-a@b.co", "-a@b.co", "-a@b.co"),
        ("{{7*7}}@b.co", "{{7*7}}@b.co", "{{7*7}}@b.co"),
        (f"{'l' * 64}@b.co", f"{'l' * 64}@b.co", f"{'l' * 64}@b.co"),
    ],
)
def test_address_is_brought_to_one_form(typed, email, key):
    found = addresses.parse(typed)
    assert (found.email, found.key) == (email, key)


LONGEST = f"{'l' * 62}@{'.'.join(['d' * 61] * 3)}.abcde"
REFUSED = [
    "", "a", "a@b", "a@localhost", "a@[127.0.0.1]", "a@1.2.3.4", "a@b.c", "a@x.invalid", "a@x.local", "a@x.test",
    "a@b.co\r\nBcc: x@y.zz", "a@b.co%0aBcc:x@y.zz", "a%0a@b.co", "a@b.co,c@d.co", "a@b.co;c@d.co", "<a@b.co>", "A <a@b.co>",
    '"a b"@b.co', ".a@b.co", "a.@b.co", "a..b@b.co", "a@-b.co", "a@b-.co", "a@b_c.co", "a@b..co", "a b@b.co", "a@@b.co",
    f"{'l' * 65}@b.co", f"{LONGEST}f", "а@b.co", "ü@b.co", "a@b.co\0", "a\u200b@b.co", "a\u202e@b.co", "a@b\u00ad.co",
    "=?utf-8?q?a?=@b.co", "a@b.co\x7f", "<b>@x.co", "a@" + "b" * 64 + ".co",
]  # fmt: skip


@pytest.mark.parametrize("typed", REFUSED, ids=ascii)
def test_address_that_mail_cannot_trust_is_refused(typed):
    with pytest.raises(ValidationError) as refused:
        addresses.parse(typed)
    assert refused.value.message == addresses.REFUSED


def test_address_of_254_characters_is_the_longest():
    assert (len(LONGEST), addresses.parse(LONGEST).email) == (254, LONGEST)


@pytest.mark.parametrize(
    ("email", "folded"),
    [
        ("v.i.c.t.i.m+7@gmail.com", "victim@gmail.com"),
        ("victim@googlemail.com", "victim@gmail.com"),
        ("a.b+c+d@b.co", "ab@b.co"),
        ("+tag@b.co", "+tag@b.co"),
    ],
)
def test_address_is_folded_for_limits_alone(email, folded):
    found = addresses.parse(email)
    assert (found.folded, found.key) == (folded, email)


def test_address_is_masked_for_print():
    assert [addresses.masked(each) for each in ("ada@lovelace.example.org", "a@b.co", "", "x")] == [
        "a•••@l•••.org", "a•••@b•••.co", "•••", "•••"
    ]  # fmt: skip


# --- the form -------------------------------------------------------------------------------------------------------
def test_form_has_its_time_its_trap_and_what_a_reader_agrees_to(sink):
    response = Client().get("/newsletter/")
    html = response.content.decode()
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store, private")
    for part in (
        'name="csrfmiddlewaretoken"',
        'name="stamp"',
        'name="website"',
        'href="/privacy/"',
        "1 Test Street, Testville",
    ):
        assert part in html
    assert consent.sentence(consent.STRICT) in html
    assert "checked" not in html


def test_form_page_lets_the_browser_name_its_origin(sink):
    """A page under no-referrer sends Origin: null, which the check of forged forms refuses."""
    client = Client(enforce_csrf_checks=True)
    page = client.get("/newsletter/")
    assert page.headers["Referrer-Policy"] == "same-origin"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    data = {"email": "a@b.co", "stamp": aged(5), "csrfmiddlewaretoken": token}
    codes = [
        client.post("/newsletter/", data, headers={"Origin": origin}).status_code
        for origin in ("null", "http://testserver")
    ]
    assert codes == [403, 303]


def test_form_comes_alone_for_a_swap(sink):
    response = Client().get("/newsletter/", headers=HTMX)
    html = response.content.decode()
    assert html.startswith('<div id="newsletter">')
    assert "<html" not in html
    assert "csrfmiddlewaretoken" in html
    assert "HX-Request" in response.headers["Vary"]


def test_form_accepts_one_address_and_mails_one_link(sink):
    client = Client(enforce_csrf_checks=True)
    page = client.get("/newsletter/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    response = client.post("/newsletter/", {"email": "a@b.co", "stamp": aged(5), "csrfmiddlewaretoken": token})
    assert (response.status_code, response.headers["Location"]) == (303, "/newsletter/check-inbox/")
    finish_mail()
    assert (rows(), sink.recipients) == ([("a@b.co", "pending")], ["a@b.co"])
    (message,) = sink.mails
    assert (message["To"], message["Subject"]) == ("a@b.co", "Confirm the weekly email of BenchLM")
    assert message["List-Unsubscribe"].startswith("<https://benchlm.example/newsletter/leave/")


def test_form_works_as_a_swap(sink):
    answer = ask("a@b.co", headers=HTMX)
    assert (answer.status_code, answer.content.decode()[:21]) == (200, '<div id="newsletter">')
    wrong = ask("a@b", headers=HTMX)
    assert (wrong.status_code, addresses.REFUSED in wrong.content.decode()) == (422, True)
    assert wrong.content.decode().startswith('<div id="newsletter">')


def test_spellings_of_one_address_make_one_row(sink):
    for email in ("X@d.org", "x@D.ORG", " x@d.org \n"):
        assert ask(email).status_code == 303
    finish_mail()
    assert (rows(), len(sink.accepted)) == ([("x@d.org", "pending")], 1)


@pytest.mark.parametrize("typed", [each for each in REFUSED if "\0" not in each][::3], ids=ascii)
def test_form_shows_what_it_refuses_and_changes_nothing(sink, typed):
    response = ask(typed)
    assert response.status_code == 422
    finish_mail()
    assert (rows(), sink.accepted, Limit.objects.count()) == ([], [], 0)


def test_form_escapes_what_it_shows_again(sink):
    html = ask('<b>"{{7*7}}@x').content.decode()
    assert "&lt;b&gt;&quot;{{7*7}}@x" in html
    assert "<b>" not in html


@pytest.mark.parametrize("prepared", ["missing", "forged", "other site", "0 s", "2 s", "25 h"])
def test_form_without_its_right_time_is_refused(sink, settings, prepared):
    value = {
        "missing": lambda: "",
        "forged": lambda: aged(10)[:-3] + "abc",
        "other site": lambda: TimestampSigner(salt="newsletter.form.https://evil.example").sign("form"),
        "0 s": lambda: aged(0),
        "2 s": lambda: aged(2),
        "25 h": lambda: aged(25 * 3600),
    }[prepared]()
    response = ask("a@b.co", stamp=value)
    assert (response.status_code, rows()) == (422, [])


def test_form_sent_too_fast_is_accepted_when_sent_again(sink):
    html = ask("a@b.co", stamp=aged(1)).content.decode()
    again = re.search(r'name="stamp" value="([^"]+)"', html)[1]
    assert ask("a@b.co", stamp=again).status_code == 422
    time.sleep(2.1)
    assert ask("a@b.co", stamp=again).status_code == 303


def test_form_of_a_clock_that_was_set_back_is_accepted(sink):
    assert ask("a@b.co", stamp=aged(-7200)).status_code == 303


def test_trap_gives_the_neutral_answer_and_changes_nothing(sink):
    normal, trapped = ask("c@d.co"), ask("a@b.co", website="https://spam.example")
    finish_mail()
    assert seen(trapped) == seen(normal)
    assert rows() == [("c@d.co", "pending")]


def seen(response) -> tuple:
    """What somebody who asks can see of an answer."""
    headers = {name: value for name, value in response.headers.items() if name not in ("Set-Cookie", "Date")}
    return response.status_code, headers, response.content


@pytest.mark.parametrize("cookie", [True, False])
def test_form_without_its_token_explains_the_403(sink, cookie):
    client = Client(enforce_csrf_checks=True)
    if cookie:
        client.get("/newsletter/")
    response = ask("a@b.co", client)
    assert response.status_code == 403
    assert "comes with a cookie" in response.content.decode()
    assert rows() == []


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": json.dumps({"email": "secret@b.co"}), "content_type": "application/json"}, 415),
        ({"data": "email=secret@b.co", "content_type": "text/plain"}, 415),
        ({"data": b"\x00\x01", "content_type": "application/octet-stream"}, 415),
        ({"data": {"email": "secret@b.co" + "x" * 20_000}}, 413),
        ({"data": {"email": "x" * 1_000_000}}, 413),
    ],
)
def test_body_of_another_kind_or_size_is_refused(sink, caplog, options, status):
    started = time.perf_counter()
    response = Client().post("/newsletter/", **options)
    assert (response.status_code, rows()) == (status, [])
    assert time.perf_counter() - started < 0.1
    assert "secret@b.co" not in caplog.text


def test_address_in_a_query_is_not_read_and_not_logged(sink, caplog):
    caplog.set_level(logging.DEBUG)
    response = Client().get("/newsletter/?email=secret@b.co")
    assert (response.status_code, rows()) == (422, [])
    assert "secret@b.co" not in response.content.decode() + caplog.text
    assert Client().put("/newsletter/").status_code == 405


# --- abuse ----------------------------------------------------------------------------------------------------------
def test_one_address_a_hundred_times_gets_one_mail(sink):
    answers = {ask("a@b.co", REMOTE_ADDR=f"198.51.100.{number % 20}").status_code for number in range(100)}
    finish_mail()
    assert (answers, len(sink.accepted), len(rows())) == ({303}, 1, 1)


def test_dots_and_tags_do_not_multiply_a_mailbox(sink):
    for number in range(100):
        assert ask(f"v.i.c.t.i.m+{number}@gmail.com", REMOTE_ADDR=f"203.0.113.{number}").status_code == 303
    finish_mail()
    assert len(sink.accepted) == 1


def test_signups_for_one_mailbox_are_three_mails_in_seven_days():
    """From ever new clients; tests/bench/kill_test.py flood asks 10,000 times."""
    address, now = addresses.parse("victim@b.co"), timezone.now()
    minutes = [*range(0, 240, 10), *range(240, 7 * 1440, 360)]
    due = [m for m in minutes if subscriptions.sign_up(address, consent.UNKNOWN, now + datetime.timedelta(minutes=m))]
    assert due == [0, 60, 120]


@pytest.mark.parametrize("forged", [False, True])
def test_client_gets_ten_an_hour(sink, forged):
    codes = []
    for number in range(14):
        extra = {"HTTP_X_FORWARDED_FOR": f"192.0.2.{number}"} if forged else {}
        codes.append(ask(f"a{number}@d{number}.co", REMOTE_ADDR="198.51.100.77", **extra))
    assert [each.status_code for each in codes] == [303] * 10 + [429] * 4
    assert codes[-1].headers["Retry-After"] == "3600"
    finish_mail()
    assert len(sink.accepted) == 10


def test_ipv6_clients_are_one_within_their_56():
    now = timezone.now()
    networks = {visitors.network_of(visitors.parsed(f"2001:db8:dead:be{number:02x}::1")) for number in range(256)}
    assert networks == {"2001:db8:dead:be00::/56"}
    assert [limits.client_may("2001:db8:dead:be00::/56", now) for _ in range(11)] == [True] * 10 + [False]
    assert visitors.network_of(visitors.parsed("::ffff:198.51.100.77")) == "198.51.100.77/32"


def test_domain_and_site_stop_at_their_limits(monkeypatch):
    assert (limits.RULES["domain"], limits.RULES["all"]) == (((3600, 60),), ((3600, 500),))
    monkeypatch.setitem(limits.RULES, "domain", ((3600, 6),))
    monkeypatch.setitem(limits.RULES, "all", ((3600, 20),))
    now = timezone.now()
    one = [subscriptions.sign_up(addresses.parse(f"a{n}@one.co"), consent.UNKNOWN, now) for n in range(10)]
    assert sum(each is not None for each in one) == 6
    with pytest.raises(subscriptions.TooManyError):
        for number in range(20):
            subscriptions.sign_up(addresses.parse(f"a@d{number}.co"), consent.UNKNOWN, now)
    assert Subscriber.objects.count() == 20
    later = now + datetime.timedelta(hours=1, seconds=1)
    assert subscriptions.sign_up(addresses.parse("a@later.co"), consent.UNKNOWN, later)


def test_limit_is_divided_by_the_workers(settings):
    settings.WORKERS = 4
    now = timezone.now()
    assert [limits.client_may("x", now) for _ in range(4)] == [True, True, False, False]
    assert limits.client_may("x", now + datetime.timedelta(hours=1, seconds=1))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "swap"])
def test_answers_tell_nothing_about_an_address(sink, settings, headers):
    """New, pending, active, complained, left and undeliverable: the same status, headers and body."""
    reader(sink, "active@b.co")
    signed_up(sink, "pending@c.co")
    _, leave = reader(sink, "left@b.co")
    Client().post(leave)
    Suppression.objects.create(
        key_hash=keys.digest("address", "angry@b.co"), reason="complained", day=timezone.localdate()
    )
    visitors.forget_clients()
    gone, _ = reader(sink, "gone@b.co")
    subscriptions.leave(gone.public_id, timezone.now(), "bounced")
    emails = ("new@b.co", "pending@c.co", "active@b.co", "angry@b.co", "left@b.co", "gone@b.co")
    answers = {email: ask(email, headers=headers) for email in emails}
    first = seen(answers["new@b.co"])
    assert [email for email, each in answers.items() if seen(each) != first] == []


def test_work_tells_nothing_about_an_address():
    """A stranger costs five small statements more than a subscriber, well under 5 ms; the work of mailing is done elsewhere."""
    now = timezone.now()
    reader_address = addresses.parse("known@b.co")
    token, _ = subscriptions.sign_up(reader_address, consent.UNKNOWN, now)
    subscriptions.confirm(token, now)
    counts = {"known": [], "new": []}
    for number in range(5):
        moment = now + datetime.timedelta(hours=2 * number)
        for kind, address in (("known", reader_address), ("new", addresses.parse(f"n{number}@x{number}.co"))):
            with CaptureQueriesContext(connection) as seen:
                subscriptions.sign_up(address, consent.UNKNOWN, moment)
            counts[kind].append(len(seen))
    assert {new - known for known, new in zip(counts["known"], counts["new"], strict=True)} <= set(range(6))


def test_complaint_is_not_lifted_by_signing_up(sink):
    found, _ = reader(sink)
    subscriptions.leave(found.public_id, timezone.now(), "complained")
    assert ask("a@b.co").status_code == 303
    finish_mail()
    assert (len(sink.accepted), Subscriber.objects.with_address().count()) == (1, 0)


def test_leaving_is_lifted_by_confirming_anew_and_not_before(sink):
    _, leave = reader(sink)
    Client().post(leave)
    Limit.objects.all().delete()
    confirm, _ = signed_up(sink)
    Client().get(confirm)
    assert Suppression.objects.count() == 1
    Client().post(confirm)
    assert (Suppression.objects.count(), Subscriber.objects.active().count()) == (0, 1)


def test_signup_is_closed_while_mail_cannot_leave(sink, settings, monkeypatch):
    settings.NEWSLETTER_POSTAL_ADDRESS = ""
    assert "Sign-up is closed" in Client().get("/newsletter/").content.decode()
    response = ask("a@b.co")
    assert (response.status_code, response.headers["Retry-After"], rows()) == (503, "60", [])


def test_signup_rests_after_the_mail_server_refused(sink, settings, caplog):
    settings.MAILERS["default"]["OPTIONS"]["port"] = 9  # nobody listens there
    assert ask("secret@b.co").status_code == 303
    finish_mail()
    assert ask("b@b.co").status_code == 503
    assert Client().get("/privacy/").status_code == 200
    assert "secret@b.co" not in caplog.text


def test_signup_that_nobody_confirmed_is_forgotten_and_works_as_new(sink):
    confirm, leave = signed_up(sink)
    Subscriber.objects.update(requested_at=hours_later(-8 * 24))
    Limit.objects.update(touched_at=hours_later(-8 * 24))
    retention.expire(timezone.now())
    assert (rows(), Limit.objects.count(), ConfirmToken.objects.count()) == ([], 0, 0)
    assert (Client().post(confirm).status_code, Client().post(leave).status_code) == (404, 200)
    again, _ = signed_up(sink)
    assert Client().post(again).status_code == 303
    assert rows() == [("a@b.co", "active")]


# --- confirming -----------------------------------------------------------------------------------------------------
AGENTS = ("Mozilla/5.0 (compatible; Barracuda Sentinel)", "Microsoft Office Link Scan", "GoogleImageProxy")


def test_scanners_confirm_nothing(sink):
    confirm, _ = signed_up(sink)
    for number in range(30):
        agent = {"User-Agent": AGENTS[number % 3]}
        assert Client().get(confirm, headers=agent).status_code == 200
        assert Client().head(confirm, headers=agent).status_code == 200
    for query in ("?confirm=true", "?List-Unsubscribe=One-Click"):
        Client().get(confirm + query, headers={"X-HTTP-Method-Override": "POST"})
    assert rows() == [("a@b.co", "pending")]


def test_confirming_twice_writes_once(sink):
    confirm, _ = signed_up(sink)
    answers = [Client(enforce_csrf_checks=True).post(confirm) for _ in range(3)]
    assert {(each.status_code, each.headers["Location"]) for each in answers} == {(303, "/newsletter/welcome/")}
    found = Subscriber.objects.get()
    assert (found.status, ConfirmToken.objects.get().used_at) == ("active", found.confirmed_at)
    assert "Already confirmed" in Client().get(confirm).content.decode()
    assert Client().get("/newsletter/welcome/").status_code == 200


@pytest.mark.parametrize(("hours", "state"), [(71.98, "open"), (72.02, "over")])
def test_confirm_link_ends_after_72_hours(sink, hours, state):
    confirm, _ = signed_up(sink)
    assert subscriptions.token_state(confirm.split("/")[3], hours_later(hours)) == state


def test_expired_link_answers_410_with_the_way_back(sink):
    confirm, _ = signed_up(sink)
    ConfirmToken.objects.update(expires_at=timezone.now())
    for response in (Client().get(confirm), Client().post(confirm)):
        assert response.status_code == 410
        assert 'action="/newsletter/"' in response.content.decode()
    assert rows() == [("a@b.co", "pending")]


def test_newer_link_replaces_the_older_one(sink):
    old, _ = signed_up(sink)
    Limit.objects.all().delete()
    new, _ = signed_up(sink)
    assert (Client().post(old).status_code, Client().post(new).status_code) == (410, 303)
    assert rows() == [("a@b.co", "active")]


def test_unknown_link_answers_404(sink):
    assert [Client().get(f"/newsletter/confirm/{token}/").status_code for token in ("x", "%00", "a" * 500)] == [404] * 3


def test_link_used_after_leaving_leads_nowhere(sink):
    confirm, leave = signed_up(sink)
    Client().post(leave)
    assert Client().post(confirm).status_code == 410
    assert rows() == [(None, "unsubscribed")]


def test_token_is_stored_as_its_hash_alone(sink):
    confirm, _ = signed_up(sink)
    token = confirm.split("/")[3]
    assert len(token) == 43  # 256 bits in base64
    assert ConfirmToken.objects.get().token_hash == subscriptions.hash_of(token)


# --- leaving --------------------------------------------------------------------------------------------------------
def test_looking_at_the_leave_link_changes_nothing(sink):
    _, leave = reader(sink)
    for _ in range(30):
        assert (Client().get(leave).status_code, Client().head(leave).status_code) == (200, 200)
    Client().get(leave + "?List-Unsubscribe=One-Click", headers={"X-HTTP-Method-Override": "POST"})
    html = Client().get(leave).content.decode()
    assert rows() == [("a@b.co", "active")]
    assert "a@b.co" not in html
    assert "a•••@b•••.co" in html


@pytest.mark.parametrize(
    "options",
    [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": b"", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"--broken", "content_type": "multipart/form-data"},
        {"data": b"{", "content_type": "application/json", "headers": {"User-Agent": "\x7f odd", "Origin": "null"}},
    ],
)
def test_one_click_leaves_whatever_the_mail_program_sends(sink, options):
    """RFC 8058: no cookie, no Origin, no Referer, any body; 200 and never a redirect."""
    _, leave = reader(sink)
    response = Client(enforce_csrf_checks=True).post(leave, **options)
    assert (response.status_code, "Location" in response.headers, bool(response.cookies)) == (200, False, False)
    assert rows() == [(None, "unsubscribed")]
    assert Client().post(leave).status_code == 200


def test_leaving_erases_the_address_and_keeps_its_hmac(sink):
    found, leave = reader(sink)
    Client().post(leave)
    found.refresh_from_db()
    assert (found.email, found.email_key, found.key_hash) == ("", None, keys.digest("address", "a@b.co"))
    assert (found.regime, found.confirmed_at is None) == ("STRICT", False)
    suppression = Suppression.objects.get()
    assert (suppression.key_hash, suppression.reason) == (found.key_hash, "left")


def test_leave_link_works_after_erasure_rotation_and_years(sink, settings):
    _, leave = reader(sink)
    settings.SECRET_KEY = "another-key-" * 6
    settings.NEWSLETTER_KEY, settings.NEWSLETTER_KEY_FALLBACKS = "new" * 20, [settings.NEWSLETTER_KEY]
    assert Client().post(leave).status_code == 200
    Subscriber.objects.all().delete()
    assert (Client().get(leave).status_code, Client().post(leave).status_code) == (200, 200)
    assert Client().post(leave[:-3] + "ab/").status_code == 404
    settings.NEWSLETTER_KEY_FALLBACKS = []
    assert Client().post(leave).status_code == 404


def test_leave_link_of_an_old_mail_ends_the_new_subscription_too(sink):
    _, old = reader(sink)
    Client().post(old)
    Limit.objects.all().delete()
    reader(sink)
    assert Client().post(old).status_code == 200
    assert [status for _, status in rows()] == ["unsubscribed", "unsubscribed"]


def test_leave_link_of_an_old_mail_works_after_the_key_was_replaced(sink, settings):
    _, old = reader(sink)
    Client().post(old)
    settings.NEWSLETTER_KEY, settings.NEWSLETTER_KEY_FALLBACKS = "new" * 20, [settings.NEWSLETTER_KEY]
    reader(sink)
    assert Client().post(old).status_code == 200
    assert [status for _, status in rows()] == ["unsubscribed", "unsubscribed"]


# --- what is held ---------------------------------------------------------------------------------------------------
def test_my_data_holds_all_about_one_and_nothing_about_another(sink):
    one, _ = reader(sink, "one@b.co")
    reader(sink, "two@b.co")
    response = Client().get(f"/newsletter/my-data/{keys.link_token('my-data', one.public_id)}/")
    held = json.loads(response.content)
    assert held["email"] == "one@b.co"
    assert set(held) == {
        "email", "status", "country", "regime", "location_source", "location_data", "consent_version", "requested_at",
        "confirmed_at", "public_id", "key_hash", "confirm_links", "deliveries", "exported_at",
    }  # fmt: skip
    assert "two" not in response.content.decode()
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Cache-Control"] == "no-store, private"


def test_my_data_ends_with_the_address_and_takes_no_other_token(sink):
    found, leave = reader(sink)
    path = f"/newsletter/my-data/{keys.link_token('my-data', found.public_id)}/"
    assert Client().post(path).status_code == 405
    assert Client().get(f"/newsletter/my-data/{leave.split('/')[3]}/").status_code == 404
    Client().post(leave)
    assert Client().get(path).status_code == 404


# --- pages that a token opens ---------------------------------------------------------------------------------------
def test_token_pages_carry_no_script_no_cookie_and_tell_nobody(sink, caplog):
    confirm, leave = signed_up(sink)
    my_data = f"/newsletter/my-data/{keys.link_token('my-data', Subscriber.objects.get().public_id)}/"
    caplog.set_level(logging.DEBUG)
    wrong = ["/newsletter/confirm/wrongtoken/", "/newsletter/leave/wrongtoken/", "/newsletter/my-data/wrongtoken/"]
    for path in (confirm, leave, my_data, "/newsletter/welcome/", *wrong):
        response = Client().get(path)
        html = response.content.decode()
        assert (response.headers["Cache-Control"], response.headers["Referrer-Policy"]) == (
            "no-store, private",
            "no-referrer",
        )
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "<script" not in html
        assert not response.cookies
        assert not re.findall(r'href="(?!/)', html)
    assert "wrongtoken" not in caplog.text
    assert "/newsletter/confirm/…/" in caplog.text


def test_links_never_follow_the_host_of_a_request(sink, settings):
    settings.ALLOWED_HOSTS = ["*"]
    ask("a@b.co", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    finish_mail()
    assert b"evil" not in sink.accepted[0][1]
    settings.ALLOWED_HOSTS = ["testserver"]
    assert ask("c@d.co", headers={"Host": "evil.example"}).status_code == 400
