"""The public Gemini API: who asks, and which method answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis import models
from emulator.apis.interactions import agents, environments, interactions
from emulator.apis.interactions.related.methods import RELATED_METHODS, bring_up_to_date
from emulator.apis.openai import access
from emulator.apis.openai.methods import OPENAI_METHODS
from emulator.apis.resources import (
    batches,
    caches,
    embeddings,
    files,
    older,
    operations,
    palm,
    predictions,
    stores,
)
from emulator.apis.uploads import sessions
from emulator.apis.uploads.bodies import Receiver, receiver_of
from emulator.state.accounts import Account
from emulator.state.resources import recorded
from emulator.wire.errors import ErrorBody, unknown_path
from emulator.wire.public import host
from emulator.wire.public.upload_steps import SESSION_STEPS
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
    **files.METHODS,
    **batches.METHODS,
    **operations.METHODS,
    **predictions.METHODS,
    **stores.METHODS,
    **older.METHODS,
    **palm.METHODS,
    **interactions.METHODS,
    **agents.METHODS,
    **environments.METHODS,
    **RELATED_METHODS,
    **OPENAI_METHODS,
    "discover": lambda google, call: _description(call),
    "getKeys": lambda google, call: host.keys(),
}
# What uploads go to, by collection.
_TARGETS: Mapping[str, sessions.Target] = {
    "files": files.TARGET,
    "fileSearchStores": stores.TARGET,
    "environments": environments.TARGET,
}


def answer(google: Google, call: Call) -> Reply | Json:
    """The answer to one authenticated call; raises Refused."""
    recorded.provide(call.project, google.recorded, call.now)
    bring_up_to_date(google, call)
    if step := sessions.STEPS.get(call.route.call):
        return step(google, call, _target(call))
    method = _METHODS.get(call.route.call)
    return method(google, call) if method else unknown_path(call.request.path)


def _description(call: Call) -> Reply | Json:
    root = f"http://{call.request.headers.get('host', '')}{call.route.base}/"
    told = host.description(call.request.query.get("version") or "v1beta", root)
    return told.reply() if isinstance(told, ErrorBody) else told


def receiver(google: Google, call: Call) -> Receiver:
    """What takes the body of an authenticated upload; raises Refused."""
    return receiver_of(google, call, _target(call))


def authenticate(google: Google, call: Call) -> Account:
    """The account of the key, of a bearer token, or of an upload's session; raises Refused as the public API does."""
    if call.route.openai:
        return access.account_of(google, call)
    registers = call.route.call == "registerFiles" and call.bearer
    if call.credentials > 1 and not registers:
        raise call.refused("several_credentials")
    if call.route.call in SESSION_STEPS:
        return sessions.owner_of(google, call)
    if call.api_key and not registers:
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


def _target(call: Call) -> sessions.Target:
    return _TARGETS[call.route.resource.partition("/")[0]]
