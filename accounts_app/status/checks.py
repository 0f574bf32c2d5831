"""Configuration warnings: Django system checks, each with an id and a hint."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError
from django.utils.translation import gettext as _

from accounts_app.models import Account, Credential, GatewaySettings, encryption
from accounts_app.pool.access.networks import is_loopback
from accounts_app.status.translate import translated
from accounts_app.storage import real_accounts

SQLITE = "django.db.backends.sqlite3"


@register("gateway")
def check_gateway(**options: Any) -> list[CheckMessage]:
    """All of them, in the order of their ids."""
    return [message for check in CHECKS for message in check()]


def _encryption_key() -> Iterator[CheckMessage]:
    if not settings.GATEWAY_ENCRYPTION_KEYS:
        yield Error(
            _("There is no encryption key: accounts can neither be stored nor read."),
            hint=_("Set GATEWAY_ENCRYPTION_KEYS; `python manage.py rotate_encryption_key --new-key` prints a key."),
            id="gateway.E001",
        )


def _open_to_the_network() -> Iterator[CheckMessage]:
    if _auth_mode() == "off" and not is_loopback(settings.GATEWAY_HOST):
        yield Warning(
            _(
                "No API key is asked for, and the gateway listens on %(host)s: "
                "whoever reaches it spends the accounts' quota."
            )
            % {"host": settings.GATEWAY_HOST},
            hint=_("Set “API key required” to all_except_health or strict on the console's settings page."),
            id="gateway.W001",
        )


def _open_behind_a_proxy() -> Iterator[CheckMessage]:
    open_here = _auth_mode() in ("off", "auto") and is_loopback(settings.GATEWAY_HOST)
    if open_here and settings.GATEWAY_TRUSTED_PROXIES:
        yield Warning(
            _(
                "A reverse proxy stands in front, and no API key is asked for on loopback: "
                "the proxy opens it to everyone."
            ),
            hint=_("Set “API key required” to all_except_health or strict on the console's settings page."),
            id="gateway.W002",
        )


def _open_to_web_pages() -> Iterator[CheckMessage]:
    if "*" in settings.GATEWAY_CORS_ORIGINS and _auth_mode() in ("off", "auto"):
        yield Warning(
            _("Any web page may call the gateway, and it may do so without an API key."),
            hint=_("Name the pages' origins in GATEWAY_CORS_ORIGINS, or ask for an API key."),
            id="gateway.W003",
        )


def _keys_of_one_node() -> Iterator[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"] != SQLITE and not settings.GATEWAY_ENCRYPTION_KEYS_GIVEN:
        yield Warning(
            _("The database may serve several nodes, but the encryption key was made on this one."),
            hint=_("Give every node the same GATEWAY_ENCRYPTION_KEYS and GATEWAY_SECRET_KEY."),
            id="gateway.W004",
        )


def _stored_secrets() -> Iterator[CheckMessage]:
    if not settings.GATEWAY_ENCRYPTION_KEYS:
        return  # E001 says so
    for credential in encryption.lost_first(Credential, "refresh_token", "access_token")[:1]:
        for secret in (credential.refresh_token, credential.access_token):
            if isinstance(secret, encryption.Unreadable):
                yield Warning(
                    _("Stored secrets cannot be read: %(reason)s") % {"reason": translated(secret.reason)},
                    hint=_(
                        "Accounts answer again as soon as the key they were stored with is in GATEWAY_ENCRYPTION_KEYS, "
                        "or when they are connected anew."
                    ),
                    id="gateway.W005",
                )
                return


def _lost_accounts() -> Iterator[CheckMessage]:
    if real_accounts.have_been() and not Account.objects.filter(is_demo=False).exists():
        yield Warning(
            _("Accounts have been connected here, and the database has none."),
            hint=_(
                "Put the right database back, or connect accounts. The demo accounts do not stand in for them; to "
                "have them again, remove the file real-accounts from the data directory."
            ),
            id="gateway.W011",
        )


def _oauth_client() -> Iterator[CheckMessage]:
    given = (bool(settings.GOOGLE_OAUTH_CLIENT_ID), bool(settings.GOOGLE_OAUTH_CLIENT_SECRET))
    at_google = (urlsplit(settings.GOOGLE_OAUTH_TOKEN_URL).hostname or "").endswith((".googleapis.com", ".google.com"))
    connected = Account.objects.filter(kind=Account.Kind.CLOUD_CODE, is_demo=False, enabled=True)
    if given == (False, True) or (not given[0] and at_google and connected.exists()):
        yield Warning(
            _("Google accounts are connected, but there is no OAuth client: their tokens cannot be refreshed.")
            if not any(given)
            else _("GOOGLE_OAUTH_CLIENT_SECRET is set without GOOGLE_OAUTH_CLIENT_ID."),
            hint=_(
                "Set GOOGLE_OAUTH_CLIENT_ID and GOOGLE_OAUTH_CLIENT_SECRET to the client the accounts consented to."
            ),
            id="gateway.W006",
        )


def _unencrypted_upstreams() -> Iterator[CheckMessage]:
    upstreams = {
        "GEMINI_API_URL": settings.GEMINI_API_URL,
        "GOOGLE_OAUTH_TOKEN_URL": settings.GOOGLE_OAUTH_TOKEN_URL,
        "GOOGLE_USERINFO_URL": settings.GOOGLE_USERINFO_URL,
        **{f"CLOUD_CODE_URLS ({base})": base for base in settings.CLOUD_CODE_URLS},
    }
    for name, url in upstreams.items():
        parts = urlsplit(url)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield Warning(
                _("%(name)s is not https: tokens and prompts travel in the clear.") % {"name": name},
                hint=_("Use an https URL, or a host on loopback."),
                id="gateway.W007",
            )


def _data_directory() -> Iterator[CheckMessage]:
    directory = settings.GATEWAY_DATA_DIR
    if directory.is_dir() and directory.stat().st_mode & 0o077:
        yield Warning(
            _("%(directory)s can be read by other users of this machine; keys and the database may be in it.")
            % {"directory": directory},
            hint=f"chmod 700 {directory}",
            id="gateway.W008",
        )


def _known_names() -> Iterator[CheckMessage]:
    unknown = all(is_loopback(host.strip("[]")) for host in settings.GATEWAY_ALLOWED_HOSTS)
    if unknown and not is_loopback(settings.GATEWAY_HOST):
        yield Warning(
            _(
                "The gateway listens on %(host)s, but is known by loopback names only: "
                "the console cannot be opened from elsewhere."
            )
            % {"host": settings.GATEWAY_HOST},
            hint=_("Put the names people use for this machine into GATEWAY_ALLOWED_HOSTS."),
            id="gateway.W009",
        )


def _debugging_in_public() -> Iterator[CheckMessage]:
    if settings.DEBUG and not is_loopback(settings.GATEWAY_HOST):
        yield Warning(
            _("GATEWAY_DEBUG is on: error pages show settings and code to whoever causes an error."),
            hint=_("Leave GATEWAY_DEBUG off wherever others can reach the gateway."),
            id="gateway.W010",
        )


def _auth_mode() -> str:
    return GatewaySettings.load().auth_mode


def _unless_unreadable(check: Callable[[], Iterator[CheckMessage]]) -> Callable[[], list[CheckMessage]]:
    """The check, without a result before the first migration or while the database is away."""

    def checked() -> list[CheckMessage]:
        try:
            return list(check())
        except DatabaseError:
            return []

    return checked


CHECKS: tuple[Callable[[], list[CheckMessage]], ...] = tuple(
    _unless_unreadable(check)
    for check in (
        _encryption_key,
        _open_to_the_network,
        _open_behind_a_proxy,
        _open_to_web_pages,
        _keys_of_one_node,
        _stored_secrets,
        _oauth_client,
        _unencrypted_upstreams,
        _data_directory,
        _known_names,
        _debugging_in_public,
        _lost_accounts,
    )
)
