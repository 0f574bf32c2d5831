"""Google's error bodies: made in the one shape that every client reads, read in every wrapping they have been seen in.

Normally `{"error": {"code", "message", "status", "details"}}`. Upstreams also send that inside a one-element array (a
stream that fails before its first element), as JSON text inside another error's message, and with stray commas or a
blank in `"@type"`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from accounts_app.pool import foreign_text

# Levels of errors that stand as JSON text in another's message; gemini-cli unwraps as many.
_NESTED = 10

# What is read of an error, in characters and in details: real ones have a few sentences and a handful of details.
_LONGEST_MESSAGE = 16 * 1024
_MOST_DETAILS = 64

# What a message quotes is the client's own content where it stands for a value ("Invalid value at 'contents'
# (TYPE_STRING), "…"", "Base64 decoding failed for "…""), or is longer than a field's name. It has no place in logs or
# the admin. A value may hold quotation marks itself.
_QUOTED_VALUE = re.compile(r'(\), |failed for )".*"', re.DOTALL)
_LONG_QUOTE = re.compile(r'"[^"]{80,}"')

_STRAY_COMMAS = ((re.compile(rb",(?:\s*,)+"), b","), (re.compile(rb",(\s*[}\]])"), rb"\1"))

_CODES = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "UNAUTHENTICATED": 401,
}

# google.rpc.Code by HTTP status, as Google's own front end maps them; 405, 413 and 415 have no code of their own there.
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

# The codes of the interactions API, by HTTP status. Only the first three have been seen; the others follow them.
_WORDS = {
    400: "invalid_request",
    401: "authentication",
    404: "not_found",
    403: "permission_denied",
    408: "timeout",
    409: "conflict",
    413: "request_too_large",
    429: "rate_limit_exceeded",
    499: "cancelled",
    500: "internal_error",
    502: "unavailable",
    503: "unavailable",
    504: "timeout",
}
_STATUS_OF_WORDS = {
    **{word: status for status, word in _WORDS.items()},
    **{name.lower(): status for name, status in _CODES.items()},
}

Detail = Mapping[str, Any]


def error_body(code: int, message: str, details: Sequence[Detail] = (), status: str = "") -> bytes:
    """`{"error":{"code","message","status","details"?}}`; `error` first and `code` an int, as SDKs' readers need."""
    error: dict[str, Any] = {"code": code, "message": message, "status": status or _STATUS.get(code, "UNKNOWN")}
    if details:
        error["details"] = list(details)
    return msgspec.json.encode({"error": error})


def word_body(code: int, message: str) -> bytes:
    """`{"error":{"message","code"}}`: the form of the interactions API, whose codes are words."""
    return msgspec.json.encode({"error": {"message": message, "code": _WORDS.get(code, _WORDS[400])}})


def answer_of(error: msgspec.Raw) -> bytes:
    """What stands in an event or an answer under `error`, as an answer of its own; {} where it is no object."""
    return msgspec.json.encode({"error": error if bytes(error)[:1] == b"{" else {}})


def in_words(body: bytes) -> bytes:
    """An error of the gateway's own in the form of the interactions API; any other body as it is."""
    told = told_in(body)
    return body if told is None else word_body(*told)


def told_in(body: bytes) -> tuple[int, str] | None:
    """Code and message of an error whose code is a number; None for any other body."""
    error = _error_of(_decoded(body))
    if error is None or not isinstance(error.get("code"), int):
        return None
    return error["code"], str(error.get("message") or "")


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """A google.rpc.Status as far as it was readable; `code` is 0 where it has none."""

    code: int = 0
    message: str = ""
    status: str = ""
    details: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    def of_type(self, name: str) -> Iterator[dict[str, Any]]:
        """The details of one google.rpc type, such as `ErrorInfo`."""
        for detail in self.details:
            if str(detail.get("@type", "")).endswith("." + name):
                yield detail

    @property
    def reasons(self) -> list[str]:
        """ErrorInfo.reason of every detail that has one, typed or not."""
        return [reason for detail in self.details if isinstance(reason := detail.get("reason"), str) and reason]

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of all ErrorInfos together."""
        merged: dict[str, str] = {}
        for detail in self.details:
            if isinstance(metadata := detail.get("metadata"), dict):
                merged |= {str(name): str(value) for name, value in metadata.items()}
        return merged

    @property
    def links(self) -> list[str]:
        """The addresses of all Help details."""
        links = [link for help_ in self.of_type("Help") for link in _list(help_.get("links"))]
        return [link["url"] for link in links if isinstance(link, dict) and isinstance(link.get("url"), str)]

    @property
    def quota_ids(self) -> list[str]:
        """The names of the exhausted quotas, from QuotaFailure and ErrorInfo."""
        ids = [str(violation.get("quotaId", "")) for violation in self._violations]
        return [quota for quota in [*ids, self.metadata.get("quota_limit", "")] if quota]

    @property
    def quota_metrics(self) -> list[str]:
        """The metrics that these quotas count."""
        metrics = [str(violation.get("quotaMetric", "")) for violation in self._violations]
        return [metric for metric in [*metrics, self.metadata.get("quota_metric", "")] if metric]

    @property
    def consumer(self) -> str:
        """The project that is the consumer (`projects/123`), from ErrorInfo and QuotaFailure; "" where none is named.

        A consumer may be an API key instead, which is a secret.
        """
        dimensions = [violation.get("quotaDimensions") for violation in self._violations]
        named = [str(each.get("consumer", "")) for each in dimensions if isinstance(each, dict)]
        return next((name for name in [self.metadata.get("consumer", ""), *named] if name.startswith("projects/")), "")

    @property
    def names_a_model(self) -> bool:
        """Whether any of these quotas is a model's."""
        dimensions = [violation.get("quotaDimensions") for violation in self._violations]
        named = any(isinstance(each, dict) and "model" in each for each in dimensions)
        return named or any("model" in quota.lower() for quota in self.quota_ids)

    @property
    def _violations(self) -> list[dict[str, Any]]:
        found = [each for failure in self.of_type("QuotaFailure") for each in _list(failure.get("violations"))]
        return [each for each in found if isinstance(each, dict)]


