"""The models that Google lists for a Gemini API key, all of them or one by its name."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from accounts_app import http_client
from accounts_app.google.access import Access
from accounts_app.google.code_assist import Refused, Unreachable
from accounts_app.pool import foreign_text

Models = Mapping[str, Mapping[str, Any]]

CONNECT_SECONDS, SILENCE_SECONDS = 5.0, 20.0  # a list is no inference, and a client may wait for it
PAGE, MOST_PAGES = 1_000, 3
MOST_BYTES = 1024 * 1024  # of one answer; Google's whole list has some 40 kB
# A model as a path may name it. Nothing else may become part of an upstream URL.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Found(NamedTuple):
    """Upstream's answer to a look-up: its HTTP status and body."""

    status: int
    body: bytes


async def fetch(access: Access) -> Models:
    """Every page of the list, `{id: Model resource}` as Google sends them. Raises Refused, Unreachable."""
    models: dict[str, Any] = {}
    token = ""
    for _page in range(MOST_PAGES):
        query = f"models?pageSize={PAGE}" + (f"&pageToken={token}" if token else "")
        answer = await _get(access, query)
        if answer.status != 200:
            raise Refused("models.list", answer.status, answer.body, "application/json")
        page = _object(answer.body)
        listed = page.get("models")
        for model in listed if isinstance(listed, list) else []:
            if isinstance(model, dict) and (name := id_of(model)):
                models[name] = model
        token = page.get("nextPageToken", "")
        if not isinstance(token, str) or not re.fullmatch(r"[\w=.-]+", token):
            break
    return models


async def look_up(access: Access, model: str) -> Found:
    """models.get of `model`, which `is_id`. Raises Unreachable."""
    return await _get(access, f"models/{model}")


def is_id(model: str) -> bool:
    """Whether `model` may stand in an upstream path."""
    return _ID.fullmatch(model) is not None


def id_of(resource: Mapping[str, Any]) -> str:
    """`x` of a resource named `models/x`; "" for any other."""
    name = resource.get("name")
    model = name.removeprefix("models/") if isinstance(name, str) else ""
    return model if is_id(model) else ""


async def _get(access: Access, path: str) -> Found:
    url, headers = f"{access.bases[0]}/v1beta/{path}", {"x-goog-api-key": access.token}
    request = http_client.request(
        "GET", url, headers, b"", read_timeout=SILENCE_SECONDS, connect_timeout=CONNECT_SECONDS
    )
    try:
        response = await http_client.client(access.proxy_url).send(request)
    except httpx.HTTPError as error:
        raise Unreachable(f"models: no answer ({type(error).__name__}).") from error
    if len(response.content) > MOST_BYTES:
        raise Unreachable("models: the answer is too long.")
    return Found(response.status_code, response.content)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = foreign_text.decoded(body)
    except foreign_text.NotJson as error:
        raise Unreachable("models: an answer that cannot be read.") from error
    return found if isinstance(found, dict) else {}
