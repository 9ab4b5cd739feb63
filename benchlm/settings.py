"""Every setting of the site. Whatever differs between machines comes from the environment; CONTRIBUTING.md lists the names."""

import os
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.utils.csp import CSP

from benchlm.secrets import local_key, refuse_weak_key

IS_GUNICORN = "gunicorn" in os.environ.get("SERVER_SOFTWARE", "")
BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")
# Before numpy is imported: of matrices as small as ours, threads that wait for each other make one product forty times the work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

STATE_DIR = Path(env.str("STATE_DIR", default=str(BASE_DIR / "var")))
STATE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys, addresses: its owner's alone

# --- where the site lives -------------------------------------------------------------------------------------------
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "testserver"}
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{env.int('PORT', default=8000)}")
SITE_URL = urlsplit(SITE_URL.rstrip("/")).geturl()  # the scheme in small letters, as it is compared below
BLOCKED_CRAWLERS = env.list("BLOCKED_CRAWLERS", default=[])  # names that robots.txt turns away, for example GPTBot
CONTACT_URL = env.str("CONTACT_URL", default="")  # where a reader reports a wrong score: a mailto: or https: address
IS_PUBLIC = not set(ALLOWED_HOSTS) <= LOCAL_HOSTS or SITE_URL.startswith("https:")
if DEBUG and IS_PUBLIC:
    raise environ.ImproperlyConfigured("DEBUG must stay off on a public host: it shows source code to visitors.")

# A public site names its key. A local one writes its own on the first run, readable by its owner alone.
SECRET_KEY = (
    env.str("SECRET_KEY", default="")
    if IS_PUBLIC or "SECRET_KEY" in os.environ
    else local_key(STATE_DIR / "secret_key")
)
refuse_weak_key(SECRET_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# --- application ----------------------------------------------------------------------------------------------------
ADMIN_PATH = env.str("ADMIN_PATH", default="admin/").strip("/") + "/"
INSTALLED_APPS = [
    "benchlm.adminsite.BenchLMAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "simple_history",
    "benchlm",
    "comparisons",
    "benchlm.newsletter",
]
MIDDLEWARE = [
    "benchlm.logs.request_ids",
    "benchlm.pagestore.page_store",
    "benchlm.middleware.response_headers",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "benchlm.middleware.refusals",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]
ROOT_URLCONF = "benchlm.urls"
WSGI_APPLICATION = "benchlm.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "benchlm.logs.for_templates",
            ],
            "builtins": ["comparisons.templatetags.benchlm", "django.templatetags.static"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- data -----------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'benchlm.sqlite3'}")}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Readers never wait for the writer (WAL); a writer takes its lock at once instead of failing half-way (IMMEDIATE);
    # what is committed outlives a power cut (FULL): nobody who left, or got the mail of the week, gets it again.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-20000; PRAGMA mmap_size=134217728;",
    }
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # A server that is away, or a machine that is gone in mid-query, is noticed in seconds; what DATABASE_URL says wins.
    connecting = {"connect_timeout": 2, "tcp_user_timeout": 5_000, "keepalives_idle": 30, "application_name": "benchlm"}
    if IS_GUNICORN:  # no visitor waits longer; commands and migrations take the time they need
        limits = {"statement_timeout": "15s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"}
        connecting["options"] = " ".join(f"-c {name}={value}" for name, value in limits.items())
    DATABASES["default"]["OPTIONS"] = connecting | DATABASES["default"].get("OPTIONS", {})
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
HAS_SHARED_CACHE = "locmem" not in CACHES["default"]["BACKEND"]
if "redis" in CACHES["default"]["BACKEND"].lower():
    CACHES["default"].setdefault("OPTIONS", {}).update(socket_connect_timeout=0.5, socket_timeout=0.5)
PAGE_STORE_MB = (
    0 if DEBUG else env.int("PAGE_STORE_MB", default=24)
)  # finished pages in memory of each process; 0 keeps none
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

# A code of the curator's own device after the password: on a public site always, unless the operator says no.
ADMIN_TOTP = env.bool("ADMIN_TOTP", default=SITE_URL.startswith("https:"))
LOGIN_REDIRECT_URL = "admin:index"  # where an address that leads elsewhere was asked for
OTP_TOTP_ISSUER = f"BenchLM {urlsplit(SITE_URL).hostname}"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en-gb"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

