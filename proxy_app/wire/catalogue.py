"""The gateway's own list of models, as Google's Model resources, and paging over any list of them.

The numbers are those of Google's models.list of June 2026. What an account's quota list knows better goes before them;
of a model that nobody knows, nothing is claimed but its name.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxy_app.wire.calls import Method
from proxy_app.wire.mistakes import Malformed

Model = dict[str, Any]

PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000

_M = 1_048_576
_K = 1_024


@dataclass(frozen=True, slots=True)
class Known:
    """What Google publishes of a model; limits in tokens."""

    display_name: str
    version: str
    input_limit: int = _M
    output_limit: int = 64 * _K
    thinking: bool = True
    max_temperature: float = 2.0
    top_k: int = 64


KNOWN: Mapping[str, Known] = {
    "gemini-2.5-pro": Known("Gemini 2.5 Pro", "2.5"),
    "gemini-2.5-flash": Known("Gemini 2.5 Flash", "001"),
    "gemini-2.5-flash-lite": Known("Gemini 2.5 Flash-Lite", "001"),
    "gemini-2.5-flash-image": Known("Nano Banana", "2.0", 32 * _K, 32 * _K, thinking=False, max_temperature=1.0),
    "gemini-2.5-flash-preview-tts": Known(
        "Gemini 2.5 Flash Preview TTS", "gemini-2.5-flash-exp-tts-2025-05-19", 8 * _K, 16 * _K, thinking=False
    ),
    "gemini-2.5-pro-preview-tts": Known(
        "Gemini 2.5 Pro Preview TTS", "gemini-2.5-pro-preview-tts-2025-05-19", 8 * _K, 16 * _K, thinking=False
    ),
    "gemini-2.5-computer-use-preview-10-2025": Known(
        "Gemini 2.5 Computer Use Preview 10-2025", "Gemini 2.5 Computer Use Preview 10-2025", 128 * _K
    ),
    "gemini-3-pro-preview": Known("Gemini 3 Pro Preview", "3-pro-preview-11-2025"),
    "gemini-3-flash-preview": Known("Gemini 3 Flash Preview", "3-flash-preview-12-2025"),
    "gemini-3-pro-image": Known("Nano Banana Pro", "3.0", 128 * _K, 32 * _K, max_temperature=1.0),
    "gemini-3-pro-image-preview": Known("Nano Banana Pro", "3.0", 128 * _K, 32 * _K, max_temperature=1.0),
    "gemini-3.1-pro-preview": Known("Gemini 3.1 Pro Preview", "3.1-pro-preview-01-2026"),
    "gemini-3.1-pro-preview-customtools": Known("Gemini 3.1 Pro Preview Custom Tools", "3.1-pro-preview-01-2026"),
    "gemini-3.1-flash-lite": Known("Gemini 3.1 Flash Lite", "3.1-flash-lite-05-2026"),
    "gemini-3.1-flash-lite-preview": Known("Gemini 3.1 Flash Lite Preview", "3.1-flash-lite-preview-03-2026"),
    "gemini-3.1-flash-image": Known("Nano Banana 2", "3.0", 64 * _K, max_temperature=1.0),
    "gemini-3.1-flash-image-preview": Known("Nano Banana 2", "3.0", 64 * _K, max_temperature=1.0),
    "gemini-3.1-flash-tts-preview": Known("Gemini 3.1 Flash TTS Preview", "3.1-flash-tts-preview", 8 * _K, 16 * _K),
    "gemini-3.5-flash": Known("Gemini 3.5 Flash", "3.5-flash-05-2026"),
    "gemini-pro-latest": Known("Gemini Pro Latest", "Gemini Pro Latest"),
    "gemini-flash-latest": Known("Gemini Flash Latest", "Gemini Flash Latest"),
    "gemini-flash-lite-latest": Known("Gemini Flash-Lite Latest", "Gemini Flash-Lite Latest"),
}

_METHODS = [Method.GENERATE.value, Method.STREAM.value, Method.COUNT.value]


def model_resource(model: str, quota: Mapping[str, Any] | None = None) -> Model:
    """The Model resource of `model`, as models.get answers it.

    `quota` is what an account's quota list says of it: `{"display_name", "input_limit", "output_limit", "thinking"}`,
    each optional. Limits that nobody knows are left out rather than invented; the SDKs read that as unknown.
    """
    quota = quota or {}
    known = KNOWN.get(model)
    display_name = quota.get("display_name") or (known.display_name if known else model)
    resource: Model = {
        "name": f"models/{model}",
        "baseModelId": model,
        "version": known.version if known else None,
        "displayName": display_name,
        "description": display_name,
        "inputTokenLimit": quota.get("input_limit") or (known.input_limit if known else None),
        "outputTokenLimit": quota.get("output_limit") or (known.output_limit if known else None),
        "supportedGenerationMethods": list(_METHODS),
    }
    if known:
        resource |= {
            "temperature": 1.0,
            "topP": 0.95,
            "topK": known.top_k,
            "maxTemperature": known.max_temperature,
        }
    thinking = quota.get("thinking")
    resource["thinking"] = bool(known and known.thinking) if thinking is None else bool(thinking)
    return {name: value for name, value in resource.items() if value is not None and value is not False}


def page(models: Sequence[Model], page_size: str | int | None = None, page_token: str | None = None) -> Model:
    """One page of models.list: `{"models": […], "nextPageToken"?}`. Raises Malformed.

    `page_size` and `page_token` may be as they came in the query. Sizes above 1000 mean 1000, zero and none mean 50.
    """
    size = _size(page_size)
    start = _start(models, page_token) if page_token else 0
    answer: Model = {"models": list(models[start : start + size])}
    if start + size < len(models):
        answer["nextPageToken"] = _token(start + size, models[start + size - 1]["name"])
    return answer


def _size(text: str | int | None) -> int:
    if not text:
        return PAGE_SIZE
    try:
        size = int(text)
    except ValueError:
        raise Malformed(f"Invalid value at 'page_size' (TYPE_INT32), \"{text}\"") from None
    if size < 0:
        raise Malformed("* ListModelsRequest.page_size: page_size must not be negative")
    return min(size or PAGE_SIZE, MAX_PAGE_SIZE)


def _token(index: int, last: str) -> str:
    return base64.urlsafe_b64encode(f"{index}:{last}".encode()).decode().rstrip("=")


def _start(models: Sequence[Model], token: str) -> int:
    """Where the next page begins: after the last model of the one before, wherever that stands by now.

    The list may have changed in between. If that model is gone, its old place is as good a guess as any.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        index, _, last = text.partition(":")
        place = int(index)
    except (ValueError, binascii.Error):
        raise Malformed("* ListModelsRequest.page_token: page token is invalid") from None
    names = [model["name"] for model in models]
    return names.index(last) + 1 if last in names else max(0, min(place, len(names)))
