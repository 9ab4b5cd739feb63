"""Where a visitor comes from: derived once, in memory, and found in no table, file or log afterwards."""

import ipaddress
import logging
from hashlib import md5, sha1, sha256

import pytest
from django.conf import settings as site
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from benchlm.newsletter import consent, mail, subscriptions
from benchlm.newsletter.consent import UNKNOWN, Location
from benchlm.newsletter.models import Subscriber
from comparisons import visitors
from tests.test_newsletter_signup import ask, finish_mail, signed_up, sink  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db
VISITORS = ("198.51.100.77", "2001:db8:dead::77")


@pytest.fixture(autouse=True)
def _quiet_process(monkeypatch):
    visitors.forget_clients()
    monkeypatch.setattr(mail, "_failed_at", None)
    monkeypatch.setattr(mail, "WAITS", (0,))


# --- the country ----------------------------------------------------------------------------------------------------
GERMAN = "5.1.80.1"  # of the registry's German blocks


def test_registry_names_the_country():
    found = consent.location_of({"REMOTE_ADDR": "8.8.8.8"})
    assert (found.country, found.regime, found.source, bool(found.data)) == ("US", "US", "registry", True)


@pytest.mark.parametrize("peer", ["", "x", "10.0.0.1", "127.0.0.1", "::1", "fe80::1%eth0", "::ffff:8.8.8.8", *VISITORS])
def test_address_that_says_nothing_is_unknown(peer):
    assert consent.location_of({"REMOTE_ADDR": peer}) == UNKNOWN


@pytest.mark.parametrize("value", ["XX", "T1", "ZZ", "EU", "de", "DEU", "D", "", "US,DE", "US, US", "Ü1", "<b"])
def test_header_that_names_no_country_is_unknown(settings, value):
    settings.TRUSTED_PROXIES, settings.COUNTRY_HEADER = ["10.0.0.0/8"], "CF-IPCountry"
    assert consent.location_of({"REMOTE_ADDR": "10.0.0.1", "HTTP_CF_IPCOUNTRY": value}) == UNKNOWN


def test_header_counts_only_from_a_trusted_proxy(settings):
    settings.COUNTRY_HEADER = "CF-IPCountry"
    given = {"REMOTE_ADDR": "10.0.0.1", "HTTP_CF_IPCOUNTRY": "FR"}
    assert consent.location_of(given) == UNKNOWN
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert consent.location_of(given) == Location("FR", "EEA", "header")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.1", "8.8.8.8", "198.51.100.1"),  # nobody to trust
        ("10.0.0.1", "1.1.1.1, 8.8.8.8", "8.8.8.8"),  # what the visitor wrote himself stands further left
        ("10.0.0.1", "1.1.1.1, 8.8.8.8, 10.0.0.2", "8.8.8.8"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "8.8.8.8, nonsense", "None"),
    ],
)
def test_forwarded_addresses_are_read_from_the_right(settings, peer, forwarded, client):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert str(visitors.client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded})) == client


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 100])
def test_broken_country_file_is_unknown_and_signup_works(settings, sink, tmp_path, content):  # noqa: F811
    path = tmp_path / "country.mmdb"
    if content is not None:
        path.write_bytes(content)
    settings.GEOIP_PATH = str(path)
    assert consent.location_of({"REMOTE_ADDR": "8.8.8.8"}) == UNKNOWN
    assert ask("a@b.co", REMOTE_ADDR="8.8.8.8").status_code == 303
    assert Subscriber.objects.get().regime == "STRICT"


def test_signup_stores_country_regime_source_and_date_alone(sink):  # noqa: F811
    ask("a@b.co", REMOTE_ADDR="8.8.8.8")
    found = Subscriber.objects.values("country", "regime", "location_source", "location_data").get()
    assert (found["country"], found["regime"], found["location_source"]) == ("US", "US", "registry")


