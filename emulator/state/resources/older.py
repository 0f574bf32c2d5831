"""The older kinds of resources, kept as their JSON: tuned models, corpora, and permissions on either."""

from __future__ import annotations

from emulator.wire.durations import timestamp
from emulator.wire.errors import Refused, refuse
from emulator.wire.replies import Json

# What Google calls them where it says that one is not there.
_KINDS = {"tunedModels": "tuned model", "corpora": "Corpus"}


class Older:
    """One project's resources of the older kinds, by their whole names."""

    def __init__(self) -> None:
        self._by_name: dict[str, Json] = {}

    def add(self, name: str, fields: Json, now: float, *, dated: bool = True) -> Json:
        """Raises Refused where the name is taken."""
        if name in self._by_name:
            raise refuse(409, "Requested entity already exists", name="ALREADY_EXISTS")
        times = {"createTime": timestamp(now), "updateTime": timestamp(now)} if dated else {}
        self._by_name[name] = {"name": name, **fields, **times}
        return self._by_name[name]

    def has(self, name: str) -> bool:
        return name in self._by_name

    def get(self, name: str) -> Json:
        """Raises Refused with one text for what is not there and what is another project's."""
        if (found := self._by_name.get(name)) is None:
            raise not_there(name)
        return found

    def update(self, name: str, fields: Json, now: float) -> Json:
        found = self.get(name)
        found |= fields
        if "updateTime" in found:
            found["updateTime"] = timestamp(now)
        return found

    def below(self, parent: str) -> list[Json]:
        """Those whose names are `parent` and one more segment."""
        return [one for name, one in self._by_name.items() if name.rpartition("/")[0] == parent]

    def delete(self, name: str) -> None:
        """With everything below it."""
        self.get(name)
        for one in [one for one in self._by_name if f"{one}/".startswith(f"{name}/")]:
            del self._by_name[one]


def not_there(name: str) -> Refused:
    collection, _, id = name.partition("/")
    text = f"You do not have permission to access the {_KINDS.get(collection, 'entity')} {id} or it may not exist."
    return refuse(403, text)
