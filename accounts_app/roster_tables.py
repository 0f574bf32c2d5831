"""How the roster is read: one cheap question a table, then the rows that have changed.

A row is noticed by its `updated_at`, a deletion by counting. Two things can hide from that: a transaction that commits late
(so a few seconds are read twice), and a node whose clock is far behind (so once a minute every row is compared).
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Count, Max, Model, QuerySet, TextField
from django.db.models.functions import Cast

from accounts_app.encryption import Undecryptable, decrypt
from accounts_app.models import Account, ApiKey, Credential, GatewaySettings, ModelRoute
from accounts_app.models import Rest as RestRow
from accounts_app.pool.cooldown import Rest
from accounts_app.pool.selection import Strategy
from accounts_app.roster_views import (
    AccountView,
    CredentialView,
    KeyView,
    RestKey,
    Roster,
    RouteTable,
    SettingsView,
)

log = logging.getLogger(__name__)

V = TypeVar("V")

OVERLAP = timedelta(seconds=5)  # longer than any of our transactions, and than clocks kept by NTP differ
SWEEP_EVERY = 60.0  # seconds
CHUNK = 500  # primary keys in one query: SQLite took 999 parameters at most for long

# Requests a day that Google publishes for Code Assist (developers.google.com/gemini-code-assist/resources/quotas):
# 1,000 free, 1,500 with AI Pro or Standard, 2,000 with AI Ultra or Enterprise. Only their proportion counts.
TIER_WEIGHTS = (("ultra", 4), ("enterprise", 4), ("pro", 3), ("standard", 3))
FREE_WEIGHT = 2


class Table(Generic[V]):
    """One table as last read: a view of each row, by `key`, and which of them have changed since `take()`.

    `make` gets a row's key, its stamp (seconds, epoch) and its `columns`.
    """

    def __init__(self, model: type[Model], columns: Iterable[Any], make: Callable[..., V], *, key: str = "pk") -> None:
        self.views: dict[int, V] = {}
        self._rows = model._default_manager.all()
        self._key = key
        self._columns = (key, "updated_at", *columns)
        self._make = make
        self._stamps: dict[int, datetime] = {}
        self._mark: tuple[int, datetime | None] | None = None
        self._sweep_at = 0.0
        self._changed: set[int] = set()

    def __repr__(self) -> str:
        return f"<Table {self._rows.model.__name__}: {len(self.views)} rows>"

    def read(self) -> None:
        """Bring `views` up to date.

        1. Ask how many rows there are, and when the youngest changed. The same answer as before: done.
        2. Read the rows that changed since the youngest known, and a little before.
        3. When the count does not fit, or a minute is over, compare every row's stamp.
        """
        found = self._rows.aggregate(count=Count("pk"), newest=Max("updated_at"))
        mark = (found["count"], found["newest"])
        sweep = time.monotonic() >= self._sweep_at
        if mark == self._mark and not sweep and not _is_recent(mark[1]):
            return
        since = self._mark and self._mark[1]
        self._load(self._rows.filter(updated_at__gte=since - OVERLAP) if since else self._rows)
        if mark[0] != len(self.views) or (sweep and since):
            self._compare()
        if sweep:
            self._sweep_at = time.monotonic() + SWEEP_EVERY
        self._mark = mark

    def take(self) -> set[int]:
        """The keys of rows that came, changed or went since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def _load(self, rows: QuerySet[Any]) -> None:
        for key, stamp, *values in rows.values_list(*self._columns):
            if self._stamps.get(key) != stamp:
                self.views[key] = self._make(key, stamp.timestamp(), *values)
                self._stamps[key] = stamp
                self._changed.add(key)

    def _compare(self) -> None:
        there = dict(self._rows.values_list(self._key, "updated_at"))
        for key in self.views.keys() - there.keys():
            del self.views[key], self._stamps[key]
            self._changed.add(key)
        missed = [key for key, stamp in there.items() if self._stamps.get(key) != stamp]
        for start in range(0, len(missed), CHUNK):
            self._load(self._rows.filter(**{f"{self._key}__in": missed[start : start + CHUNK]}))