# --- the table of regimes -------------------------------------------------------------------------------------------
TABLE = {
    "EEA": (30, "DE", "GDPR"), "UK": (4, "GB", "PECR"), "CH": (1, "CH", "Data Protection"), "CA": (1, "CA", "CASL"),
    "US": (6, "US", "CAN-SPAM"), "BR": (1, "BR", "LGPD"), "AU": (1, "AU", "Spam Act 2003"), "NZ": (1, "NZ", "2007"),
    "SG": (1, "SG", "Spam Control"), "JP": (1, "JP", "APPI"), "KR": (1, "KR", "Network Act"), "ZA": (1, "ZA", "POPIA"),
    "IL": (1, "IL", "30A"), "CN": (1, "CN", "PIPL"), "IN": (1, "IN", "DPDP"), "STRICT": (0, "", "union"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_regime_has_its_countries_law_and_the_whole_baseline(name, settings):
    settings.NEWSLETTER_POSTAL_ADDRESS = "1 Test Street"
    number, country, law = TABLE[name]
    regime = consent.BY_NAME[name]
    assert (len(regime.countries.split()), law in regime.law) == (number, True)
    if country:
        assert consent.located(country, "header").regime == name
    assert set(consent.BASELINE) <= set(consent.words(regime))
    assert set(regime.duties) <= set(consent.STRICT.duties)  # unknown is never treated less strictly
    message = mail.confirm_message("a@b.co", "t", Subscriber().public_id, name, timezone.now())
    for part in (message.body, message.alternatives[0].content):
        shown = part.replace("&#x27;", "'")
        for needed in (
            *consent.words(regime),
            regime.law,
            "1 Test Street",
            settings.NEWSLETTER_OPERATOR,
            "/privacy/",
            "/newsletter/leave/",
        ):
            assert needed in shown


def test_table_of_regimes_is_the_agreed_one():
    assert (set(TABLE), len(consent.BY_COUNTRY)) == (set(consent.BY_NAME), 52)
    assert consent.located("NG", "header") == Location("NG", "STRICT", "header")


@pytest.mark.parametrize("name", TABLE)
def test_form_shows_the_words_of_the_regime(name, settings, sink):  # noqa: F811
    settings.TRUSTED_PROXIES, settings.COUNTRY_HEADER = ["127.0.0.1"], "X-Country"
    html = (
        Client()
        .get("/newsletter/", headers={"X-Country": TABLE[name][1] or "ZZ"})
        .content.decode()
        .replace("&#x27;", "'")
    )
    regime = consent.BY_NAME[name]
    for needed in (*consent.words(regime), regime.law, consent.sentence(regime), "1 Test Street, Testville"):
        assert needed in html


# --- no trace -------------------------------------------------------------------------------------------------------
def spellings(address: str) -> set[bytes]:
    """An address as text, packed, in hex and as its plain digests, the ways by which one would find it again."""
    packed = ipaddress.ip_address(address).packed
    texts = {address.encode(), ipaddress.ip_address(address).exploded.encode(), packed.hex().encode()}
    digests = {kind(part).hexdigest().encode() for kind in (md5, sha1, sha256) for part in (address.encode(), packed)}
    return texts | digests | {packed}


@pytest.mark.parametrize("visitor", VISITORS)
def test_whole_flow_leaves_no_trace_of_the_visitor(sink, settings, caplog, tmp_path, monkeypatch, visitor):  # noqa: F811
    """Sign-up, confirm, leave, a refusal and a fault of our own; then database, logs, mails and state folder are searched."""
    caplog.set_level(logging.DEBUG)
    client = Client(raise_request_exception=False, REMOTE_ADDR=visitor)
    assert ask("a@b.co", client).status_code == 303
    finish_mail()
    confirm, leave = (
        sink.mails[0].get_body(("plain",)).get_content().split(f"/newsletter/{kind}/")[1].split()[0]
        for kind in ("confirm", "leave")
    )
    client.get(f"/newsletter/confirm/{confirm}")
    client.post(f"/newsletter/confirm/{confirm}")
    client.post(f"/newsletter/leave/{leave}")
    client.get("/newsletter/confirm/none/")
    assert [ask(f"a{n}@d{n}.co", client).status_code for n in range(11)][-1] == 429
    monkeypatch.setattr(subscriptions, "sign_up", lambda *_: 1 / 0)
    visitors.forget_clients()
    assert ask("b@b.co", client).status_code == 500
    found = [caplog.text.encode(), *(raw for _, raw in sink.accepted), repr(visitors._clients).encode()]
    found += [path.read_bytes() for path in site.STATE_DIR.rglob("*") if path.is_file()]
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        found.append(connection.connection.serialize())
    hits = [(mark, len(text)) for text in found for mark in spellings(visitor) if mark in text]
    assert hits == []


def test_full_disk_says_later_and_shows_the_rest(sink, monkeypatch, caplog):  # noqa: F811
    def refuse(*_):
        raise OperationalError("database or disk is full: secret@b.co")

    monkeypatch.setattr(subscriptions, "sign_up", refuse)
    response = ask("secret@b.co")
    assert (response.status_code, response.headers["Retry-After"], "secret@b.co" in caplog.text) == (503, "60", False)
    assert Client().get("/privacy/").status_code == 200


# --- events of a provider -------------------------------------------------------------------------------------------
def test_events_are_closed_without_provider_and_secret(settings):
    for provider, anymail in (("", {}), ("postmark", {}), ("mailgun", {"WEBHOOK_SECRET": "a:b"})):
        settings.EMAIL_PROVIDER, settings.ANYMAIL = provider, anymail
        assert Client().post("/newsletter/events/postmark/", "{}", content_type="application/json").status_code == 404


BOUNCE = '{"RecordType":"Bounce","Type":"HardBounce","TypeCode":1,"MessageID":"m","Email":"other@b.co","BouncedAt":"2026-11-23T01:00:00Z","Description":"gone","Details":"smtp;550 5.1.1 no such user","Metadata":{"message_id":"%s"}}'


def test_events_of_a_provider_touch_the_owner_of_the_mail(settings, sink):  # noqa: F811
    pytest.importorskip("anymail")
    settings.EMAIL_PROVIDER, settings.ANYMAIL = "postmark", {"WEBHOOK_SECRET": "user:secret"}
    signed_up(sink, "a@b.co")
    found = Subscriber.objects.get()
    right = {"HTTP_AUTHORIZATION": "Basic dXNlcjpzZWNyZXQ="}
    bounce = BOUNCE % f"<2026-W47.{found.public_id.hex}@benchlm.example>"

    def post(body: str, **auth) -> int:
        return (
            Client()
            .post("/newsletter/events/postmark/", body, content_type="application/json", **(auth or right))
            .status_code
        )

    assert post(BOUNCE % "<2026-W47.00000000000000000000000000000000@benchlm.example>") == 200
    assert (post(bounce, HTTP_AUTHORIZATION="Basic eDp5"), post("{"), post("[]"), post("x" * 1_000_000)) == (
        400,
        400,
        400,
        413,
    )
    assert Subscriber.objects.with_address().count() == 1
    assert [post(bounce) for _ in range(10)] == [200] * 10
    assert list(Subscriber.objects.values_list("status", "email")) == [("suspended", "")]
