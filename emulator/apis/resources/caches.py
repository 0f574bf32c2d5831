"""cachedContents: make, list, get, change how long one lives, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from emulator.answers import tokens
from emulator.apis.generation import find_model
from emulator.apis.resources.attached import attach_files
from emulator.apis.resources.paging import page_of
from emulator.state.resources.caches import HOUR
from emulator.wire import faults
from emulator.wire.errors import Refused, bad_request, refuse
from emulator.wire.fields import camel, read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000
_HELD = ("contents", "systemInstruction", "tools", "toolConfig")
_LIVES = ("ttl", "expireTime")
_TTL = re.compile(r"(\d+(?:\.\d{1,9})?)s")


def _create(google: Google, call: Call) -> Json:
    asked = read_message("CachedContent", call.json_body())
    model = find_model(call.owner, asked.get("model", ""))
    if not asked.get("model"):
        raise _invalid("CreateCachedContentRequest.model", "model is not specified")
    if model is None or not model.does("createCachedContent"):
        raise Refused(faults.model_not_found(call.scene(asked["model"].removeprefix("models/"))))
    held = {name: asked[name] for name in _HELD if name in asked}
    attach_files(call, held)
    count = sum(tokens.count_prompt(held).values())
    expires = _expiry(asked, call.now, call.now + HOUR)
    name = asked.get("displayName", "")
    return call.project.caches.add(held, f"models/{model.id}", count, name, call.now, expires).resource()


def _list(google: Google, call: Call) -> Json:
    caches = call.project.caches.all(call.now)
    shown, following = page_of(call, caches, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"cachedContents": [cache.resource() for cache in shown], **following} if shown else {}


def _get(google: Google, call: Call) -> Json:
    return call.project.caches.get(call.route.resource, call.now).resource()


def _update(google: Google, call: Call) -> Json:
    """With a mask or without: only how long it lives can be changed."""
    cache = call.project.caches.get(call.route.resource, call.now)
    asked = read_message("CachedContent", call.json_body())
    mask = call.request.query.get("updateMask") or call.request.query.get("update_mask")
    changed = {camel(name.strip()) for name in mask.split(",")} if mask else set(asked)
    if not changed or changed & set(_HELD):
        raise _invalid("UpdateCachedContentRequest.update_mask", "only expiration (ttl or expire_time) can be updated")
    cache.expires = _expiry(
        {name: asked[name] for name in _LIVES if name in changed & set(asked)}, call.now, cache.expires
    )
    cache.updated = call.now
    return cache.resource()


def _delete(google: Google, call: Call) -> Json:
    call.project.caches.delete(call.route.resource, call.now)
    return {}


def _expiry(asked: Json, now: float, usual: float) -> float:
    """When the cache ends, by `ttl` or `expireTime`; both at once are refused, as the two are one field."""
    ttl, moment = asked.get("ttl"), asked.get("expireTime")
    if ttl and moment:
        text = "Invalid value at 'cached_content' (oneof), oneof field 'expiration' is already set."
        raise refuse(400, text, bad_request([("cached_content", text)]))
    if ttl:
        if not (match := _TTL.fullmatch(ttl)):
            raise _not_a("ttl", "Duration", ttl, "Illegal duration format; duration must end with 's'")
        return now + float(match[1])
    if not moment:
        return usual
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        raise _not_a("expire_time", "Timestamp", moment, "Invalid time format") from None


def _not_a(field: str, kind: str, value: str, why: str) -> Refused:
    text = f"Invalid value at 'cached_content.{field}' (type.googleapis.com/google.protobuf.{kind}), {why}: \"{value}\""
    return refuse(400, text, bad_request([(f"cached_content.{field}", text)]))


def _invalid(field: str, text: str) -> Refused:
    return refuse(400, f"* {field}: {text}\n", bad_request([(field.partition(".")[2], text)]))


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "listCachedContents": _list,
    "createCachedContent": _create,
    "getCachedContent": _get,
    "updateCachedContent": _update,
    "deleteCachedContent": _delete,
}
