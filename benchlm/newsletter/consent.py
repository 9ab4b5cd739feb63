"""Which rules a sign-up falls under: the country derived once, in memory, and the table of regimes.

The baseline is the strictest rule for everyone. A regime only adds words. It is a conservative default and no legal advice: an
operator's lawyer should confirm it.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from comparisons.visitors import Address, client_address, is_trusted, parsed

TEXT_VERSION = "2026-11-26"  # of the sentences below: stored with each sign-up, raised with each change of a word
NOT_A_COUNTRY = {"XX", "T1", "ZZ", "EU", "AP", "A1", "A2", "O1"}

BASELINE = (
    "Nothing is sent before you press the button in the confirm mail.",
    "Every mail names the sender with its postal address and can be left with one click.",
    "You can see all that is stored on your address, correct it by signing up anew, and have it erased by leaving.",
    "We keep proof of your consent: when it was given, to which text and under which rules.",
)


@dataclass(frozen=True, slots=True)
class Regime:
    """`law` is named on the form and in the confirm mail, `duties` are the words that it adds to the baseline."""

    name: str
    countries: str  # two letters each
    law: str
    duties: tuple[str, ...]


REGIMES = (
    Regime(
        "EEA",
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK",
        "GDPR articles 6(1)(a), 7 and 13; ePrivacy Directive article 13",
        (
            "The legal basis is your consent, which you may withdraw at any time.",
            "You may complain to your data protection authority.",
        ),
    ),
    Regime(
        "UK",
        "GB GG IM JE",
        "UK GDPR; PECR regulations 22 and 23",
        (
            "The legal basis is your consent, which you may withdraw at any time.",
            "You may complain to the Information Commissioner.",
        ),
    ),
    Regime("CH", "CH", "revised Federal Act on Data Protection", ("You may ask which data are kept and for whom.",)),
    Regime(
        "CA",
        "CA",
        "CASL sections 6, 10 and 11; Quebec Law 25",
        (
            "You give express consent, which you may withdraw at any time.",
            "The person in charge of personal information answers at the sender's address.",
        ),
    ),
    Regime("US", "US PR GU VI AS MP", "CAN-SPAM Act", ("The mail is a commercial message.",)),
    Regime("BR", "BR", "LGPD articles 7 and 18", ("You may ask for access, correction and deletion.",)),
    Regime("AU", "AU", "Spam Act 2003", ("You give express consent.",)),
    Regime("NZ", "NZ", "Unsolicited Electronic Messages Act 2007", ("You give express consent.",)),
    Regime(
        "SG", "SG", "PDPA; Spam Control Act", ("You may withdraw consent with reasonable notice: it works at once.",)
    ),
    Regime(
        "JP",
        "JP",
        "Act on Regulation of Transmission of Specified Electronic Mail; APPI",
        ("You opt in before any mail.",),
    ),
    Regime(
        "KR",
        "KR",
        "Network Act article 50; PIPA",
        ("Every mail says since when you get it, so that you can choose anew.",),
    ),
    Regime("ZA", "ZA", "POPIA section 69", ("You may object at any time, free of charge.",)),
    Regime("IL", "IL", "Communications Law section 30A", ("The mail is an advertisement that you asked for.",)),
    Regime(
        "CN",
        "CN",
        "PIPL articles 13 and 39",
        ("Your address is stored outside China if the site is; you agree to that.",),
    ),
    Regime("IN", "IN", "DPDP Act 2023 sections 5 and 6", ("You may complain to the Data Protection Board.",)),
)
STRICT = Regime(
    "STRICT",
    "",
    "the union of the rules that we know",
    tuple(dict.fromkeys(duty for regime in REGIMES for duty in regime.duties)),
)
BY_NAME = {regime.name: regime for regime in (*REGIMES, STRICT)}
BY_COUNTRY = {country: regime for regime in REGIMES for country in regime.countries.split()}


def sentence(regime: Regime) -> str:
    """What pressing the button means: the one sentence of consent on the form."""
    return (
        f"By pressing the button I ask {settings.NEWSLETTER_OPERATOR} to send me one email a week about models, scores and the "
        "leaderboard, until I leave."
    )


def words(regime: Regime) -> tuple[str, ...]:
    """The baseline and what the regime adds, one sentence each."""
    return (*BASELINE, *regime.duties)


@dataclass(frozen=True, slots=True)
class Location:
    """All that is kept of where a sign-up came from: two letters, the regime, which source said so, the date of its data."""

    country: str
    regime: str
    source: str  # header, mmdb, registry or unknown
    data: str = ""


UNKNOWN = Location("", STRICT.name, "unknown")


def location_of(meta: Mapping[str, str]) -> Location:
    """Where a request comes from, by the first source that is configured and knows; nothing about it is kept."""
    if settings.COUNTRY_HEADER and is_trusted(parsed(meta.get("REMOTE_ADDR", ""))):
        named = meta.get(f"HTTP_{settings.COUNTRY_HEADER.upper().replace('-', '_')}", "")
        if named:
            return located(named, "header")
    address = client_address(meta)
    if address is None or not address.is_global or getattr(address, "ipv4_mapped", None):
        return UNKNOWN
    if settings.GEOIP_PATH:
        return _from_file(address)
    return _from_registry(address)


def located(country: str, source: str, data: str = "") -> Location:
    """A location with the regime of its country; anything but two capital letters of a country is unknown."""
    if (
        len(country) != 2
        or not country.isascii()
        or not country.isalpha()
        or not country.isupper()
        or country in NOT_A_COUNTRY
    ):
        return UNKNOWN
    return Location(country, BY_COUNTRY.get(country, STRICT).name, source, data)


def _from_file(address: Address) -> Location:
    """The operator's MMDB file; broken, missing or without its reader it says nothing."""
    try:
        reader, made_on = _opened(settings.GEOIP_PATH, Path(settings.GEOIP_PATH).stat().st_ctime_ns)
        record = reader.get(str(address)) or {}
        country = (record.get("country") or {}).get("iso_code") or ""
    except Exception:
        return UNKNOWN
    return located(country, "mmdb", made_on)


@lru_cache(maxsize=1)
def _opened(path: str, changed: int) -> tuple[object, str]:
    """The file as it was last changed or replaced, whole in memory, and the day on which it was made."""
    import maxminddb

    reader = maxminddb.open_database(path, maxminddb.MODE_MEMORY)
    return reader, datetime.datetime.fromtimestamp(reader.metadata().build_epoch, datetime.UTC).date().isoformat()


def _from_registry(address: Address) -> Location:
    try:
        import iptocc
    except ImportError:
        return UNKNOWN
    return located(iptocc.country_code(str(address)) or "", "registry", version("iptocc"))
