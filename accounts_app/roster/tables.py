"""Reads the roster's tables: one cheap query for each, then the rows that have changed.

A change is noticed by `updated_at`, a deletion by the number of rows. Two things escape that: a transaction that
commits late (so a few seconds are read twice), and a node whose clock is far behind (so once a minute every row is
compared).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Count, Max, Model, QuerySet

from accounts_app.models import Account, ApiKey, Credential, GatewaySettings, HomeProject, KeyGroup, ModelRoute, Project
from accounts_app.models import Rest as CooldownRow
from accounts_app.models.accounts import DIRECT
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.roster import rows
from accounts_app.roster.views import (
    AccountView,
    CooldownChanges,
    CooldownKey,
    CredentialView,
    Roster,
    RouteTable,
    SettingsView,
)

V = TypeVar("V")
DemoState = tuple[bool, str | None]  # whether other accounts exist, where the demo accounts' upstream listens

OVERLAP = timedelta(seconds=5)  # longer than any of our transactions, and than clocks kept by NTP differ
SWEEP_EVERY = 60.0  # seconds
CHUNK = 500  # keys in one query: older SQLites take 999 parameters at most


class Table(Generic[V]):
    """One table as last read: a view of each row, by `key`, and which of them have changed.

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
        self.changed: set[int] = set()  # the keys of rows that came, changed or went; cleared by `Tables.read`

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
        if since:
            self._look(self._rows.filter(updated_at__gte=since - OVERLAP))
        else:
            self._load(self._rows)
        if mark[0] != len(self.views) or (sweep and since):
            self._compare()
        if sweep:
            self._sweep_at = time.monotonic() + SWEEP_EVERY
        self._mark = mark

    def _load(self, rows: QuerySet[Any]) -> None:
        for key, stamp, *values in rows.values_list(*self._columns):
            if self._stamps.get(key) != stamp:
                self.views[key] = self._make(key, stamp.timestamp(), *values)
                self._stamps[key] = stamp
                self.changed.add(key)

    def _look(self, rows: QuerySet[Any]) -> dict[int, datetime]:
        """Load those of `rows` whose stamp is not the known one; the stamps of all of them."""
        there = dict(rows.values_list(self._key, "updated_at"))
        missed = [key for key, stamp in there.items() if self._stamps.get(key) != stamp]
        for start in range(0, len(missed), CHUNK):
            self._load(self._rows.filter(**{f"{self._key}__in": missed[start : start + CHUNK]}))
        return there

    def _compare(self) -> None:
        there = self._look(self._rows)
        for key in self.views.keys() - there.keys():
            self._drop(key)

    def _drop(self, key: int) -> None:
        del self.views[key], self._stamps[key]
        self.changed.add(key)


class CooldownTable(Table[CooldownKey]):
    """The rows of cooldowns. It keeps whose they are; what they say it hands on once, to the board."""

    def __init__(self) -> None:
        super().__init__(CooldownRow, rows.COOLDOWN_COLUMNS, self._note)
        self._rows_by_key: dict[CooldownKey, int] = {}
        self._changes: dict[CooldownKey, Cooldown | None] = {}

    def take(self) -> dict[CooldownKey, Cooldown | None]:
        """What the rows that changed since the last time say; None for a cooldown that is over."""
        changes, self._changes = self._changes, {}
        return changes

    def _note(self, row: int, stamp: float, *columns: Any) -> CooldownKey:
        key, cooldown = rows.cooldown_view(row, stamp, *columns)
        self._rows_by_key[key] = row
        self._changes[key] = cooldown
        return key

    def _drop(self, key: int) -> None:
        about = self.views[key]
        super()._drop(key)
        if self._rows_by_key.get(about) == key:  # and not a row made anew
            del self._rows_by_key[about]
            self._changes[about] = None


