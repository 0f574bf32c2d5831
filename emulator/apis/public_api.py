"""The public Gemini API: who asks, and which method answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis import models
from emulator.apis.resources import caches, embeddings
from emulator.state.accounts import Account
from emulator.wire.errors import unknown_path
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

# The prefixes of keys: no access token begins like this.
_KEY_PREFIXES = ("AIza", "AQ.")

_METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    **models.METHODS,
    **embeddings.METHODS,
    **caches.METHODS,
}


def answer(google: Google, call: Call) -> Reply | Json:
    """The answer to one authenticated call; raises Refused."""
    method = _METHODS.get(call.route.call)
    return method(google, call) if method else unknown_path(call.request.path)


def authenticate(google: Google, call: Call) -> Account:
    """The account of the API key, or of a bearer token; raises Refused as the public API does."""
    if call.credentials > 1:
        raise call.refused("several_credentials")
    if call.api_key:
        account = google.accounts.by_api_key(call.api_key)
        if account is None:
            raise call.refused("api_key_invalid")
        return account
    if call.bearer:
        if call.bearer.startswith(_KEY_PREFIXES):
            raise call.refused("token_type_unsupported")
        account, good = google.accounts.by_access_token(call.bearer)
        if account is None or not good:
            raise call.refused("token_expired")
        return account
    raise call.refused("unregistered_caller")
