"""On whose behalf a call is made, and which names are its own."""

from dataclasses import dataclass

USE, FULL = "use", "full"  # what an operator lets everybody do with a resource; "" is not shared


@dataclass(frozen=True, slots=True)
class Tenant:
    """An API key and its group. A key without a group is a group of one; callers without a key are one group."""

    key: int | None = None
    group: int | None = None

    @property
    def text(self) -> str:
        """How it is written in rows about it: one text for everybody who shares names."""
        if self.group is not None:
            return f"group {self.group}"
        return "no key" if self.key is None else f"key {self.key}"

    def owns(self, row_key: int | None, row_group: int | None, shared: str = "") -> bool:
        """Whether a row of this key and group may be read and used: its own, its group's, or one that is shared."""
        return shared in (USE, FULL) or self.made(row_key, row_group)

    def made(self, row_key: int | None, row_group: int | None) -> bool:
        """Whether a row is its own or its group's."""
        if row_group is not None and row_group == self.group:
            return True
        return row_key == self.key and (row_key is not None or row_group is None)

    def may_change(self, row_key: int | None, row_group: int | None, shared: str = "") -> bool:
        """Whether a row may be changed and deleted."""
        return shared == FULL or self.made(row_key, row_group)


WITHOUT_KEY = Tenant()
