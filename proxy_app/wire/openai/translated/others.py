"""Embeddings, images, videos and batches: each a method of Google's own, and its answer in OpenAI's words."""

import base64
import re
import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.calls import Call
from proxy_app.wire.interactions.translated.values import is_given, read, required, wrong
from proxy_app.wire.malformed import Malformed, NotAnAnswer

_decode_texts = msgspec.json.Decoder(list[str] | str).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_number = msgspec.json.Decoder(int, strict=False).decode
_decode_answer = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode

_ONE_IMAGE = "'n' has to be 1 for this model on this account."
_SIZE = re.compile("([1-9][0-9]{0,5})x([1-9][0-9]{0,5})")
# What Google's models make of OpenAI's sizes.
_RATIOS = {"1:1": 1.0, "3:4": 3 / 4, "4:3": 4 / 3, "9:16": 9 / 16, "16:9": 16 / 9}


def embeddings(body: Body, model: str) -> Body:
    """`requests` of batchEmbedContents. Raises Malformed."""
    if not is_given(given := body.get("input", Raw())):
        raise required("input")
    texts = read(_decode_texts, given, "input")
    sized = {"outputDimensionality": body["dimensions"]} if "dimensions" in body else {}
    requests = [
        {"model": f"models/{model}", "content": {"parts": [{"text": text}]}, **sized}
        for text in ([texts] if isinstance(texts, str) else texts)
    ]
    return {"requests": Raw(_encode(requests))}


def prompted_image(body: Body) -> Body:
    """generateContent's request for an image. Raises Malformed."""
    if _number(body, "n", 1) != 1:
        raise Malformed(_ONE_IMAGE)
    config: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    if ratio := _ratio(body):
        config["imageConfig"] = {"aspectRatio": ratio}
    contents = [{"role": "user", "parts": [{"text": _prompt(body)}]}]
    return {"contents": Raw(_encode(contents)), "generationConfig": Raw(_encode(config))}


def predicted_images(body: Body) -> Body:
    """predict's request for images. Raises Malformed."""
    ratio = _ratio(body)
    parameters = {"sampleCount": _number(body, "n", 1), **({"aspectRatio": ratio} if ratio else {})}
    return _instances(body, parameters)


def video(body: Body) -> Body:
    """predictLongRunning's request. Raises Malformed."""
    if is_given(body.get("input_reference", Raw())):
        raise Malformed("'input_reference' is not translated for this account.")
    ratio = _ratio(body)
    parameters: dict[str, Any] = {"aspectRatio": ratio} if ratio else {}
    if is_given(body.get("seconds", Raw())):
        parameters["durationSeconds"] = _number(body, "seconds", 0)
    return _instances(body, parameters)


def _instances(body: Body, parameters: Mapping[str, Any]) -> Body:
    return {"instances": Raw(_encode([{"prompt": _prompt(body)}])), "parameters": Raw(_encode(parameters))}


def _prompt(body: Body) -> str:
    given = body.get("prompt", Raw())
    text: str = read(_decode_text, given, "prompt") if is_given(given) else ""
    if not text:
        raise required("prompt")
    return text


def _number(body: Body, name: str, usual: int) -> int:
    given = body.get(name, Raw())
    number: int = read(_decode_number, given, name) if is_given(given) else usual
    if not 0 <= number < 1000:
        raise wrong(name, "it is out of range")
    return number


def _ratio(body: Body) -> str | None:
    """The aspect ratio that is nearest to `size` (`1024x1792`); None where that is left to the model."""
    given = body.get("size", Raw())
    text: str = read(_decode_text, given, "size") if is_given(given) else "auto"
    if text == "auto":
        return None
    size = _SIZE.fullmatch(text)
    if size is None:
        raise wrong("size", "a size is written as 1024x1024")
    wanted = int(size[1]) / int(size[2])
    return min(_RATIOS, key=lambda ratio: abs(_RATIOS[ratio] - wanted))


