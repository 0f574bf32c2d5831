"""Tokens for one interaction, as clients without a key present them: made once, taken back by their digits."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from emulator.wire.durations import timestamp
from emulator.wire.public.interaction_bodies import read_body
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_USUAL_LIFE = 1_800.0


def _create(google: Google, call: Call) -> Json:
    id = call.route.resource.split("/")[1]
    call.project.interactions.get(id, call.now)
    asked = read_body("AuthTokenRequest", call.json_body())
    expires = _moment(asked["expire_time"]) if "expire_time" in asked else call.now + _USUAL_LIFE
    if expires <= call.now:
        raise refuse_in_words(400, "'expire_time' must be in the future.")
    digits = secrets.token_hex(32)
    call.project.related.tokens.add(digits, {"interaction": id, "expires": expires}, call.now)
    return {"auth_token": f"auth_tokens/{digits}", "expires_at": timestamp(expires)}


def _delete(google: Google, call: Call) -> Json:
    _, id, _, digits = call.route.resource.split("/")
    tokens = call.project.related.tokens
    if tokens.get(digits).told["interaction"] != id:
        raise refuse_in_words(404, "Requested entity was not found.")
    tokens.delete(digits)
    return {}


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refuse_in_words(400, "The value of 'expire_time' must be a timestamp.")
    return moment.timestamp()


METHODS: Mapping[str, Callable[[Google, Call], Json]] = {
    "createInteractionAuthToken": _create,
    "deleteInteractionAuthToken": _delete,
}
