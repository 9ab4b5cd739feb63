"""What a machine must be told before it serves the site, and what every response tells a browser."""

import os
import runpy
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

import benchlm.urls
from benchlm.secrets import local_key, refuse_weak_key

ROOT = Path(__file__).parents[1]
STRONG = "q7Vw2-Zr9Lx4Kc8Tn1Hb6Yd3Mf5Pj0Gs-Au2Ee7Rr4Ww9Qq1Ss6Dd"
PRODUCTION = {"ALLOWED_HOSTS": "benchlm.example", "SITE_URL": "https://benchlm.example", "SECRET_KEY": STRONG}


# --- the secret key -------------------------------------------------------------------------------------------------
def test_local_key_is_written_once_for_its_owner_alone(tmp_path):
    kept = tmp_path / "secret_key"
    first = local_key(kept)
    assert (first, first) == (local_key(kept), kept.read_text())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [kept]
    assert refuse_weak_key(first) is None


def test_local_key_of_another_folder_is_another(tmp_path):
    keys = {local_key(tmp_path / name) for name in ("one", "two")}
    assert len(keys) == 2


def test_local_key_reads_what_an_operator_wrote(tmp_path):
    kept = tmp_path / "secret_key"
    kept.write_text(f"{STRONG}\n")
    assert local_key(kept) == STRONG


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "SECRET_KEY is required on a public host. Make one with: openssl rand -base64 48"),
        *(
            (key, "SECRET_KEY is too weak: 50 random characters or more are needed.")
            for key in (STRONG[:49], "a" * 60, "abcd" * 20, " " * 60, f"django-insecure-{STRONG}", "secret")
        ),
    ],
)
def test_weak_key_is_refused(key, message):
    with pytest.raises(ImproperlyConfigured) as refused:
        refuse_weak_key(key)
    assert str(refused.value) == message


@pytest.mark.parametrize("key", [STRONG, STRONG[:50], "abcde" * 10])
def test_strong_key_is_accepted(key):
    assert refuse_weak_key(key) is None


# --- settings from the environment ----------------------------------------------------------------------------------
@pytest.fixture
def load(tmp_path):
    """The settings as a machine with just these variables would load them."""
    before = dict(os.environ)

    def run(**variables: str) -> dict[str, object]:
        os.environ.clear()
        os.environ.update({"STATE_DIR": str(tmp_path), "RELEASE": "test"} | variables)
        return runpy.run_path(str(ROOT / "benchlm" / "settings.py"))

    yield run
    os.environ.clear()
    os.environ.update(before)


def test_settings_of_a_bare_machine_are_local_and_closed(load, tmp_path):
    found = load()
    names = ("DEBUG", "IS_PUBLIC", "ALLOWED_HOSTS", "SITE_URL", "SECRET_KEY")
    assert {name: found[name] for name in names} == {
        "DEBUG": False,
        "IS_PUBLIC": False,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "SITE_URL": "http://127.0.0.1:8000",
        "SECRET_KEY": (tmp_path / "secret_key").read_text(),
    }
    assert load()["SECRET_KEY"] == found["SECRET_KEY"]


def test_debug_may_be_on_for_local_hosts_only(load):
    assert load(DEBUG="1")["DEBUG"] is True
    assert load(DEBUG="1", ALLOWED_HOSTS="localhost,testserver")["DEBUG"] is True


@pytest.mark.parametrize(
    "variables",
    [
        {"ALLOWED_HOSTS": "benchlm.example"},
        {"ALLOWED_HOSTS": "localhost,benchlm.example"},
        {"ALLOWED_HOSTS": "*"},
        {"ALLOWED_HOSTS": ".example"},
        {"SITE_URL": "https://benchlm.example"},
        {"SITE_URL": "HTTPS://benchlm.example"},
        PRODUCTION,
    ],
)
def test_debug_on_a_public_host_is_refused(load, variables):
    with pytest.raises(ImproperlyConfigured, match="DEBUG must stay off on a public host: it shows source code"):
        load(DEBUG="true", **variables)


@pytest.mark.parametrize("variables", [{"SITE_URL": "https://benchlm.example"}, {"ALLOWED_HOSTS": "benchlm.example"}])
def test_public_site_without_a_key_is_refused(load, tmp_path, variables):
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is required on a public host"):
        load(**variables)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["", "secret", f"django-insecure-{STRONG}"])
@pytest.mark.parametrize("variables", [{}, {"SITE_URL": "https://benchlm.example"}])
def test_weak_key_from_the_environment_is_refused_everywhere(load, key, variables):
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is "):
        load(SECRET_KEY=key, **variables)


