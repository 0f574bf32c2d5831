"""Calls to v1internal about an account, not about a prompt: JSON in, JSON out, with fallback over its endpoints.

What can go wrong:

    CodeAssistError
      Unreachable   no endpoint answered, or none with JSON
      Refused       an endpoint answered with an error; `status` and `body` are upstream's own
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from accounts_app import http_client
from accounts_app.google.access import Access
from accounts_app.pool import foreign_text

# These calls do no inference: an endpoint that is silent for longer will not answer.
SILENCE_SECONDS = 60.0

# Statuses after which the next endpoint is tried: the method is elsewhere, or this host is failing.
TRY_THE_NEXT = frozenset({404, 408, 500, 502, 503, 504})


class CodeAssistError(Exception):
    """A call to Code Assist failed."""


class Unreachable(CodeAssistError):
    """No endpoint of the account gave a JSON response."""


class Refused(CodeAssistError):
    """Upstream answered with an error: its `status`, its `body` and that body's `content_type`."""

    def __init__(self, method: str, status: int, body: bytes, content_type: str) -> None:
        super().__init__(f"{method} was answered with {status}.")
        self.status = status
        self.body = body
        self.content_type = content_type


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object, and the endpoint it came from: a long-running operation exists only there."""

    body: dict[str, Any]
    base: str


async def post(access: Access, method: str, body: dict[str, Any], *, bases: Iterable[str] = ()) -> Answer:
    """POST `{base}/v1internal:{method}` on each endpoint until one answers. Raises Unreachable or Refused."""
    return await _call(access, "POST", f":{method}", msgspec.json.encode(body), bases or access.bases)


async def get(access: Access, name: str, *, bases: Iterable[str] = ()) -> Answer:
    """GET `{base}/v1internal/{name}`, as for an operation. Raises Unreachable or Refused."""
    return await _call(access, "GET", f"/{name}", b"", bases or access.bases)


def either(found: dict[str, Any], name: str, default: Any = None) -> Any:
    """A field by its lowerCamelCase or its snake_case name: proto JSON may have either."""
    value = found.get(name)
    if value is None:
        value = found.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))
    return default if value is None else value


def objects(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The JSON objects in a repeated field; other values are ignored."""
    listed = either(found, name, [])
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


async def _call(access: Access, verb: str, path: str, body: bytes, bases: Iterable[str]) -> Answer:
    """1. Ask the endpoints in order.
    2. After a failed connection, a failing host or a response that is no JSON object, the next one.
    3. Any other error is final, and raised as Refused.
    4. After the last endpoint raise the last Refused, else Unreachable.
    """
    method = path[1:]
    refusal: Refused | None = None
    trouble = "the account has no endpoint"
    headers = {"Authorization": f"Bearer {access.token}", "Content-Type": "application/json"}
    for base in bases:
        request = http_client.request(verb, f"{base}/v1internal{path}", headers, body, read_timeout=SILENCE_SECONDS)
        try:
            response = await http_client.client(access.proxy_url).send(request)
        except httpx.HTTPError as error:
            trouble = type(error).__name__
            continue
        if response.status_code >= 400:
            refusal = Refused(method, response.status_code, response.content, response.headers.get("content-type", ""))
            if response.status_code in TRY_THE_NEXT:
                continue
            raise refusal
        found = _json_object(response.content)
        if response.status_code == 200 and found is not None:
            return Answer(found, base)
        trouble = f"status {response.status_code} and no JSON object"
    if refusal is not None:
        raise refusal
    raise Unreachable(f"{method}: no endpoint answered ({trouble}).")


def _json_object(raw: bytes) -> dict[str, Any] | None:
    if not raw.strip():
        return {}
    try:
        found = foreign_text.decoded(raw)
    except foreign_text.NotJson:
        return None
    return foreign_text.cleaned_json(found) if isinstance(found, dict) else None
