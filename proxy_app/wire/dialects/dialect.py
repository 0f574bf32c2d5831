"""The interface that the dialect of one kind of upstream implements."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Raw, Struct

from accounts_app.pool.content import Content
from accounts_app.pool.outcomes import Fault
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects.readers import Reader
from proxy_app.wire.operations import Operation


class UpstreamRequest(Struct, frozen=True):
    """One request, ready to be sent. The headers hold a credential and the body a prompt: the repr shows neither.

    The body comes in pieces, each value of the client's in the bytes it came in: a large one is never copied. A body
    that passes through is `content` instead. `raw` says that the answer's bytes are passed on as they come.
    """

    url: str
    headers: Mapping[str, str]
    pieces: Sequence[bytes | Raw]
    content: Content | None = None
    http: str = "POST"
    raw: bool = False

    def __repr__(self) -> str:
        return f"UpstreamRequest(url={self.url!r})"


class Dialect(Protocol):
    """How one kind of upstream wants to be spoken to; there is one object of each, without state."""

    @property
    def name(self) -> str:
        """The kind of account that it is for."""
        ...

    @property
    def versioned(self) -> bool:
        """Whether upstream is asked in the version of the API that the client uses."""
        ...

    @property
    def operations(self) -> frozenset[Operation]:
        """What the upstream can answer."""
        ...

    def build(
        self, call: Call, *, model: str, project: str, token: str, base: str, instruction_prefix: str = ...
    ) -> UpstreamRequest:
        """The request for one attempt at `call`.

        `model` is the upstream model, `base` the upstream's address without trailing slash, `project` may be empty.
        `instruction_prefix` is the operator's, put before the client's own system instruction. Raises BadName for a
        `model` that is no model's name.
        """
        ...

    def reader(self, call: Call) -> Reader:
        """A reader of the answer to `call`."""
        ...

    def fault(
        self, status: int, body: bytes, content_type: str = ..., now: float = ..., retry_after: str = ...
    ) -> Fault:
        """The fault in an answer that is an error. The arguments are those of `faults.classify`."""
        ...
