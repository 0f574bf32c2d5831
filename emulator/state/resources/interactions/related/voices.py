"""Voices: Google's own, which every project has, and those that a project has made and keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.state.resources.names import random_id
from emulator.wire.durations import timestamp
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

# How long a voice is kept that nobody uses.
YEAR = 365 * 86_400.0
_MOST = 200

_PREBUILT = """
Puck male medium American Upbeat
Charon male low British Informative
Kore female medium American Firm
Fenrir male low Australian Excitable
Aoede female high Indian Breezy
Leda female high British Youthful
"""
_PLACES = {"American": ("en-US", "US"), "British": ("en-GB", "GB"), "Australian": ("en-AU", "AU")}


@dataclass(slots=True)
class Voice:
    """One voice; a stored one has an expiry, which using it puts off."""

    id: str
    told: Json = field(repr=False)
    expires: float | None = None

    def resource(self) -> Json:
        expiry = {} if self.expires is None else {"expire_time": timestamp(self.expires)}
        return {"id": self.id, **self.told, **expiry}


def _prebuilt() -> dict[str, Voice]:
    voices = {}
    for line in _PREBUILT.strip().splitlines():
        name, gender, pitch, accent, persona = line.split()
        language, region = _PLACES.get(accent, ("en-IN", "IN"))
        told = {"type": "prebuilt", "display_name": name, "gender": gender, "pitch": pitch, "accent": accent}
        told |= {"persona": persona, "language_code": language, "region_code": region}
        voices[name] = Voice(name, told)
    return voices


PREBUILT = _prebuilt()


class Voices:
    """A project's voices by id. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Voice] = {}

    def add(self, told: Json, now: float) -> Voice:
        """Raises Refused where a project has as many as it may."""
        if len(self._stored(now)) >= _MOST:
            raise refuse_in_words(429, "The project has reached its limit of stored voices.")
        voice = Voice(f"voice_{random_id(12)}", told, now + YEAR)
        self._by_id[voice.id] = voice
        return voice

    def get(self, id: str, now: float) -> Voice:
        """Raises Refused, with one text for what is foreign, gone and never was."""
        found = PREBUILT.get(id) or next((voice for voice in self._stored(now) if voice.id == id), None)
        if found is None:
            raise refuse_in_words(404, "Requested entity was not found.")
        return found

    def use(self, id: str, now: float) -> None:
        """Puts its expiry off; raises Refused where it is not there."""
        voice = self.get(id, now)
        if voice.expires is not None:
            voice.expires = now + YEAR

    def delete(self, id: str, now: float) -> None:
        if self.get(id, now).expires is None:
            raise refuse_in_words(400, "Prebuilt voices cannot be deleted.")
        del self._by_id[id]

    def all(self, now: float) -> list[Voice]:
        """The project's own, newest first, then Google's."""
        return [*self._stored(now)[::-1], *PREBUILT.values()]

    def _stored(self, now: float) -> list[Voice]:
        return [voice for voice in self._by_id.values() if voice.expires is not None and voice.expires > now]
