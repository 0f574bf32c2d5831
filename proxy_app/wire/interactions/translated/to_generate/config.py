"""`generation_config`, and what an interaction says of its answer's form elsewhere, as one generationConfig."""

from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.interactions.translated.values import NeedsPublicApi, is_given, quoted, read, string

# What has the same meaning under another name.
_SAME = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "max_output_tokens": "maxOutputTokens",
    "stop_sequences": "stopSequences",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_JSON = "application/json"


class _Speaker(msgspec.Struct, gc=False):
    voice: str | None = None
    language: str | None = None
    speaker: str | None = None
    speakers: list["_Speaker"] | None = None


class _Image(msgspec.Struct, gc=False):
    aspect_ratio: Raw = Raw()
    image_size: Raw = Raw()


class _Format(msgspec.Struct, gc=False):
    type: Any = None
    mime_type: str | None = None
    schema: Raw = Raw()
    aspect_ratio: Raw = Raw()
    image_size: Raw = Raw()
    delivery: str | None = None
    sample_rate: Raw = Raw()
    bit_rate: Raw = Raw()


_decode_fields = msgspec.json.Decoder(Body).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_texts = msgspec.json.Decoder(list[str]).decode
_decode_image = msgspec.json.Decoder(_Image).decode
_decode_speech = msgspec.json.Decoder(list[_Speaker] | _Speaker).decode
_decode_formats = msgspec.json.Decoder(list[Raw]).decode
_decode_format = msgspec.json.Decoder(_Format).decode


def generation_config(body: Body) -> dict[str, Any]:
    """The generationConfig that the fields of an interaction amount to. Raises Malformed, NeedsPublicApi."""
    config: dict[str, Any] = {}
    thinking: dict[str, Any] = {}
    for name, value in _fields(body, "generation_config").items():
        field = f"generation_config.{name}"
        if name in _SAME:
            config[_SAME[name]] = value
        elif name == "thinking_level":
            thinking["thinkingLevel"] = read(_decode_text, value, field).upper()
        elif name == "thinking_summaries":
            thinking["includeThoughts"] = read(_decode_text, value, field) != "none"
        elif name == "speech_config":
            config["speechConfig"] = _speech(value, field)
        elif name == "image_config":
            config["imageConfig"] = _image(read(_decode_image, value, field))
        elif name != "tool_choice":  # which stands elsewhere there
            raise NeedsPublicApi(quoted(field))
    if thinking:
        config["thinkingConfig"] = thinking
    if is_given(mime_type := body.get("response_mime_type", Raw())):
        config["responseMimeType"] = string(mime_type, "response_mime_type")
    modalities = [each.upper() for each in _texts(body, "response_modalities")]
    for value, field in _formats(body.get("response_format", Raw())):
        modalities += _add_format(config, value, field)
    if "IMAGE" in modalities or "AUDIO" in modalities or is_given(body.get("response_modalities", Raw())):
        config["responseModalities"] = list(dict.fromkeys(modalities))
    return config


def tool_choice(body: Body) -> Raw:
    """The value of `tool_choice`, as it came; empty for none. Raises Malformed."""
    return _fields(body, "generation_config").get("tool_choice", Raw())


def _fields(body: Body, name: str) -> Body:
    if not is_given(body.get(name, Raw())):
        return {}
    fields: Body = read(_decode_fields, body[name], name)
    return {field: value for field, value in fields.items() if is_given(value)}


def _texts(body: Body, name: str) -> list[str]:
    if not is_given(body.get(name, Raw())):
        return []
    texts: list[str] = read(_decode_texts, body[name], name)
    return texts


def _formats(value: Raw) -> list[tuple[Raw, str]]:
    """The entries of `response_format`, one or a list of them, each with its name."""
    if not is_given(value):
        return []
    if bytes(memoryview(value)[:1]) != b"[":
        return [(value, "response_format")]
    formats = read(_decode_formats, value, "response_format")
    return [(each, f"response_format[{number}]") for number, each in enumerate(formats)]


def _add_format(config: dict[str, Any], value: Raw, field: str) -> list[str]:
    """Add one entry to `config`; the modality that it demands. An object of no known type is a JSON schema."""
    wanted: _Format = read(_decode_format, value, field)
    match wanted.type:
        case "text":
            if is_given(wanted.schema):
                config |= {"responseMimeType": wanted.mime_type or _JSON, "responseJsonSchema": wanted.schema}
            elif wanted.mime_type:
                config["responseMimeType"] = wanted.mime_type
            return ["TEXT"]
        case "image" if wanted.delivery in (None, "inline") and wanted.mime_type in (None, "image/png"):
            if image := _image(wanted):
                config["imageConfig"] = image
            return ["IMAGE"]
        case "audio" if wanted == _Format("audio", delivery=wanted.delivery) and wanted.delivery in (None, "inline"):
            return ["AUDIO"]
        case "image" | "audio" | "video":
            raise NeedsPublicApi(f"What `{field}` asks for")
    config.setdefault("responseMimeType", _JSON)
    config["responseJsonSchema"] = value
    return ["TEXT"]


def _image(wanted: _Image | _Format) -> dict[str, Raw]:
    named = {"aspectRatio": wanted.aspect_ratio, "imageSize": wanted.image_size}
    return {name: value for name, value in named.items() if is_given(value)}


def _speech(value: Raw, field: str) -> dict[str, Any]:
    """One voice, or one for each speaker."""
    given: list[_Speaker] | _Speaker = read(_decode_speech, value, field)
    speakers = given if isinstance(given, list) else given.speakers or [given]
    language = next((each.language for each in speakers if each.language), None)
    speech: dict[str, Any] = {"languageCode": language} if language else {}
    if len(speakers) == 1:
        return speech | _voice(speakers[0])
    each_one = [{"speaker": each.speaker or "", **_voice(each)} for each in speakers]
    return {**speech, "multiSpeakerVoiceConfig": {"speakerVoiceConfigs": each_one}} if each_one else speech


def _voice(speaker: _Speaker) -> dict[str, Any]:
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": speaker.voice}}} if speaker.voice else {}
