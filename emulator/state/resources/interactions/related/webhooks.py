"""Webhooks: what a project wants to be told of, the secrets that its messages are signed with, the messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass, field

from emulator.wire.durations import timestamp
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

EVENTS = frozenset(
    {
        "batch.succeeded",
        "batch.expired",
        "batch.failed",
        "interaction.requires_action",
        "interaction.completed",
        "interaction.failed",
        "video.generated",
    }
)
STATES = frozenset({"enabled", "disabled", "disabled_due_to_failed_deliveries"})
_PREFIX = "whsec_"
_DAY = 86_400.0
_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to a webhook, signed by every secret that is good: `webhook-id`, `-timestamp`, `-signature`."""

    webhook: str
    uri: str
    headers: Json = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def payload(self) -> Json:
        told: Json = json.loads(self.body)
        return told


@dataclass(slots=True)
class Webhook:
    """One webhook; the last of its secrets is the newest, and the others have a time at which they end."""

    id: str
    asked: Json = field(repr=False)
    created: float
    updated: float
    state: str = "enabled"
    secrets: list[tuple[str, float | None]] = field(default_factory=list, repr=False)

    def rotate(self, now: float, *, at_once: bool) -> str:
        """A new secret; those before it are good for a day more, or no longer."""
        ends = now + _DAY
        kept = [] if at_once else [(one, ends if end is None else min(end, ends)) for one, end in self.secrets]
        secret = _PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()
        self.secrets = [*kept, (secret, None)]
        return secret

    def good_secrets(self, now: float) -> list[tuple[str, float | None]]:
        return [(one, ends) for one, ends in self.secrets if ends is None or ends > now]

    def resource(self, now: float) -> Json:
        """Never the secrets themselves."""
        listed = []
        for secret, ends in self.good_secrets(now):
            shown = f"{_PREFIX}...{secret[-4:]}"
            listed.append({"truncated_secret": shown, **({} if ends is None else {"expire_time": timestamp(ends)})})
        times = {"create_time": timestamp(self.created), "update_time": timestamp(self.updated)}
        return {"id": self.id, **self.asked, "state": self.state, "signing_secrets": listed, **times}

    def message(self, event: str, data: Json, now: float) -> Delivery:
        """A signed message, by the rules of Standard Webhooks."""
        payload = {"type": event, "version": "v1", "timestamp": timestamp(now), "data": data}
        body, id, at = json.dumps(payload).encode(), f"msg_{uuid.uuid4().hex}", str(int(now))
        signed = b".".join((id.encode(), at.encode(), body))
        keys = [base64.b64decode(secret.removeprefix(_PREFIX)) for secret, _ in self.good_secrets(now)]
        signatures = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
        headers = {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": at,
            "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
        }
        return Delivery(self.id, str(self.asked["uri"]), headers, body)


class Webhooks:
    """A project's webhooks by id, and the latest messages to all of them. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Webhook] = {}
        self.deliveries: list[Delivery] = []

    def add(self, asked: Json, now: float) -> Webhook:
        webhook = Webhook(uuid.uuid4().hex, asked, now, now)
        self._by_id[webhook.id] = webhook
        return webhook

    def get(self, id: str) -> Webhook:
        """Raises Refused, with one text for what is foreign, gone and never was."""
        if id not in self._by_id:
            raise refuse_in_words(404, "Requested entity was not found.")
        return self._by_id[id]

    def delete(self, id: str) -> None:
        del self._by_id[self.get(id).id]

    def all(self) -> list[Webhook]:
        """Newest first."""
        return list(self._by_id.values())[::-1]

    def listening(self, event: str) -> list[Webhook]:
        """Those that are to be told of an event."""
        return [one for one in self.all() if one.state == "enabled" and event in one.asked["subscribed_events"]]

    def record(self, delivery: Delivery) -> None:
        self.deliveries = [*self.deliveries[-_MOST_KEPT + 1 :], delivery]