class Tables:
    """The tables behind the roster. One thread reads at a time; the snapshots it makes are frozen."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._demo_upstream: str | None = None
        self._version = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but the version: it must not repeat, as the next snapshot follows none of those before."""
        self._version += 1
        self._accounts = Table(Account, rows.ACCOUNT_COLUMNS, rows.account_view)
        self._credentials = Table(Credential, rows.CREDENTIAL_COLUMNS, rows.credential_view, key="account_id")
        self._keys = Table(ApiKey, rows.KEY_COLUMNS, rows.key_view)
        self._groups = Table(KeyGroup, rows.GROUP_COLUMNS, rows.group_view)
        self._projects = Table(Project, rows.PROJECT_COLUMNS, rows.project_view)
        self._homes = Table(HomeProject, rows.HOME_COLUMNS, rows.home_view)
        self._settings = Table(GatewaySettings, rows.SETTINGS_COLUMNS, rows.settings_view)
        self._routes = Table(ModelRoute, rows.ROUTE_COLUMNS, rows.route_view)
        self._cooldowns = CooldownTable()
        self.cooldown_changes: deque[CooldownChanges] = deque()  # left to the event loop, which takes them away
        self._demo_state: DemoState | None = None
        self._snapshot: Roster | None = None

    def set_demo_upstream(self, url: str | None) -> None:
        """Where the demo accounts' upstream listens, if anywhere."""
        self._demo_upstream = url

    def read(self) -> Roster:
        """The newest snapshot: the last one itself when nothing has changed. Raises Django's database errors."""
        with self._lock:
            began = time.monotonic()
            for table in self._all():
                table.read()
            if self._snapshot and not any(table.changed for table in self._all()) and not self._demo_has_moved():
                return self._snapshot
            # Changes are cleared only when the whole snapshot is made, so that a failure half-way loses none.
            demo_state = self._demo_state_now()
            accounts, changed_accounts = self._accounts_now(demo_state)
            snapshot = Roster(
                accounts=accounts,
                keys=dict(self._keys.views.values()),
                settings=self._settings.views.get(1) or SettingsView(auth_mode=settings.GATEWAY_AUTH_MODE),
                routes=RouteTable(route for route in self._routes.views.values() if route),
                version=self._version + 1,
                loaded_at=began,
                groups=self._groups.views.copy(),
                projects=self._projects.views.copy(),
                homes=dict(self._homes.views.values()),
                changed_accounts=frozenset(changed_accounts),
            )
            if changes := self._cooldowns.take():
                self.cooldown_changes.append(CooldownChanges(changes, began))
            self._demo_state = demo_state
            self._snapshot, self._version = snapshot, snapshot.version
            for table in self._all():
                table.changed = set()
            return snapshot

    def _all(self) -> tuple[Table[Any], ...]:
        """Projects stand before accounts: of whatever project is known, the accounts are."""
        return (
            *(self._projects, self._accounts, self._credentials, self._groups, self._keys, self._homes),
            *(self._settings, self._routes, self._cooldowns),
        )

    def _demo_has_moved(self) -> bool:
        """Whether the demo accounts' upstream has changed, which is in no row."""
        return self._demo_state is None or self._demo_state[1] != self._demo_upstream

    def _demo_state_now(self) -> DemoState:
        """Whether other accounts than the demo accounts exist, and where its upstream listens."""
        return any(not account.is_demo for account in self._accounts.views.values()), self._demo_upstream

    def _accounts_now(self, demo_state: DemoState) -> tuple[Mapping[int, AccountView], set[int]]:
        changed = self._accounts.changed | self._credentials.changed
        views = self._accounts.views
        if demo_state != self._demo_state:
            changed |= {key for key, account in views.items() if account.is_demo}
        known = self._snapshot.accounts if self._snapshot else {}
        if not changed:
            return known, changed
        accounts = dict(known)
        for key in changed:
            if key in views:
                accounts[key] = self._whole(views[key], demo_state)
            else:
                accounts.pop(key, None)
        return accounts, changed

    def _whole(self, account: AccountView, demo_state: DemoState) -> AccountView:
        """An account with its tokens, and for a demo account its upstream."""
        credential = self._credentials.views.get(account.id, CredentialView())
        if credential is None:
            return replace(account, parked=account.parked or Account.Parked.MISCONFIGURED)
        if not account.is_demo:
            return replace(account, credential=credential)
        others_exist, upstream = demo_state
        return replace(
            account,
            credential=credential,
            # Never Google: the demo accounts' tokens are made up.
            enabled=account.enabled and upstream is not None,
            bases=(upstream,) if upstream else (),
            token_url=f"{upstream}/token" if upstream else "",
            proxy_url=DIRECT,  # it is in this process
            standby=others_exist,
        )


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and datetime.now(UTC) - moment < OVERLAP