SECURE = {
    "SECURE_SSL_REDIRECT": True,
    "SECURE_REDIRECT_EXEMPT": [r"^healthz/$"],
    "SECURE_HSTS_SECONDS": 63_072_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "CSRF_TRUSTED_ORIGINS": ["https://benchlm.example"],
}


@pytest.mark.parametrize("address", ["https://benchlm.example", "https://benchlm.example/", "HTTPS://benchlm.example"])
def test_https_site_turns_every_protection_on(load, address):
    found = load(**PRODUCTION | {"SITE_URL": address})
    assert {name: found.get(name) for name in SECURE} == SECURE
    assert (found["SITE_URL"], "SECURE_PROXY_SSL_HEADER" in found) == ("https://benchlm.example", False)


def test_proxy_header_is_trusted_only_when_told(load):
    assert load(**PRODUCTION, BEHIND_PROXY="1")["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_local_site_demands_no_https(load):
    assert {name for name in SECURE if name in load()} == set()


def test_cookies_stay_in_the_admin_and_out_of_scripts(load):
    found = load(**PRODUCTION, ADMIN_PATH="/curation/")
    names = ("ADMIN_PATH", "SESSION_COOKIE_PATH", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_HTTPONLY")
    assert [found[name] for name in names] == ["curation/", "/curation/", True, True]
    assert [found["SESSION_COOKIE_SAMESITE"], found["CSRF_COOKIE_SAMESITE"]] == ["Strict", "Strict"]


def test_web_processes_wait_for_postgres_no_longer_than_a_visitor_would(load):
    url = "postgres://me:secret@db.example/site?sslmode=require&connect_timeout=9"
    patient = {"connect_timeout": 9, "tcp_user_timeout": 5_000, "keepalives_idle": 30, "application_name": "benchlm"}
    patient["sslmode"] = "require"
    limits = "-c statement_timeout=15s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    assert load(DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"] == patient
    web = load(DATABASE_URL=url, SERVER_SOFTWARE="gunicorn/27")["DATABASES"]["default"]
    assert web["OPTIONS"] == patient | {"options": limits}
    assert (web["CONN_MAX_AGE"], web["CONN_HEALTH_CHECKS"]) == (600, True)


def test_shared_cache_is_given_half_a_second(load):
    found = load(CACHE_URL="redis://:secret@cache.example:6379/1?health_check_interval=30")
    assert (found["CACHES"]["default"]["LOCATION"], found["HAS_SHARED_CACHE"]) == (
        "redis://:secret@cache.example:6379/1",
        True,
    )
    wanted = {"health_check_interval": 30, "socket_connect_timeout": 0.5, "socket_timeout": 0.5}
    assert found["CACHES"]["default"]["OPTIONS"] == wanted


def test_deploy_check_is_clean_in_production(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STATE_DIR": str(tmp_path), "RELEASE": "test"} | PRODUCTION,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "System check identified no issues (0 silenced).\n")


# --- what every response carries ------------------------------------------------------------------------------------
def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of our own")


urlpatterns = [path("broken/", broken), *benchlm.urls.urlpatterns]
handler404, handler500 = benchlm.urls.handler404, benchlm.urls.handler500

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Server": None,
    "X-Powered-By": None,
}


@pytest.fixture
def https(settings, db):
    """A client of a public site: the protections of production, one static file, one page that fails."""
    for name, value in SECURE.items():
        setattr(settings, name, value)
    settings.ROOT_URLCONF = __name__
    probe = Path(settings.STATIC_ROOT) / "probe.css"
    probe.write_text("p{color:red}")
    yield Client(raise_request_exception=False)
    probe.unlink()


RESPONSES = [
    ("GET", "/privacy/", {}, 200),
    ("HEAD", "/privacy/", {}, 200),
    ("GET", "/healthz/", {}, 200),
    ("GET", "/models", {}, 301),
    ("GET", "/nowhere/", {}, 404),
    ("GET", "/compare/a-vs-b/", {}, 404),
    ("GET", "/compare/?a=nobody", {}, 422),
    ("GET", "/broken/", {}, 500),
    ("GET", "/privacy/", {"host": "evil.test"}, 400),
    ("PUT", "/privacy/", {}, 405),
    ("POST", "/privacy/", {}, 405),
    ("OPTIONS", "/privacy/", {}, 405),
    ("GET", "/static/probe.css", {}, 200),
    ("HEAD", "/static/probe.css", {}, 200),
    ("GET", "/static/missing.css", {}, 404),
    ("GET", "/admin/", {}, 302),
    ("GET", "/admin/login/", {}, 200),
]


@pytest.mark.parametrize(("method", "address", "headers", "status"), RESPONSES)
def test_response_carries_the_whole_set_of_headers(https, method, address, headers, status):
    response = https.generic(method, address, headers=headers, secure=True)
    found = {name: response.headers.get(name) for name in HEADERS}
    response.close()
    assert (response.status_code, found) == (status, HEADERS)


FORM = "application/x-www-form-urlencoded"
PRIVATE = [  # pages for one person; a form's page names itself to its own site, or it could not be sent
    ("GET", "/newsletter/", "", 200, "same-origin"),
    ("HEAD", "/newsletter/", "", 200, "same-origin"),
    ("GET", "/newsletter/?email=a@b.co", "", 422, "same-origin"),
    ("POST", "/newsletter/", "email=a@b", 422, "same-origin"),
    ("POST", "/newsletter/", "website=x", 303, "no-referrer"),
    ("POST", "/newsletter/", "email=" + "x" * 20_000, 413, "no-referrer"),
    ("GET", "/newsletter/check-inbox/", "", 200, "no-referrer"),
    ("GET", "/newsletter/welcome/", "", 200, "no-referrer"),
    ("GET", "/newsletter/confirm/x/", "", 404, "no-referrer"),
    ("POST", "/newsletter/confirm/x/", "", 404, "no-referrer"),
    ("GET", "/newsletter/leave/x/", "", 404, "no-referrer"),
    ("POST", "/newsletter/leave/x/", "", 404, "no-referrer"),
    ("GET", "/newsletter/my-data/x/", "", 404, "no-referrer"),
]


@pytest.mark.parametrize(("method", "address", "body", "status", "referrer"), PRIVATE)
def test_private_response_carries_the_headers_and_is_kept_by_nobody(https, method, address, body, status, referrer):
    response = https.generic(method, address, body, content_type=FORM, secure=True)
    found = {name: response.headers.get(name) for name in (*HEADERS, "Cache-Control", "X-Robots-Tag")}
    assert (response.status_code, found) == (
        status,
        HEADERS
        | {"Referrer-Policy": referrer, "Cache-Control": "no-store, private", "X-Robots-Tag": "noindex, nofollow"},
    )


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [("GET", "/newsletter/sample/", 200), ("GET", "/newsletter/2026-W01/", 404), ("POST", "/newsletter/my-data/x/", 405),
     ("PUT", "/newsletter/", 405), ("POST", "/newsletter/events/postmark/", 404), ("POST", "/newsletter/2026-W01/", 405)],
)  # fmt: skip
def test_other_response_of_the_newsletter_carries_the_headers(https, method, address, status):
    response = https.generic(method, address, "", content_type=FORM, secure=True)
    found = {name: response.headers.get(name) for name in HEADERS}
    assert (response.status_code, found | {"Referrer-Policy": HEADERS["Referrer-Policy"]}) == (status, HEADERS)
    assert not response.cookies