def read_error(body: bytes) -> ErrorBody | None:
    """The error in `body`, or None if it is not one of Google's."""
    error = _error_of(_decoded(body))
    if error is None:
        return None
    for _ in range(_NESTED):
        inner = _error_of(_decoded(str(error.get("message", "")).encode()))
        if inner is None:
            break
        error = inner
    return _as_error_body(foreign_text.cleaned_json(_looked_at(error)))


_LARGEST = 1024 * 1024  # bytes; errors are a few kB, those with an HTML page in them some more


def error_object(body: bytes, *, of_a_resource: bool = False) -> bytes | None:
    """The `{"error":…}` object in `body`, byte for byte and out of its array; None if there is none.

    With `of_a_resource` an object that has a name, too, is none: the error of a job or a file is part of what it is.

    Cheap for an answer: a body without `"error"`, or of more than `_LARGEST` bytes (an image), is not parsed.
    """
    if len(body) > _LARGEST or b'"error"' not in body:
        return None
    try:
        if body.lstrip()[:1] == b"[":
            body = bytes(_first_item(body))
        wrapper = _decode_wrapper(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError):
        return None
    is_resource = of_a_resource and bytes(wrapper.name) != b""
    return body if bytes(wrapper.error)[:1] == b"{" and not is_resource else None


class _Wrapper(msgspec.Struct, gc=False):
    error: Raw = Raw()
    name: Raw = Raw()


_decode_wrapper = msgspec.json.Decoder(_Wrapper).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode_any = msgspec.json.Decoder().decode


def _first_item(body: bytes) -> Raw:
    return _decode_items(body)[0]


def _decoded(text: bytes) -> Any:
    if text.lstrip()[:1] not in (b"{", b"["):
        return None
    for repair in (None, *_STRAY_COMMAS):
        if repair is not None:
            text = repair[0].sub(repair[1], text)
        try:
            return _decode_any(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        except RecursionError:
            return None
    return None


def _error_of(decoded: Any) -> dict[str, Any] | None:
    if isinstance(decoded, list) and decoded:
        decoded = decoded[0]
    error = decoded.get("error") if isinstance(decoded, dict) else None
    if isinstance(error, str):  # {"error": "invalid_grant", "error_description": "…"}, as the token endpoint has it
        return {"message": str(decoded.get("error_description") or error), "status": error}
    return error if isinstance(error, dict) else None


def _looked_at(error: dict[str, Any]) -> dict[str, Any]:
    message = str(error.get("message") or "")[:_LONGEST_MESSAGE]
    return {**error, "message": message, "details": _list(error.get("details"))[:_MOST_DETAILS]}


def _as_error_body(error: dict[str, Any]) -> ErrorBody:
    status = str(error.get("status") or "")
    code = error.get("code")
    if isinstance(code, str):
        code = int(code) if code.isdecimal() else _STATUS_OF_WORDS.get(code.rpartition("/")[2].lower(), 0)
    if not isinstance(code, int) or not 100 <= code < 600:
        code = _CODES.get(status, 0)
    details = [
        {str(name).strip(): value for name, value in detail.items()}
        for detail in _list(error.get("details"))
        if isinstance(detail, dict)
    ]
    message = _QUOTED_VALUE.sub(r'\1"…"', str(error.get("message") or ""))
    message = _LONG_QUOTE.sub('"…"', message)
    return ErrorBody(code, message, status, tuple(details))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