# --- static files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if DEBUG:
    STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_ALLOW_ALL_ORIGINS = False


def source_digest() -> str:
    """Twelve hex digits over the code, templates and assets: a page of an older release never answers for a newer one."""
    digest = sha256()
    for folder in ("benchlm", "comparisons", "templates", "static"):
        for path in sorted((BASE_DIR / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".svg", ".css", ".js", ".txt", ".json"}:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


RELEASE = env.str("RELEASE", default="") or source_digest()

# --- what browsers are told -----------------------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A model page of the admin sends nine fields for each of its scores, a list one for each chosen row. What anybody may send is
# bounded in bytes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_COOKIE_PATH = "/" + ADMIN_PATH
if SITE_URL.startswith("https:"):
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz/$"]
    SECURE_HSTS_SECONDS = 63_072_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
    if env.bool("BEHIND_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


# --- the weekly email -----------------------------------------------------------------------------------------------
def mailer(url: dict) -> dict:
    """The mailer of an EMAIL_URL."""
    backend = url["EMAIL_BACKEND"]
    if backend.endswith("filebased.EmailBackend"):
        return {"BACKEND": backend, "OPTIONS": {"file_path": url["EMAIL_FILE_PATH"]}}
    if not backend.endswith("smtp.EmailBackend"):
        return {"BACKEND": backend}
    options = {"host": url["EMAIL_HOST"], "port": url["EMAIL_PORT"], "timeout": env.int("EMAIL_TIMEOUT", default=30)}
    options |= {"username": url["EMAIL_HOST_USER"], "password": url["EMAIL_HOST_PASSWORD"]}
    options |= {"use_tls": url.get("EMAIL_USE_TLS", False), "use_ssl": url.get("EMAIL_USE_SSL", False)}
    return {"BACKEND": "benchlm.newsletter.smtp.EmailBackend", "OPTIONS": options}


EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="")  # a name that django-anymail knows, for example postmark
ANYMAIL = env.json("ANYMAIL", default={})
# A public site hands its mail to the server of its machine, a local one writes it to files in the state folder.
LOCAL_MAIL = "smtp://localhost:25" if IS_PUBLIC else f"filemail:///{STATE_DIR.resolve() / 'mail'}"
MAILERS = {"default": mailer(env.email_url("EMAIL_URL", default=LOCAL_MAIL))}
if EMAIL_PROVIDER:
    MAILERS["default"] = {"BACKEND": f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"}
    INSTALLED_APPS.append("anymail")
DEFAULT_FROM_EMAIL = NEWSLETTER_FROM = env.str("NEWSLETTER_FROM", default="" if IS_PUBLIC else "weekly@localhost")
NEWSLETTER_OPERATOR = env.str("NEWSLETTER_OPERATOR", default="BenchLM")
NEWSLETTER_POSTAL_ADDRESS = env.str("NEWSLETTER_POSTAL_ADDRESS", default="" if IS_PUBLIC else "a local test run")
NEWSLETTER_IDEMPOTENCY_HEADER = env.str("NEWSLETTER_IDEMPOTENCY_HEADER", default="")
# Links of mails and the HMACs of addresses outlive SECRET_KEY. Machines that share a database must share this key.
NEWSLETTER_KEY = env.str("NEWSLETTER_KEY", default="") or local_key(STATE_DIR / "newsletter_key")
NEWSLETTER_KEY_FALLBACKS = env.list("NEWSLETTER_KEY_FALLBACKS", default=[])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # networks that say who their client is, and from where
COUNTRY_HEADER = env.str("COUNTRY_HEADER", default="")  # for example CF-IPCountry
GEOIP_PATH = env.str("GEOIP_PATH", default="")  # the operator's country file in MMDB format
WORKERS = env.int("WEB_CONCURRENCY", default=(os.cpu_count() or 1) if IS_GUNICORN else 1)

# --- logs: what happened, never to whom -----------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", default="json" if IS_PUBLIC else "text")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "benchlm.logs.WithRequestId"}, "outages": {"()": "benchlm.logs.BriefOutages"}},
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name}: {message} {request_id}", "style": "{"},
        "json": {"()": "benchlm.logs.JsonLines"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request", "outages"]}
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own mail handler would send request details, network address included, to ADMINS.
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
