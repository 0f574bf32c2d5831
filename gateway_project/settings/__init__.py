"""Every setting of the gateway, and with `environment` the only place that reads the environment.

A variable may also stand in a `.env` file beside manage.py; a secret may be given as `NAME_FILE`, the path of a file
that holds it. An invalid value stops the start with one sentence.
"""

import base64
import binascii
import os
import secrets
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from gateway_project import __version__
from gateway_project.settings import environment
from gateway_project.settings.apps_and_middleware import *  # noqa: F403
from gateway_project.settings.environment import (
    choice,
    host,
    hosts,
    networks,
    optional_url,
    origins,
    path_prefix,
    proxy,
    seconds,
    secret,
    switch,
    text,
    token,
    url,
    urls,
    usual_proxy,
    whole,
)
from gateway_project.settings.logs import LOGGING as LOGGING
from gateway_project.settings.security import *  # noqa: F403
from gateway_project.settings.theme import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parents[2]  # where manage.py stands
LOOPBACK = ("127.0.0.1", "localhost", "::1")

environment.read_file(BASE_DIR / ".env")


def data_dir() -> Path:
    """The data directory, created with mode 0700 when it is first needed."""
    try:
        GATEWAY_DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"GATEWAY_DATA_DIR {GATEWAY_DATA_DIR} cannot be made: {error.strerror}.") from error
    return GATEWAY_DATA_DIR


def kept_secret(file_name: str) -> str:
    """A random 32-byte key in the data directory; if several processes start at once, one of them writes it."""
    path = data_dir() / file_name
    try:
        return kept(path)
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be made or read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{path} is not a text file.") from error


def kept(path: Path) -> str:
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
        with os.fdopen(handle, "w") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n")
        try:
            os.link(draft, path)  # unlike rename, a link never replaces what another process has just put there
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)  # noqa: PTH108
    found = path.read_text(encoding="utf-8").strip()
    if not found:
        raise ImproperlyConfigured(
            f"{path} is empty: put back the key that stood there, or remove the file where nothing was encrypted or "
            "signed with it."
        )
    return found


