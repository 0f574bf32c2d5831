"""The columns that the roster reads, and how a row becomes a view."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings
from django.db.models import Model, TextField
from django.db.models.functions import Cast

from accounts_app.models import Account, Credential
from accounts_app.models.encryption import Undecryptable, decrypt
from accounts_app.models.projects import GROUP_LIMITS, PROJECT_LIMITS
from accounts_app.pool.access.limits import Limit, Limits
from accounts_app.pool.access.networks import Network, networks
from accounts_app.pool.access.project_limits import ProjectLimits
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.roster.views import (
    AccountView,
    CooldownKey,
    CredentialView,
    GroupView,
    KeyView,
    ProjectView,
    Route,
    SettingsView,
)

log = logging.getLogger(__name__)

# Requests a day that Google publishes for Code Assist (developers.google.com/gemini-code-assist/resources/quotas):
# 1,000 free, 1,500 with AI Pro or Standard, 2,000 with AI Ultra or Enterprise. Only their proportion matters.
TIER_WEIGHTS = (("ultra", 4), ("enterprise", 4), ("pro", 3), ("standard", 3))
FREE_WEIGHT = 2

# Secrets are read encrypted, so that one that cannot be decrypted takes out its own account alone.
ACCOUNT_COLUMNS = (
    "kind", "email", "project", "tier", "enabled", "parked", "allowed_models", "max_concurrency", "priority", "quota",
    "quota_fetched_at", "is_demo", "model_list", "owner_project_id", Cast("proxy_url", TextField()),
)  # fmt: skip
CREDENTIAL_COLUMNS = (
    Cast("refresh_token", TextField()),
    Cast("access_token", TextField()),
    "expires_at",
    "refreshed_at",
)
KEY_COLUMNS = (
    "digest", "name", "enabled", "expires_at", "may_explain", "owner", "allowed_models", "allowed_agents",
    "allowed_networks", "capture", "group_id", *Limit,
)  # fmt: skip
GROUP_COLUMNS = ("name", *GROUP_LIMITS)
PROJECT_COLUMNS = ("number", "project_id", "name", "exclusive_to_id", *PROJECT_LIMITS)
HOME_COLUMNS = ("tenant", "project_id")
SETTINGS_COLUMNS = (
    "auth_mode", "strategy", "system_instruction_prefix", "quota_protection",
    "max_attempts", "max_wait", "first_event_timeout", "idle_timeout",
)  # fmt: skip
ROUTE_COLUMNS = ("pattern", "target", "enabled", "generation_config")
COOLDOWN_COLUMNS = ("account_id", "model", "until", "reason", "message", "streak", "window_until")


def account_view(key: int, _: float, *columns: Any) -> AccountView:
    (
        kind, email, project, tier, enabled, parked, allowed, limit, priority, quota, fetched, is_demo, model_list,
        owner_project, proxy_url,
    ) = columns  # fmt: skip
    clear_proxy_url = _clear(proxy_url, Account, "proxy_url", key)
    bases, token_url = _upstream(kind)
    if not (is_known := kind in Account.Kind.values):
        log.error("Account %d is out of service: this version of the gateway has no accounts of kind %r.", key, kind)
    # Without its proxy an account must not call Google: it would do so directly.
    is_usable = is_known and clear_proxy_url is not None
    return AccountView(
        id=key,
        kind=kind,
        email=email,
        project=project,
        tier=tier,
        weight=next((weight for word, weight in TIER_WEIGHTS if word in tier), FREE_WEIGHT),
        enabled=enabled,
        parked=parked if is_usable else parked or Account.Parked.MISCONFIGURED,
        allowed_models=tuple(allowed or ()),
        max_concurrency=limit,
        priority=priority,
        quota=quota or {},
        quota_fetched_at=_seconds(fetched),
        models=_models(model_list),
        is_demo=is_demo,
        standby=False,
        bases=bases,
        token_url=token_url,
        credential=CredentialView(),
        proxy_url=clear_proxy_url or "",
        owner_project=owner_project,
    )


def _upstream(kind: str) -> tuple[tuple[str, ...], str]:
    """Where accounts of a kind send calls, in order of fallback, and renew tokens; nowhere for an unknown kind."""
    match kind:
        case Account.Kind.CLOUD_CODE:
            return tuple(settings.CLOUD_CODE_URLS), settings.GOOGLE_OAUTH_TOKEN_URL
        case Account.Kind.GEMINI_API:
            return (settings.GEMINI_API_URL,), ""
        case _:
            return (), ""


def credential_view(
    account: int,
    _: float,
    refresh_token: str,
    access_token: str,
    expires_at: datetime | None,
    refreshed_at: datetime | None,
) -> CredentialView | None:
    """None when the stored tokens cannot be decrypted with the configured keys."""
    refresh = _clear(refresh_token, Credential, "refresh_token", account)
    access = _clear(access_token, Credential, "access_token", account)
    if refresh is None or access is None:
        return None
    return CredentialView(refresh, access, _seconds(expires_at), _seconds(refreshed_at) or 0.0)


def key_view(key: int, _: float, *columns: Any) -> tuple[str, KeyView]:
    digest, name, enabled, expires_at, may_explain, owner, models, agents, networks, capture, group, *limits = columns
    return digest, KeyView(
        id=key,
        name=name,
        enabled=enabled,
        expires_at=_seconds(expires_at),
        may_explain=may_explain,
        owner=owner,
        allowed_models=tuple(models or ()),
        allowed_agents=tuple(agents or ()),
        allowed_networks=_networks(key, networks or ()),
        limits=Limits(**dict(zip(Limit, limits, strict=True))),
        capture=capture,
        group=group,
    )


def group_view(key: int, _: float, name: str, *limits: int | None) -> GroupView:
    return GroupView(key, name, **dict(zip(GROUP_LIMITS, limits, strict=True)))


def project_view(
    key: int, _: float, number: str, project_id: str, name: str, exclusive_to: int | None, *limits: int | None
) -> ProjectView:
    bounds = ProjectLimits(**dict(zip(PROJECT_LIMITS, limits, strict=True)))
    return ProjectView(key, number, project_id, name, exclusive_to, bounds)


def home_view(_: int, __: float, tenant: str, project: int) -> tuple[str, int]:
    return tenant, project


def settings_view(
    _: int, __: float, auth_mode: str, strategy: str, prefix: str, kept: int, *waits: Any
) -> SettingsView:
    return SettingsView(auth_mode, Strategy(strategy), prefix, kept / 100, *waits)


def route_view(_: int, __: float, pattern: str, target: str, enabled: bool, config: Any) -> Route | None:
    return Route(pattern, target, config if isinstance(config, dict) else {}) if enabled else None


def cooldown_view(_: int, stamp: float, account: int, model: str, *columns: Any) -> tuple[CooldownKey, Cooldown | None]:
    """None for a cooldown that was cleared."""
    until, reason, message, streak, window_until = columns
    if until is None:
        return (account, model), None
    ends = until.timestamp()
    window = _seconds(window_until) or ends
    return (account, model), Cooldown(ends, reason, max(streak, 1), window, message, stamp)


@lru_cache(maxsize=64)
def _models(stored: str) -> Mapping[str, Mapping[str, Any]]:
    """What `model_lists.store` wrote; accounts with the same list share it."""
    try:
        return msgspec.json.decode(stored, type=dict[str, dict[str, Any]]) if stored else {}
    except msgspec.DecodeError:
        return {}


def _clear(stored: str, model: type[Model], column: str, key: int) -> str | None:
    table = model._meta.db_table
    try:
        return decrypt(stored or "", f"{table}:{column}")
    except Undecryptable as error:
        log.error("Account %d is out of service: %s", key, error)
        return None


def _networks(key: int, written: Iterable[str]) -> tuple[Network, ...] | None:
    try:
        return networks(written)
    except ValueError as error:
        log.error("API key %d is refused from every address: %s", key, error)
        return None


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
