"""Names: what each may be found by, and the tenants' own that this process has met lately: bounded, the one used
longest ago goes first.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace

from accounts_app.leasing.owner_rows import Row
from accounts_app.pool.access.tenants import Tenant

Key = tuple[str, Tenant]

# Files of such names are those of a batch or an environment.
STANDS_FOR = {"batch-": "batches", "environment-": "environments"}


def meanings(name: str) -> Iterator[str]:
    """The names that `name` may be found by, the nearest first: itself, what it stands for, what it stands below."""
    yield name
    collection, _, below = name.partition("/")
    id_, _, child = below.partition("/")
    if collection == "files":
        for prefix, stands_for in STANDS_FOR.items():
            if id_.startswith(prefix):
                yield f"{stands_for}/{id_.removeprefix(prefix)}"
    if child and collection != "models":
        yield f"{collection}/{id_}"


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

    def unwritten(self, name: str, now: float) -> list[Row]:
        """The fresh rows of any tenants that are not known to be written."""
        rows = [self._rows[name, tenant] for tenant in self._tenants.get(name, ())]
        return [row for row, until in rows if row.id is None and now < until]

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