def encryption_keys(given: str, where: str = "GATEWAY_ENCRYPTION_KEYS") -> list[str]:
    keys = [key.strip() for key in given.replace("\n", ",").split(",") if key.strip()]
    for number, key in enumerate(keys, 1):
        try:
            size = len(base64.b64decode(key, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError):
            size = 0
        if size != 32:
            raise ImproperlyConfigured(
                f"{where}: key {number} is not 32 bytes in base64. Make one with "
                "`python manage.py rotate_encryption_key --new-key`."
            )
    if given and not keys:
        raise ImproperlyConfigured(f"{where} is a list with no key in it.")
    return keys


# --- Listening address and data

GATEWAY_HOST = host("GATEWAY_HOST", "127.0.0.1")
GATEWAY_PORT = whole("GATEWAY_PORT", 8045, 0, 65535)
GATEWAY_PATH_PREFIX = path_prefix("GATEWAY_PATH_PREFIX")
GATEWAY_PUBLIC_URL = optional_url("GATEWAY_PUBLIC_URL")
GATEWAY_DATA_DIR = (BASE_DIR / text("GATEWAY_DATA_DIR", "var")).resolve()
GATEWAY_ENCRYPTION_KEYS = encryption_keys(secret("GATEWAY_ENCRYPTION_KEYS"))
GATEWAY_ENCRYPTION_KEYS_GIVEN = bool(GATEWAY_ENCRYPTION_KEYS)
if not GATEWAY_ENCRYPTION_KEYS_GIVEN:
    GATEWAY_ENCRYPTION_KEYS = encryption_keys(kept_secret("encryption.key"), str(GATEWAY_DATA_DIR / "encryption.key"))
SECRET_KEY = secret("GATEWAY_SECRET_KEY") or kept_secret("secret.key")
DEBUG = switch("GATEWAY_DEBUG")

# --- Authentication

GATEWAY_AUTH_MODE = choice("GATEWAY_AUTH_MODE", "auto", ("auto", "off", "strict", "all_except_health"))
GATEWAY_API_KEY = token("GATEWAY_API_KEY")
GATEWAY_ALLOWED_HOSTS = hosts("GATEWAY_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
GATEWAY_CORS_ORIGINS = origins("GATEWAY_CORS_ORIGINS")
GATEWAY_TRUSTED_PROXIES = networks("GATEWAY_TRUSTED_PROXIES")

# --- Upstream

USER_AGENT = f"gemini-gateway/{__version__}"
CLOUD_CODE_URLS = urls(
    "CLOUD_CODE_URLS",
    "https://cloudcode-pa.googleapis.com,https://daily-cloudcode-pa.sandbox.googleapis.com",
)
GEMINI_API_URL = url("GEMINI_API_URL", "https://generativelanguage.googleapis.com")
GATEWAY_FORWARD_UNKNOWN = switch("GATEWAY_FORWARD_UNKNOWN", default=True)
GATEWAY_PROXY_URL = proxy("GATEWAY_PROXY_URL")
ENVIRONMENT_PROXY_URL, ENVIRONMENT_NO_PROXY = usual_proxy()
GOOGLE_OAUTH_CLIENT_ID = text("GOOGLE_OAUTH_CLIENT_ID")
GOOGLE_OAUTH_CLIENT_SECRET = secret("GOOGLE_OAUTH_CLIENT_SECRET")
GOOGLE_OAUTH_AUTHORIZE_URL = url("GOOGLE_OAUTH_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth")
GOOGLE_OAUTH_TOKEN_URL = url("GOOGLE_OAUTH_TOKEN_URL", "https://oauth2.googleapis.com/token")
GOOGLE_USERINFO_URL = url("GOOGLE_USERINFO_URL", "https://www.googleapis.com/oauth2/v2/userinfo")

# --- Responses

GATEWAY_STREAM_DEFAULT = choice("GATEWAY_STREAM_DEFAULT", "auto", ("auto", "sse", "json"))

# --- Limits

GATEWAY_MAX_BODY_MB = whole("GATEWAY_MAX_BODY_MB", 100, 1, 4096)
GATEWAY_MAX_UPLOAD_MB = whole("GATEWAY_MAX_UPLOAD_MB", 2100, 1, 1024 * 1024)
GATEWAY_MAX_ATTEMPTS = whole("GATEWAY_MAX_ATTEMPTS", 3, 1, 20)
GATEWAY_CONNECT_TIMEOUT = seconds("GATEWAY_CONNECT_TIMEOUT", 20.0, low=0.01)
GATEWAY_FIRST_EVENT_TIMEOUT = seconds("GATEWAY_FIRST_EVENT_TIMEOUT", 300.0, low=0.01)
GATEWAY_PLAIN_ANSWER_TIMEOUT = seconds("GATEWAY_PLAIN_ANSWER_TIMEOUT", 1800.0, low=0.01)
GATEWAY_MAX_SERVER_TIMEOUT = seconds("GATEWAY_MAX_SERVER_TIMEOUT", 3600.0, low=0.01)
GATEWAY_IDLE_TIMEOUT = seconds("GATEWAY_IDLE_TIMEOUT", 300.0, low=0.01)
GATEWAY_MAX_WAIT = seconds("GATEWAY_MAX_WAIT", 10.0)
GATEWAY_DRAIN_SECONDS = seconds("GATEWAY_DRAIN_SECONDS", 30.0)
GATEWAY_BUFFER_MB = whole("GATEWAY_BUFFER_MB", 1024, 1, 1024 * 1024)
if GATEWAY_BUFFER_MB < GATEWAY_MAX_BODY_MB:
    raise ImproperlyConfigured(
        f"GATEWAY_BUFFER_MB ({GATEWAY_BUFFER_MB}) must not be less than GATEWAY_MAX_BODY_MB ({GATEWAY_MAX_BODY_MB}): "
        "a request of that size would never be taken."
    )
GATEWAY_SPOOL_MB = whole("GATEWAY_SPOOL_MB", 512, 0, 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = GATEWAY_MAX_BODY_MB * 1024 * 1024

# --- Database and cache


def require_scheme(name: str, given: str, schemes: set[str]) -> None:
    try:
        parts = urlsplit(given)
        known = parts.scheme in schemes and parts.port != 0
    except ValueError:  # a port that is none, brackets that do not close
        known = False
    if not known:  # the URL itself, which may hold a password, stays out of the message
        raise ImproperlyConfigured(f"{name} must be a URL that starts with {' or '.join(sorted(schemes))}.")


def database() -> dict:
    given = secret("DATABASE_URL") or f"sqlite:///{data_dir() / 'gateway.sqlite3'}"
    require_scheme("DATABASE_URL", given, {"sqlite", "postgres", "postgresql"})
    config = environ.Env.db_url_config(given)
    if config["NAME"] in ("", ":memory:"):
        raise ImproperlyConfigured("DATABASE_URL must name a database: a file for SQLite, postgres://…/NAME otherwise.")
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        if not Path(config["NAME"]).absolute().parent.is_dir():
            raise ImproperlyConfigured(f"DATABASE_URL names {config['NAME']}, in a directory that is not there.")
        # IMMEDIATE: a writer waits for the lock at the start instead of failing half-way with "database is locked".
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        # Threads share a test database only when it is a file.
        config["TEST"] = {"NAME": str(data_dir() / "test.sqlite3")}
    else:
        if not (find_spec("psycopg") or find_spec("psycopg2")):
            raise ImproperlyConfigured(
                'DATABASE_URL needs the package psycopg, which is not installed here: pip install "psycopg[binary]".'
            )
        # A host that is gone is noticed within 20 seconds; what the URL itself says wins.
        config["OPTIONS"] = options = {
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 20_000,
            **options,
        }
    if "pool" in options:
        options["pool"] = str(options["pool"]).lower() in ("1", "true", "yes")
    return config


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHE_URL = secret("CACHE_URL", "locmemcache://")
require_scheme("CACHE_URL", CACHE_URL, {"locmemcache", "redis", "rediss"})
if not CACHE_URL.startswith("locmemcache") and find_spec("redis") is None:
    raise ImproperlyConfigured("CACHE_URL needs the package redis, which is not installed here.")
CACHES = {"default": environ.Env.cache_url_config(CACHE_URL)}

# --- Django

ROOT_URLCONF = "gateway_project.urls"
ASGI_APPLICATION = "gateway_project.asgi.application"

# Intermediaries commonly close a connection that was silent for 30 s or a minute.
API_HEARTBEAT_SECONDS = 15.0
# Besides "/" itself, paths under these are the console's; every other path is the API's.
CONSOLE_PATHS = ("/admin", "/static", "/i18n")

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "gateway_project" / "templates"],  # before unfold's own
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["gateway_project.formats"]
LANGUAGE_COOKIE_NAME = "gateway_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # the choice outlives the browser session
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "gateway_project.messages.prefix.StaticFiles"},
}
WHITENOISE_USE_FINDERS = True  # no collectstatic step
WHITENOISE_AUTOREFRESH = DEBUG

# --- Security

ALLOWED_HOSTS = GATEWAY_ALLOWED_HOSTS
# Behind a proxy that ends TLS the browser's Origin says https while the request arrives as http.
CSRF_TRUSTED_ORIGINS = [
    f"https://{'*' + host if host.startswith('.') else host}"
    for host in GATEWAY_ALLOWED_HOSTS
    if host != "*" and host.strip("[]") not in LOOPBACK
]
if GATEWAY_TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
