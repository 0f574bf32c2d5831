"""The tenants' own names that this process has met lately: bounded, the one used longest ago goes first."""

from collections import OrderedDict
from dataclasses import replace

from accounts_app.leasing.owner_rows import Row
from accounts_app.pool.access.tenants import Tenant

Key = tuple[str, Tenant]


class NamesInMemory:
    """At most `most` rows, each by a name and the tenant that means it, fresh until a time of one clock."""

    __slots__ = ("_most", "_rows", "_tenants")

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: OrderedDict[Key, tuple[Row, float]] = OrderedDict()
        self._tenants: dict[str, set[Tenant]] = {}

    def __repr__(self) -> str:
        return f"<NamesInMemory {len(self._rows)} of {self._most}>"

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, name: str, tenant: Tenant, now: float) -> tuple[Row | None, bool]:
        """The row, and whether it is fresh."""
        row, until = self._rows.get((name, tenant), (None, 0.0))
        if row is not None:
            self._rows.move_to_end((name, tenant))
        return row, now < until

    def put(self, name: str, tenant: Tenant, row: Row, until: float) -> None:
        self._rows[name, tenant] = (row, until)
        self._rows.move_to_end((name, tenant))
        self._tenants.setdefault(name, set()).add(tenant)
        if len(self._rows) > self._most:
            self._drop(next(iter(self._rows)))

    def replace(self, name: str, tenant: Tenant, row: Row, by: Row) -> None:
        """Put another row in its place, if it is still there."""
        known, until = self._rows.get((name, tenant), (None, 0.0))
        if known is row:
            self._rows[name, tenant] = (by, until)

    def note_missed(self, name: str, *, missed: bool) -> None:
        """For every tenant: whether upstream has said that the resource is not there."""
        for tenant in self._tenants.get(name, ()):
            row, until = self._rows[name, tenant]
            self._rows[name, tenant] = (replace(row, missed=missed), until)

    def forget(self, name: str) -> None:
        """For every tenant."""
        for tenant in tuple(self._tenants.get(name, ())):
            self._drop((name, tenant))

    def clear(self) -> None:
        self._rows.clear()
        self._tenants.clear()

    def _drop(self, key: Key) -> None:
        name, tenant = key
        del self._rows[key]
        self._tenants[name].discard(tenant)
        if not self._tenants[name]:
            del self._tenants[name]
