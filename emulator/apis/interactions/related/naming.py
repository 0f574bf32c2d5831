"""The credentials and voices that a request names: they have to be its project's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.apis.call import Call

_STORED = "voice_"


def check_credentials(call: Call, environment: Any) -> None:
    """Those of variables and of the network's allow-list; raises Refused for one that is not there."""
    for name, value in _members(environment):
        if name == "credential" and isinstance(value, str):
            call.project.related.credentials.get(value)


def check_voices(call: Call, speech: Any) -> None:
    """Those that Google keeps, which live longer for it; raises Refused for one that is not there."""
    for name, value in _members({"speech_config": speech}):
        if name == "voice" and isinstance(value, str) and value.startswith(_STORED):
            call.project.related.voices.use(value, call.now)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object within."""
    if isinstance(value, dict):
        yield from value.items()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _members(inner)
