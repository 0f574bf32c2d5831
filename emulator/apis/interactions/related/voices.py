"""Voices: designed by a prompt or replicated from a recording, kept by Google or carried by the client as a key."""

from __future__ import annotations

import binascii
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from emulator.answers import tokens
from emulator.answers.media.sounds import say
from emulator.apis.interactions.related.common import id_of, listed, require
from emulator.state.resources.interactions.related.voices import YEAR, Voice
from emulator.wire.durations import timestamp
from emulator.wire.fields import decoded_bytes
from emulator.wire.public.interaction_bodies import read_body, refuse_value
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_FILTERS = ("accent", "context", "gender", "language_code", "persona", "pitch", "region_code", "type")
_USUAL_MODEL = "gemini-3.8-flash-tts"


def _create(google: Google, call: Call) -> Json:
    asked = read_body("CreateVoice", call.json_body())
    require(asked, "voice")
    voice, stored = asked["voice"], asked.get("store") is True
    match voice.get("type"):
        case "prompted":
            spoken = _prompted(call, voice, stored)
        case "replicated":
            spoken = _replicated(voice)
        case kind:
            raise refuse_value(kind, "voice.type")
    told = {name: value for name, value in voice.items() if name not in {"replicated", "sample_audio"}}
    told["model"] = voice.get("model", _USUAL_MODEL)
    sample = {"sample_audio": {"data": say(spoken), "mime_type": "audio/l16"}}
    if stored:
        return {**call.project.related.voices.add(told, call.now).resource(), **sample, "usage": _usage(spoken)}
    kept = {name: told[name] for name in ("type", "model")}
    key = {"key": f"voicekey_{secrets.token_urlsafe(48)}", "expire_time": timestamp(call.now + YEAR)}
    return {**kept, **key, **sample, "usage": _usage(spoken)}


def _prompted(call: Call, voice: Json, stored: bool) -> str:
    """The words that it is made of; what it is based on must be there, and lives longer for it."""
    require(voice, "prompted", at="voice")
    require(voice["prompted"], "input", at="voice.prompted")
    if not stored:
        raise refuse_in_words(400, "'store' must be true for a prompted voice.")
    if base := voice["prompted"].get("base_voice"):
        call.project.related.voices.use(base, call.now)
    return str(voice["prompted"]["input"])


def _replicated(voice: Json) -> str:
    require(voice, "replicated", at="voice")
    require(voice["replicated"], "source_audio", "consent_audio", at="voice.replicated")
    for name in ("source_audio", "consent_audio"):
        audio = voice["replicated"][name]
        require(audio, "data", "mime_type", at=f"voice.replicated.{name}")
        try:
            decoded_bytes(audio["data"])
        except (binascii.Error, ValueError):
            raise refuse_in_words(400, f"The value of 'voice.replicated.{name}.data' is not base64.") from None
    return str(voice.get("display_name", "a voice"))


def _list(google: Google, call: Call) -> Json:
    """Of a filter that is given several times any value fits; all filters have to."""
    query = parse_qs(urlsplit(call.request.target).query)
    wanted = {name: {value.lower() for value in query[name]} for name in _FILTERS if name in query}
    search = call.request.query.get("search", "").lower()
    voices = [one.resource() for one in call.project.related.voices.all(call.now)]
    return listed(call, "voices", [one for one in voices if _fits(one, wanted, search)])


def _fits(told: Json, wanted: Mapping[str, set[str]], search: str) -> bool:
    described = f"{told.get('display_name', '')}\n{told.get('description', '')}".lower()
    return search in described and all(str(told.get(name, "")).lower() in values for name, values in wanted.items())


def _get(google: Google, call: Call) -> Json:
    return _named(call).resource()


def _delete(google: Google, call: Call) -> Json:
    call.project.related.voices.delete(id_of(call), call.now)
    return {}


def _named(call: Call) -> Voice:
    return call.project.related.voices.get(id_of(call), call.now)


def _usage(spoken: str) -> Json:
    counted = tokens.count_text(spoken)
    return {"total_input_tokens": counted, "total_output_tokens": counted, "total_tokens": 2 * counted}


METHODS: Mapping[str, Callable[[Google, Call], Json]] = {
    "createVoice": _create,
    "listVoices": _list,
    "getVoice": _get,
    "deleteVoice": _delete,
}
