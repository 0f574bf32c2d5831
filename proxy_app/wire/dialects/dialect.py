"""What it takes to speak to one kind of upstream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Raw

from accounts_app.pool.content import Content
from proxy_app.wire.calls import Call


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One POST, ready to be sent. The headers hold a credential and the body a prompt: neither is shown.

    The body comes in pieces, the client's values being their own bytes still: a large one is never copied. A body that
    passes through is `content` instead.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    pieces: Sequence[bytes | Raw] = field(repr=False)
    content: Content | None = field(default=None, repr=False)


class Dialect(Protocol):
    """How one kind of upstream wants to be spoken to; there is one object of each, without state."""

    @property
    def name(self) -> str:
        """The kind of account it is for."""
        ...

    def supports(self, verb: str) -> bool:
        """Whether the upstream has this verb on models."""
        ...

    def build(
        self, call: Call, *, model: str, project: str, token: str, base: str, instruction_prefix: str = ""
    ) -> UpstreamRequest:
        """The request for one attempt at `call`.

        `model` is the id to ask the upstream for, `base` its address without trailing slash, `project` may be empty.
        `instruction_prefix` is the operator's, put before the client's own system instruction. Raises BadName for a
        `model` that is no model's name.
        """
        ...

    def unwrap(self, payload: bytes) -> bytes:
        """The public response in one payload, byte for byte. Raises NotAnAnswer."""
        ...

    def unwrap_count(self, payload: bytes) -> bytes:
        """The public countTokens response in the upstream's. Raises NotAnAnswer."""
        ...