class Tables:
    """The tables behind the roster. One thread reads at a time; the snapshots it makes are frozen."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._demo_upstream: str | None = None
        self._version = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but the version, so that a later snapshot is never taken for an earlier one."""
        self._accounts = Table(Account, _ACCOUNT_COLUMNS, _account)
        self._credentials = Table(Credential, _CREDENTIAL_COLUMNS, _credential, key="account_id")
        self._keys = Table(ApiKey, _KEY_COLUMNS, _key)
        self._settings = Table(GatewaySettings, _SETTINGS_COLUMNS, _settings)
        self._routes = Table(ModelRoute, ("pattern", "target", "enabled"), _route)
        self._rests = Table(RestRow, _REST_COLUMNS, _rest)
        self._rest_keys: dict[int, RestKey] = {}
        self._demo_state: tuple[bool, str | None] | None = None
        self._snapshot: Roster | None = None

    def set_demo_upstream(self, url: str | None) -> None:
        """Where the demo account's upstream listens, if anywhere."""
        self._demo_upstream = url

    def read(self) -> Roster:
        """The newest snapshot: the last one itself when nothing has changed. Raises Django's database errors."""
        with self._lock:
            began = time.time()
            for table in self._all():
                table.read()
            # Nothing is taken before all is read: a database lost half-way loses no change.
            accounts, changed_accounts = self._take_accounts()
            rests, changed_rests = self._take_rests()
            others = [bool(table.take()) for table in (self._keys, self._settings, self._routes)]
            if self._snapshot and not (changed_accounts or changed_rests or any(others)):
                return self._snapshot
            self._version += 1
            self._snapshot = Roster(
                accounts=accounts,
                keys=dict(self._keys.views.values()),
                settings=self._settings.views.get(1) or SettingsView(auth_mode=settings.GATEWAY_AUTH_MODE),
                routes=RouteTable(dict(route for route in self._routes.views.values() if route)),
                rests=rests,
                version=self._version,
                loaded_at=began,
                changed_accounts=frozenset(changed_accounts),
                changed_rests=frozenset(changed_rests),
            )
            return self._snapshot

    def _all(self) -> tuple[Table[Any], ...]:
        return (self._accounts, self._credentials, self._keys, self._settings, self._routes, self._rests)

    def _take_accounts(self) -> tuple[Mapping[int, AccountView], set[int]]:
        changed = self._accounts.take() | self._credentials.take()
        rows = self._accounts.views
        if changed or self._demo_state is None or self._demo_state[1] != self._demo_upstream:
            demos = {key for key, account in rows.items() if account.is_demo}
            state = (len(rows) > len(demos), self._demo_upstream)
            if state != self._demo_state:
                self._demo_state = state
                changed |= demos
        known = self._snapshot.accounts if self._snapshot else {}
        if not changed:
            return known, changed
        accounts = dict(known)
        for key in changed:
            accounts.pop(key, None)
            if key in rows:
                accounts[key] = self._whole(rows[key])
        return accounts, changed

    def _whole(self, account: AccountView) -> AccountView:
        """An account with its tokens, and for the demo account its upstream."""
        credential = self._credentials.views.get(account.id, CredentialView())
        if credential is None:
            return replace(account, parked=account.parked or Account.Parked.MISCONFIGURED)
        if not account.is_demo:
            return replace(account, credential=credential)
        upstream = self._demo_upstream
        others_exist = self._demo_state is not None and self._demo_state[0]
        return replace(
            account,
            credential=credential,
            # Never Google's: the demo account's tokens are made up.
            bases=(upstream,) if upstream else (),
            token_url=f"{upstream}/token" if upstream else "",
            standby=others_exist or not upstream,
        )

    def _take_rests(self) -> tuple[Mapping[RestKey, Rest], set[RestKey]]:
        known = self._snapshot.rests if self._snapshot else {}
        changed = self._rests.take()
        if not changed:
            return known, set()
        rests, keys = dict(known), set()
        for row in changed:
            key, rest = self._rests.views.get(row) or (self._rest_keys.pop(row), None)
            keys.add(key)
            rests.pop(key, None)
            self._rest_keys[row] = key
            if rest is not None:
                rests[key] = rest
        return rests, keys


