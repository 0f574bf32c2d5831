"""Webhooks: create, list, get, change, delete; a message on request; a new signing secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.apis.interactions.related.common import changes, id_of, listed, require
from emulator.apis.interactions.related.delivering import deliver, is_loopback
from emulator.state.resources.interactions.related.webhooks import EVENTS, STATES, Webhook
from emulator.wire.public.interaction_bodies import read_body, refuse_value
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_AT_ONCE = "revoke_previous_secrets_immediately"
_BEHAVIOURS = frozenset({"revoke_previous_secrets_after_h24", _AT_ONCE})


def _create(google: Google, call: Call) -> Json:
    """The only answer that tells the signing secret, but for those of rotations."""
    asked = read_body("Webhook", call.json_body())
    require(asked, "uri", "subscribed_events")
    _check(asked)
    webhook = call.project.related.webhooks.add(asked, call.now)
    secret = webhook.rotate(call.now, at_once=True)
    return {**webhook.resource(call.now), "new_signing_secret": secret}


def _list(google: Google, call: Call) -> Json:
    return listed(call, "webhooks", [one.resource(call.now) for one in call.project.related.webhooks.all()])


def _get(google: Google, call: Call) -> Json:
    return _named(call).resource(call.now)


def _update(google: Google, call: Call) -> Json:
    webhook, changed = _named(call), changes(call, "WebhookUpdate")
    _check(changed)
    webhook.state = changed.pop("state", webhook.state)
    webhook.asked = {**webhook.asked, **changed}
    webhook.updated = call.now
    return webhook.resource(call.now)


def _delete(google: Google, call: Call) -> Json:
    call.project.related.webhooks.delete(id_of(call))
    return {}


def _ping(google: Google, call: Call) -> Json:
    webhook = _named(call)
    read_body("PingWebhook", call.json_body())
    deliver(call.project.related.webhooks, webhook.message("ping", {"id": webhook.id}, call.now))
    return {}


def _rotate(google: Google, call: Call) -> Json:
    webhook = _named(call)
    behaviour = read_body("RotateSigningSecret", call.json_body()).get("revocation_behavior", _AT_ONCE)
    if behaviour not in _BEHAVIOURS:
        raise refuse_value(behaviour, "revocation_behavior")
    webhook.updated = call.now
    return {"secret": webhook.rotate(call.now, at_once=behaviour == _AT_ONCE)}


def _named(call: Call) -> Webhook:
    """By its id, behind which there may be a verb."""
    return call.project.related.webhooks.get(id_of(call))


def _check(asked: Json) -> None:
    if "uri" in asked:
        split = urlsplit(asked["uri"])
        if split.scheme != "https" and not (split.scheme == "http" and is_loopback(asked["uri"])):
            raise refuse_in_words(400, "'uri' must be an https:// address.")
    for event in asked.get("subscribed_events", ()):
        if event not in EVENTS:
            raise refuse_value(event, "subscribed_events")
    if asked.get("state", "enabled") not in STATES:
        raise refuse_value(asked["state"], "state")


METHODS: Mapping[str, Callable[[Google, Call], Json]] = {
    "createWebhook": _create,
    "listWebhooks": _list,
    "getWebhook": _get,
    "updateWebhook": _update,
    "deleteWebhook": _delete,
    "pingWebhook": _ping,
    "rotateSigningSecret": _rotate,
}
