"""Errors in OpenAI's form: an `error` with `message`, `type`, `param` and `code`."""

from collections.abc import Mapping

import msgspec

from proxy_app.wire.faults.error_bodies import told_in

# By HTTP status: type and code as OpenAI's clients tell errors apart.
_WORDS: Mapping[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "permission_denied"),
    404: ("not_found_error", "not_found"),
    409: ("conflict_error", "conflict"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    501: ("invalid_request_error", "unsupported"),
}
_OF_SERVERS = ("server_error", None)


class _Error(msgspec.Struct):
    message: str
    type: str
    param: str | None
    code: str | None


class _Body(msgspec.Struct):
    error: _Error


_encode = msgspec.json.Encoder().encode


def openai_body(code: int, message: str, param: str | None = None) -> bytes:
    """An error of the HTTP status `code`."""
    kind, word = _WORDS.get(code, _OF_SERVERS if code >= 500 else _WORDS[400])
    return _encode(_Body(_Error(message, kind, param, word)))


def in_openai(body: bytes) -> bytes:
    """An error of Google's or of the gateway's own in OpenAI's form; any other body as it is."""
    told = told_in(body)
    return body if told is None else openai_body(*told)
