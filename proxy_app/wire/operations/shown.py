"""What an answer shows of a resource: its state, size and end, as far as rows and lists need them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

# Members of an answer that the resource may stand in, instead of being the answer itself.
_WRAPPERS = ("file",)
INTERACTION = "interaction"  # what an interaction says it is
_ENDS = ("expirationTime", "expireTime")
RUNNING, DONE = "RUNNING", "DONE"
# What upstream tells once, and what clients have given to tools and sandboxes; recordings, which are long.
_LEFT_OUT = frozenset(
    {"environment_key", "new_signing_secret", "signing_secrets", "secret", "auth_token", "token", "value", "key"}
    | {"client_secret", "refresh_token", "headers", "transform", "env", "sample_audio"}
)
_OPERATION = re.compile("models/.+/operations/[^/]+")

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Shown:
    """Times are seconds, epoch; `json` is the resource as lists show it, "" if there is none."""

    state: str = ""
    size_bytes: int | None = None
    expires_at: float | None = None
    json: str = ""
    created_at: float | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an answer says of the bytes of a file that has been uploaded; `sha256_hash` is as upstream writes it."""

    name: str
    sha256_hash: str
    size: int


def uploaded_in(answer: bytes) -> Uploaded | None:
    """Read from a whole public answer; None where it is about no file with bytes."""
    try:
        file = _decode(answer)["file"]
        name, sha256_hash, size = file["name"], file["sha256Hash"], _number(file["sizeBytes"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
        return None
    if not isinstance(name, str) or not isinstance(sha256_hash, str) or not size:
        return None
    return Uploaded(name, sha256_hash, size)


@dataclass(frozen=True, slots=True)
class Written:
    """A file in an environment: its size, and when it was written last (seconds, epoch)."""

    size: int
    at: float


def written_in(answer: bytes) -> Written | None:
    """Read from an answer about one file in an environment; None where it is about none or several."""
    try:
        (file,) = _decode(answer)["files"]
        size, at = _number(file["size_bytes"]), _moment(file["modified"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, ValueError):
        return None
    return None if size is None or at is None else Written(size, at)


def shown_in(answer: bytes) -> Shown:
    """Read from a whole public answer."""
    try:
        found = _decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Shown()
    if not isinstance(found, dict):
        return Shown()
    return shown(next((found[each] for each in _WRAPPERS if isinstance(found.get(each), dict)), found))


def shown(resource: dict[str, Any]) -> Shown:
    """Read from one resource, decoded. Nobody lists interactions, so what is said in them is not kept."""
    if resource.get("object") == INTERACTION:
        status = resource.get("status")
        return Shown(state=status if isinstance(status, str) else "")
    return Shown(
        state=_state(resource),
        size_bytes=_number(resource.get("sizeBytes", resource.get("size_bytes"))),
        expires_at=next((at for each in _ENDS if (at := _moment(resource.get(each))) is not None), None),
        json=_encode(_as_listed(resource)).decode(),
        created_at=next((at for each in _begins(resource) if (at := _moment(each)) is not None), None),
    )


def _begins(resource: dict[str, Any]) -> list[Any]:
    """When it was made, as each family says it."""
    of_interactions = resource.get("create_time"), resource.get("created")
    return [resource.get("createTime"), _metadata(resource).get("createTime"), *of_interactions]


def _as_listed(resource: dict[str, Any]) -> dict[str, Any]:
    """Without the answers that stand in a batch itself: only a GET of the batch shows them. What goes with interactions
    is without secrets.
    """
    if "id" in resource:
        return {name: _without_secrets(value) for name, value in resource.items() if name not in _LEFT_OUT}
    metadata = _metadata(resource)
    if _is_inlined(resource.get("response")):
        resource = {name: value for name, value in resource.items() if name != "response"}
    if _is_inlined(metadata.get("output")):
        metadata = {name: value for name, value in metadata.items() if name != "output"}
        resource = {**resource, "metadata": metadata}
    return resource


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(inner) for name, inner in value.items() if name not in _LEFT_OUT}
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value


def _is_inlined(output: Any) -> bool:
    return isinstance(output, dict) and any(name.startswith("inlined") for name in output)


def _metadata(resource: dict[str, Any]) -> dict[str, Any]:
    metadata = resource.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _state(resource: dict[str, Any]) -> str:
    """Of a long-running operation on a model, which has none of its own, whether it is over."""
    state = resource.get("state") or _metadata(resource).get("state") or resource.get("status")
    if not state and _OPERATION.fullmatch(str(resource.get("name"))):
        return DONE if resource.get("done") else RUNNING
    return state if isinstance(state, str) else ""


def _number(value: Any) -> int | None:
    """Numbers of 64 bits are texts in Google's JSON."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and value >= 0 else None


def _moment(value: Any) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except ValueError:
        return None