def test_response_to_plain_http_is_one_redirect_with_headers(https):
    response = https.get("/privacy/?x=1")
    secured = dict(HEADERS) | {"Strict-Transport-Security": None}  # never said on plain http (RFC 6797, 7.2)
    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/privacy/?x=1")
    assert {name: response.headers.get(name) for name in secured} == secured
    assert https.get("/healthz/").status_code == 200


def test_not_modified_response_carries_the_headers(https):
    tag = https.get("/privacy/", secure=True).headers["ETag"]
    response = https.get("/privacy/", headers={"if-none-match": tag}, secure=True)
    assert (response.status_code, response.content) == (304, b"")
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS


def test_policy_allows_nothing_unsafe():
    assert [word for word in ("unsafe", "*", "http:", "https:", "strict-dynamic", "nonce") if word in CSP] == []


@pytest.mark.parametrize("address", ["/privacy/", "/nowhere/", "/broken/", "/models", "/static/probe.css", "/healthz/"])
def test_public_response_sets_no_cookie(https, address):
    response = https.get(address, secure=True)
    response.close()
    assert dict(response.cookies) == {}


def test_failing_page_shows_nothing_of_the_fault(https):
    response = https.get("/broken/", secure=True)
    assert response.status_code == 500
    assert [text for text in (b"fault of our own", b"Traceback", b"RuntimeError") if text in response.content] == []