# -- answers; all raise NotAnAnswer ---------------------------------------------------------------------------------


def told_embeddings(call: Call, answer: bytes) -> bytes:
    found = _list(_read(answer).get("embeddings"))
    packed = bytes(call.body.get("encoding_format", Raw())) == b'"base64"'
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(each.get("values"), packed=packed)}
        for index, each in enumerate(found)
    ]
    usage = _read(answer).get("usageMetadata")
    count = usage.get("promptTokenCount", 0) if isinstance(usage, dict) else 0
    counts = {"prompt_tokens": count, "total_tokens": count}
    return _encode({"object": "list", "data": data, "model": call.model, "usage": counts})


def told_images(call: Call, answer: bytes) -> bytes:
    """Of a prediction, or of a model that has been prompted."""
    fields = _read(answer)
    parts = [
        part
        for candidate in _list(fields.get("candidates"))
        for part in _list(_dict(candidate.get("content")).get("parts"))
    ]
    data = [_dict(part.get("inlineData")).get("data") for part in parts]
    data += [each.get("bytesBase64Encoded") for each in _list(fields.get("predictions"))]
    shown = [{"b64_json": each} for each in data if isinstance(each, str)]
    return _encode({"created": 0, "data": shown})


def told_video(call: Call, answer: bytes) -> bytes:
    operation = _read(answer)
    name = str(operation.get("name", ""))
    told: dict[str, Any] = {
        "id": name,
        "object": "video",
        "model": name.removeprefix("models/").partition("/operations/")[0],
        "created_at": _moment(_dict(operation.get("metadata")).get("createTime")),
    }
    if not operation.get("done"):
        return _encode({**told, "status": "in_progress", "progress": 0})
    made = _dict(_dict(operation.get("response")).get("generateVideoResponse"))
    uris = [_dict(each.get("video")).get("uri") for each in _list(made.get("generatedSamples"))]
    if uris and isinstance(uris[0], str):
        return _encode({**told, "status": "completed", "progress": 100, "url": uris[0]})
    message = _dict(operation.get("error")).get("message") or "No video was made."
    told |= {"status": "failed", "progress": 100}
    told["error"] = {"code": "failed", "message": message}
    return _encode(told)


_BATCHES = {
    "PENDING": "validating",
    "RUNNING": "in_progress",
    "SUCCEEDED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}


def told_batch(call: Call, answer: bytes) -> bytes:
    """Of a cancel Google says nothing."""
    batch = _read(answer)
    metadata, response = _dict(batch.get("metadata")), _dict(batch.get("response"))
    stats = _dict(metadata.get("batchStats"))
    counts = {
        name: int(text) if (text := str(stats.get(field, "0"))).isascii() and text.isdigit() else 0
        for name, field in (
            ("total", "requestCount"),
            ("completed", "successfulRequestCount"),
            ("failed", "failedRequestCount"),
        )
    }
    state = str(metadata.get("state")).rpartition("_")[2]
    return _encode(
        {
            "id": str(batch.get("name") or call.name or ""),
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": _dict(metadata.get("inputConfig")).get("fileName", ""),
            "completion_window": "24h",
            "status": _BATCHES.get(state, "cancelling" if not metadata else "in_progress"),
            "output_file_id": response.get("responsesFile") or _dict(metadata.get("output")).get("responsesFile"),
            "created_at": _moment(metadata.get("createTime")),
            "request_counts": counts,
        }
    )


def _vector(values: Any, *, packed: bool) -> Any:
    """Little-endian floats of 32 bits in base64, or numbers."""
    numbers = [float(each) for each in values or () if isinstance(each, int | float)]
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode() if packed else numbers


def _read(answer: bytes) -> dict[str, Any]:
    try:
        return _decode_answer(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAnAnswer("something that is not a JSON object") from None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _moment(value: Any) -> int:
    """0 where upstream does not say."""
    try:
        return int(datetime.fromisoformat(value).timestamp()) if isinstance(value, str) else 0
    except ValueError:
        return 0
