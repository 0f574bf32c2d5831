"""A client's request as one `Call`: operation, model, body, the form of the answer, and what the client copes with.

`bodies` reads the body, `stream_forms` the form of a stream; their names are exported here as well.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from accounts_app.pool.access.tenants import WITHOUT_KEY, Tenant
from accounts_app.pool.content import Content
from proxy_app.wire.bodies.bodies import Body, read_body
from proxy_app.wire.framing.answer_shape import Shape
from proxy_app.wire.framing.stream_forms import StreamForm
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.names.named import NOTHING, Named
from proxy_app.wire.names.resource_names import Name
from proxy_app.wire.operations import Operation

__all__ = [
    "Body",
    "Call",
    "ClientKind",
    "ErrorForm",
    "Malformed",
    "StreamForm",
    "client_kind",
    "read_body",
]


_BLANK_LINES = b"\r\n\r\n"


class ErrorForm(Enum):
    """How a client is told, inside a stream, that the stream has failed."""

    EVENT = "event"  # one more event, or one more element of the array
    BARE = "bare"  # a block without `data: `
    OPENAI = "openai"  # one more event, in OpenAI's form
    NONE = "none"  # not at all: the connection is dropped


@dataclass(frozen=True, slots=True)
class ClientKind:
    """What the client's reader copes with.

    `takes_done`: whether a `[DONE]` that upstream sent may be passed on. `heartbeat`: bytes that it ignores, to be sent
    between two events. `error_form`: what it recognises as an error, sent before the connection is dropped.
    """

    takes_done: bool = True
    heartbeat: bytes = _BLANK_LINES
    error_form: ErrorForm = ErrorForm.EVENT


@dataclass(frozen=True, slots=True)
class PassThrough:
    """What of a request goes upstream as the client sent it.

    `path` is that of a forwarded method, below the version and decoded; `query` is encoded, without a question mark.
    `headers` are those that may go upstream, in lower case. `url` is the whole address of an upload session, which
    needs no credential.
    """

    http: str
    path: str = ""
    query: str = ""
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, parsed.

    Where an agent is asked, `agent` and `model` are its id. `form` is None unless the answer is streamed. `affinity` is
    the 64-bit key of the conversation, `session_id` the name upstream knows it by. `timeout` is how long the client
    says it waits, in seconds. `arrived` is when its head was here, by the monotonic clock. `shape` is what the client
    wants of the answer's fields and layout, None for nothing. `content` is a body that passes through; `body` has no
    fields then. `requests` is how many requests the call counts as. `conversation` is what the request log finds the
    turns of a chain of interactions by, "" for all else. `is_translated` says that a call of the OpenAI layer goes up
    as the one of Google's own API that asks for the same.
    """

    operation: Operation
    model: str
    body: Body = field(repr=False)
    request_id: str
    agent: str = ""
    form: StreamForm | None = None
    client: ClientKind = ClientKind()
    affinity: int = 0
    session_id: str = ""
    timeout: float | None = None
    arrived: float = 0.0
    api_key_id: int | None = None
    version: str = "v1beta"
    shape: Shape | None = None
    content: Content | None = field(default=None, repr=False)
    name: Name | None = None
    named: Named = NOTHING
    tenant: Tenant = WITHOUT_KEY
    passes: PassThrough | None = None
    requests: int = 1
    conversation: str = ""
    is_translated: bool = False

    @property
    def resource(self) -> str:
        """What the request log shows it is about: what its path names, else the first thing its body names."""
        if self.name is not None:
            return self.name.logged
        if self.named.names:
            return str(self.named.names[0])
        return self.passes.path if self.passes is not None else ""


def client_kind(api_client: str, user_agent: str, form: StreamForm | None = None) -> ClientKind:
    """The client's kind, from its headers `x-goog-api-client` and `User-Agent`.

    Google's SDKs fail on `[DONE]` after the full text, and litellm before 1.106 loops for ever. All ignore blank lines
    but the legacy JavaScript SDK, which ignores only an empty event. There are two of them because Google's Go SDK
    splits a stream at blank lines alone: a single one would become part of the next event, and break it. The same SDK
    takes an error event for an empty response, and up to 1.60 a dropped connection for the end; what it reads as an
    error is a bare object. In an array any white space will do.
    """
    if form is StreamForm.BLOCKS:
        return ClientKind(heartbeat=b": ping\n\n", error_form=ErrorForm.NONE)
    if form is StreamForm.CHUNKS:
        # OpenAI's Go SDK takes every blank line for the end of an event, and one without data for a broken one.
        return ClientKind(heartbeat=b": ping\n", error_form=ErrorForm.OPENAI)
    names = f"{api_client} {user_agent}".lower()
    if form is StreamForm.ARRAY:
        # The legacy Python SDK takes an error element for an empty response, and raises for a dropped connection.
        error_form = ErrorForm.NONE if "genai-py/" in names else ErrorForm.EVENT
        return ClientKind(takes_done=False, heartbeat=b" ", error_form=error_form)
    return ClientKind(
        takes_done=not any(name in names for name in _FAILS_ON_DONE),
        heartbeat=b"data: {}\r\n\r\n" if "genai-js/" in names else _BLANK_LINES,
        error_form=ErrorForm.BARE if "google-genai-sdk/" in names and "gl-go/" in names else ErrorForm.EVENT,
    )


_FAILS_ON_DONE = ("google-genai-sdk/", "genai-js/", "genai-py/", "geminicli", "litellm/", "langchain")

_SECONDS = re.compile(r"[0-9]{1,30}(?:\.[0-9]{0,30})?", re.ASCII)


def server_timeout(header: str) -> float | None:
    """The seconds in a client's `X-Server-Timeout`; None unless it is a number above 0."""
    given = header.strip()
    return (float(given) or None) if _SECONDS.fullmatch(given) else None
