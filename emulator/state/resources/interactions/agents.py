"""The agents of one project, by the ids that their makers chose; and Google's own, which every project has."""

from __future__ import annotations

import re

from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

DEEP_RESEARCH = frozenset(
    {
        "deep-research-preview-04-2026",
        "deep-research-max-preview-04-2026",
        "deep-research-pro-preview-12-2025",
    }
)
USUAL_BASE = "antigravity-preview-05-2026"
GOOGLES = DEEP_RESEARCH | {USUAL_BASE, "antigravity-preview-09-2026"}

_ID = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Agents:
    """A project's agents. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Json] = {}

    def add(self, asked: Json) -> Json:
        """A new agent as it was asked for; raises Refused for an id that may not be chosen or is taken."""
        id = asked.get("id", "")
        if not _ID.fullmatch(id):
            text = "'id' must have up to 63 lowercase letters, digits and dashes, beginning with a letter."
            raise refuse_in_words(400, text)
        if id in self._by_id or id in GOOGLES:
            raise refuse_in_words(409, "Requested entity already exists.")
        self.base_of(asked)
        self._by_id[id] = asked
        return asked

    def get(self, id: str) -> Json:
        """Raises Refused, with one text for what is foreign, gone and never was."""
        if id not in self._by_id:
            raise refuse_in_words(404, "Requested entity was not found.")
        return self._by_id[id]

    def base_of(self, agent: Json) -> str:
        """Which of Google's own it is built on in the end; raises Refused for a base that is not there."""
        base = agent.get("base_agent") or USUAL_BASE
        return base if base in GOOGLES else self.base_of(self.get(base))

    def delete(self, id: str) -> None:
        del self._by_id[self.get(id)["id"]]

    def all(self) -> list[Json]:
        """Newest first."""
        return list(self._by_id.values())[::-1]