# Secrets are read as they are stored, so that one that does not decrypt costs its own account and no other.
_ACCOUNT_COLUMNS = (
    "kind", "email", "project", "tier", "enabled", "parked", "allowed_models", "max_concurrency", "priority", "quota",
    "is_demo", Cast("proxy_url", TextField()),
)  # fmt: skip
_CREDENTIAL_COLUMNS = (
    Cast("refresh_token", TextField()),
    Cast("access_token", TextField()),
    "expires_at",
    "refreshed_at",
)
_KEY_COLUMNS = ("digest", "name", "enabled", "expires_at", "may_explain")
_SETTINGS_COLUMNS = ("auth_mode", "strategy", "system_instruction_prefix")
_REST_COLUMNS = ("account_id", "model", "until", "reason", "message", "streak", "window_until")


def _account(key: int, _: float, *columns: Any) -> AccountView:
    kind, email, project, tier, enabled, parked, allowed, limit, priority, quota, is_demo, proxy_url = columns
    clear_proxy_url = _clear(proxy_url, Account, "proxy_url", key)
    is_key = kind == Account.Kind.GEMINI_API
    return AccountView(
        id=key,
        kind=kind,
        email=email,
        project=project,
        tier=tier,
        weight=next((weight for word, weight in TIER_WEIGHTS if word in tier), FREE_WEIGHT),
        enabled=enabled,
        # An account whose proxy is unreadable must not call directly.
        parked=parked if clear_proxy_url is not None else parked or Account.Parked.MISCONFIGURED,
        allowed_models=tuple(allowed or ()),
        max_concurrency=limit,
        priority=priority,
        quota=quota or {},
        is_demo=is_demo,
        standby=False,
        bases=(settings.GEMINI_API_URL,) if is_key else tuple(settings.CLOUD_CODE_URLS),
        token_url="" if is_key else settings.GOOGLE_OAUTH_TOKEN_URL,
        credential=CredentialView(),
        proxy_url=clear_proxy_url or "",
    )


def _credential(
    account: int,
    _: float,
    refresh_token: str,
    access_token: str,
    expires_at: datetime | None,
    refreshed_at: datetime | None,
) -> CredentialView | None:
    """None when the stored tokens cannot be read with the keys at hand."""
    refresh = _clear(refresh_token, Credential, "refresh_token", account)
    access = _clear(access_token, Credential, "access_token", account)
    if refresh is None or access is None:
        return None
    return CredentialView(refresh, access, _seconds(expires_at), _seconds(refreshed_at) or 0.0)


def _key(
    key: int, _: float, digest: str, name: str, enabled: bool, expires_at: datetime | None, may_explain: bool
) -> tuple[str, KeyView]:
    return digest, KeyView(key, name, enabled, _seconds(expires_at), may_explain)


def _settings(_: int, __: float, auth_mode: str, strategy: str, prefix: str) -> SettingsView:
    return SettingsView(auth_mode, Strategy(strategy), prefix)


def _route(_: int, __: float, pattern: str, target: str, enabled: bool) -> tuple[str, str] | None:
    return (pattern, target) if enabled else None


def _rest(_: int, stamp: float, account: int, model: str, *columns: Any) -> tuple[RestKey, Rest | None]:
    """None for a rest that was ended."""
    until, reason, message, streak, window_until = columns
    if until is None:
        return (account, model), None
    ends = until.timestamp()
    window = _seconds(window_until) or ends
    return (account, model), Rest(ends, reason, max(streak, 1), window, message, stamp)


def _clear(stored: str, model: type[Model], column: str, key: int) -> str | None:
    table = model._meta.db_table
    try:
        return decrypt(stored or "", f"{table}:{column}")
    except Undecryptable as error:
        log.error("Account %d is out of service: %s", key, error)
        return None


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and datetime.now(UTC) - moment < OVERLAP
