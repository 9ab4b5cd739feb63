"""Where a visitor comes from: derived once, in memory, and found in no table, file or log afterwards."""

import datetime
import ipaddress
import logging
import os
import sys
from hashlib import md5, sha1, sha256

import pytest
from django.conf import settings as site
from django.db import connection
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


# The MaxMind DB format, as far as a file with one answer for every address needs it: type and size, then the value.
def coded(value: str | int | dict | list) -> bytes:
    match value:
        case str():
            return bytes([2 << 5 | len(value)]) + value.encode()
        case int():
            return bytes([8, 2]) + value.to_bytes(8)
        case dict():
            return bytes([7 << 5 | len(value)]) + b"".join(coded(key) + coded(value[key]) for key in value)
        case list():
            return bytes([len(value), 4]) + b"".join(map(coded, value))


def country_file(country: str, made_on: str) -> bytes:
    """A tree of one node that leads to one record, whichever way an address turns."""
    facts = {
        "node_count": 1,
        "record_size": 24,
        "ip_version": 6,
        "database_type": "Country",
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": int(datetime.datetime.fromisoformat(f"{made_on}T12:00:00+00:00").timestamp()),
        "description": {},
    }
    record = coded({"country": {"iso_code": country}})
    return (1 + 16).to_bytes(3) * 2 + bytes(16) + record + b"\xab\xcd\xefMaxMind.com" + coded(facts)


def test_country_file_is_read_and_may_be_replaced_while_the_site_runs(settings, tmp_path):
    """By a rename, in place, by a broken one, and by one of the same size and time of change."""
    path = tmp_path / "country.mmdb"
    settings.GEOIP_PATH = str(path)
    found = []
    for content in (country_file("DE", "2026-11-01"), b"broken", country_file("CH", "2026-11-20")):
        new = tmp_path / "new"
        new.write_bytes(content)
        new.rename(path)
        found += [consent.location_of({"REMOTE_ADDR": visitor}) for visitor in ("8.8.8.8", "2a00:1450::1")]
    before = path.stat()
    path.write_bytes(country_file("BR", "2026-11-25"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    found.append(consent.location_of({"REMOTE_ADDR": "8.8.8.8"}))
    assert found == [
        *[Location("DE", "EEA", "mmdb", "2026-11-01")] * 2,
        *[UNKNOWN] * 2,
        *[Location("CH", "CH", "mmdb", "2026-11-20")] * 2,
        Location("BR", "BR", "mmdb", "2026-11-25"),
    ]


def test_country_file_that_says_nonsense_is_unknown(settings, tmp_path):
    path = tmp_path / "country.mmdb"
    settings.GEOIP_PATH = str(path)
    for country in ("EU", "xx", "", "DEU"):
        path.write_bytes(country_file(country, "2026-11-01"))
        assert consent.location_of({"REMOTE_ADDR": "8.8.8.8"}) == UNKNOWN
    whole = country_file("DE", "2026-11-01")
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert consent.location_of({"REMOTE_ADDR": "8.8.8.8"}) == UNKNOWN


@pytest.mark.parametrize("content", [None, b"", b"not a database" * 100])
def test_broken_country_file_is_unknown_and_signup_works(settings, sink, tmp_path, content):  # noqa: F811
    path = tmp_path / "country.mmdb"
    if content is not None:
        path.write_bytes(content)
    settings.GEOIP_PATH = str(path)
    assert consent.location_of({"REMOTE_ADDR": "8.8.8.8"}) == UNKNOWN
    assert ask("a@b.co", REMOTE_ADDR="8.8.8.8").status_code == 303
    assert Subscriber.objects.get().regime == "STRICT"


@pytest.mark.parametrize(("package", "path"), [("maxminddb", __file__), ("iptocc", "")])
def test_missing_country_package_is_unknown_and_signup_works(settings, sink, monkeypatch, package, path):  # noqa: F811
    monkeypatch.setitem(sys.modules, package, None)  # as where it is not installed
    settings.GEOIP_PATH = path
    consent._opened.cache_clear()
    assert ask("a@b.co", REMOTE_ADDR="8.8.8.8").status_code == 303
    assert Subscriber.objects.values_list("country", "regime", "location_source").get() == ("", "STRICT", "unknown")


@pytest.mark.parametrize("peer", ["", "x", "10.0.0.1", "fd00::1", "::ffff:8.8.8.8", "fe80::1%eth0", *VISITORS])
def test_signup_works_from_an_address_that_says_nothing(sink, peer):  # noqa: F811
    assert ask("a@b.co", REMOTE_ADDR=peer).status_code == 303
    assert Subscriber.objects.values_list("country", "regime", "location_source").get() == ("", "STRICT", "unknown")


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
    settings.ADMINS = ["operator@benchlm.example"]  # gets no error mail: it would hold the request
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
    assert "operator@benchlm.example" not in sink.recipients
    found = [caplog.text.encode(), *(raw for _, raw in sink.accepted), repr(visitors._clients).encode()]
    found += [path.read_bytes() for path in site.STATE_DIR.rglob("*") if path.is_file()]
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        found.append(connection.connection.serialize())
    hits = [(mark, len(text)) for text in found for mark in spellings(visitor) if mark in text]
    assert hits == []


@pytest.fixture
def read_only():
    """A function after which the database of the test takes no entry, as with a full or read-only disk."""

    no_more, again = {
        "sqlite": ("PRAGMA query_only=ON", "PRAGMA query_only=OFF"),
        "postgresql": ("SAVEPOINT before; SET TRANSACTION READ ONLY", "ROLLBACK TO SAVEPOINT before"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        yield lambda: cursor.execute(no_more)
        cursor.execute(again)


def test_database_that_takes_no_entry_says_later_and_shows_the_rest(sink, read_only, caplog):  # noqa: F811
    confirm, leave = signed_up(sink)
    read_only()
    for response in (ask("secret@b.co"), Client().post(confirm), Client().post(leave)):
        assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
        assert "Please try later" in response.content.decode()
        assert response.headers["Cache-Control"] == "no-store, private"
    assert "secret@b.co" not in caplog.text
    for path in (confirm, leave, "/privacy/", "/newsletter/", "/newsletter/sample/"):
        assert Client().get(path).status_code == 200
    finish_mail()
    assert len(sink.accepted) == 1


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
    Subscriber.objects.all().delete()
    assert post(bounce) == 200
