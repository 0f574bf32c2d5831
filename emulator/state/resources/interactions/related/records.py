"""Resources of one kind by their bare ids."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.wire.durations import timestamp
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json


@dataclass(slots=True)
class Record:
    """One resource: `told` is what everybody with a key of the project may read, `secret` what nobody may."""

    id: str
    told: Json = field(repr=False)
    secret: Json = field(repr=False)
    created: float
    updated: float

    def resource(self) -> Json:
        times = {"create_time": timestamp(self.created), "update_time": timestamp(self.updated)}
        return {"id": self.id, **self.told, **times}


class Records:
    """A project's resources of one kind. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Record] = {}

    def add(self, id: str, told: Json, now: float, secret: Json | None = None) -> Record:
        """Raises Refused where the id is taken."""
        if id in self._by_id:
            raise refuse_in_words(409, "Requested entity already exists.")
        record = self._by_id[id] = Record(id, told, secret or {}, now, now)
        return record

    def get(self, id: str) -> Record:
        """Raises Refused, with one text for what is foreign, gone and never was."""
        if id not in self._by_id:
            raise refuse_in_words(404, "Requested entity was not found.")
        return self._by_id[id]

    def delete(self, id: str) -> None:
        del self._by_id[self.get(id).id]

    def all(self) -> list[Record]:
        """Newest first."""
        return list(self._by_id.values())[::-1]
