"""Credentials: under ids that their makers choose. What they hold goes in and never comes out again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from emulator.apis.interactions.related.common import changes, id_of, listed, require
from emulator.wire.public.interaction_bodies import read_body, refuse_value
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_SHAPES = {"bearer_token": "BearerToken", "oauth2": "Oauth2", "environment_variable": "EnvironmentVariable"}
_NEEDED = {
    "bearer_token": ("token",),
    "oauth2": ("client_id", "client_secret", "refresh_token", "token_url"),
    "environment_variable": ("value", "injection_location"),
}
_PLACES = frozenset({"header", "query", "body"})


def _create(google: Google, call: Call) -> Json:
    kind = _kind_in(call.json_body())
    asked = read_body(_SHAPES[kind], call.json_body())
    require(asked, "id", *_NEEDED[kind])
    if not _ID.fullmatch(asked["id"]):
        text = "'id' must have up to 63 letters, digits, dashes and underscores, beginning with a letter."
        raise refuse_in_words(400, text)
    _check_places(asked)
    held = {name: value for name, value in asked.items() if name not in {"id", "type"}}
    told = {"type": kind, "status": "active"}
    return call.project.related.credentials.add(asked["id"], told, call.now, held).resource()


def _list(google: Google, call: Call) -> Json:
    return listed(call, "credentials", [one.resource() for one in call.project.related.credentials.all()])


def _get(google: Google, call: Call) -> Json:
    return call.project.related.credentials.get(id_of(call)).resource()


def _update(google: Google, call: Call) -> Json:
    credential = call.project.related.credentials.get(id_of(call))
    kind = _kind_in(call.json_body())
    if kind != credential.told["type"]:
        raise refuse_in_words(400, "The type of a credential cannot be changed.")
    changed = changes(call, _SHAPES[kind])
    if "id" in changed:
        raise refuse_in_words(400, "The id of a credential cannot be changed.")
    _check_places(changed)
    credential.secret |= {name: value for name, value in changed.items() if name != "type"}
    credential.updated = call.now
    return credential.resource()


def _delete(google: Google, call: Call) -> Json:
    call.project.related.credentials.delete(id_of(call))
    return {}


def _kind_in(body: Any) -> str:
    kind = body.get("type") if isinstance(body, dict) else None
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise refuse_value(kind, "type")
    return kind


def _check_places(asked: Json) -> None:
    """Where a variable may be put: one place or a list of them."""
    given = asked.get("injection_location", [])
    for place in given if isinstance(given, list) else [given]:
        if not isinstance(place, str) or place not in _PLACES:
            raise refuse_value(place, "injection_location")


METHODS: Mapping[str, Callable[[Google, Call], Json]] = {
    "createCredential": _create,
    "listCredentials": _list,
    "getCredential": _get,
    "updateCredential": _update,
    "deleteCredential": _delete,
}
