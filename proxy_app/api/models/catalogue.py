"""The gateway's own list of models, as Google's Model resources, and paging over any list of them.

The list is the file `models.json`, as of the month in its `asOf`. What upstream or an account's quota list says of a
model goes before it; a model in none of them has only its name.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proxy_app.wire.malformed import Malformed
from proxy_app.wire.operations import OPERATIONS

Model = dict[str, Any]

PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000

_FILE: dict[str, Any] = msgspec.json.decode(Path(__file__).with_name("models.json").read_bytes())
AS_OF: str = _FILE["asOf"]
KNOWN: Mapping[str, Model] = {model["name"].removeprefix("models/"): model for model in _FILE["models"]}

# As Google lists them for a model that generates content: streamGenerateContent is not among them.
_METHODS = tuple(operation.advertised for operation in OPERATIONS if operation.advertised)
_MONTH, _NUMBER = re.compile(r"\d\d-\d{4}$"), re.compile(r"\d+(?:\.\d+)?")


def model_resource(model: str, quota: Mapping[str, Any] | None = None, upstream: Model | None = None) -> Model:
    """The Model resource of `model`, as models.get returns it.

    `upstream` is its entry in upstream's own list, which goes before all else. `quota` is its entry in an account's
    quota list: `{"display_name", "input_limit", "output_limit", "thinking"}`, each optional. Unknown limits are left
    out; the SDKs read that as unknown.
    """
    if upstream is not None:
        return _complete(model, upstream)
    resource = _complete(model, KNOWN.get(model, {}))
    quota = quota or {}
    if display_name := quota.get("display_name"):
        resource["displayName"] = resource["description"] = display_name
    for name, limit in (("inputTokenLimit", "input_limit"), ("outputTokenLimit", "output_limit")):
        if quota.get(limit):
            resource[name] = quota[limit]
    if (thinking := quota.get("thinking")) is not None:
        resource.pop("thinking", None)
        resource |= {"thinking": True} if thinking else {}
    return resource


def _complete(model: str, found: Model) -> Model:
    """`found` under the model's own name, with every field that Google's schema calls required."""
    display_name = found.get("displayName") or model
    methods = found.get("supportedGenerationMethods") or _METHODS
    return {
        "name": f"models/{model}",
        "version": _version(model),
        "displayName": display_name,
        "description": display_name,
        **{name: value for name, value in found.items() if name != "name"},
        "supportedGenerationMethods": list(methods),
    }


def _version(model: str) -> str:
    """The number in a model's name: 3.6 of gemini-3.6-flash, 04-2026 of one that ends with its month."""
    found = _MONTH.search(model) or _NUMBER.search(model)
    return found[0] if found else "001"


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
    """Where the next page begins: after the last model of the page before.

    The list may have changed in between. If that model is gone, the page begins at the old place.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        index, _, last = text.partition(":")
        place = int(index)
    except (ValueError, binascii.Error):
        raise Malformed("* ListModelsRequest.page_token: page token is invalid") from None
    names = [model["name"] for model in models]
    return names.index(last) + 1 if last in names else max(0, min(place, len(names)))
