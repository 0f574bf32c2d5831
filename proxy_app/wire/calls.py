"""What a client asks for: the operation and its model, the form of the answer, and who is asking, as one `Call`.

The body is read in `bodies`, the form of a stream in `stream_forms`; their names are offered here too, so that callers
have one place to come to.
"""

import re
from dataclasses import dataclass, field
from enum import Enum

from accounts_app.pool.content import Content
from proxy_app.wire.bodies.bodies import Body, read_body
from proxy_app.wire.framing.answer_shape import Shape
from proxy_app.wire.framing.stream_forms import StreamForm
from proxy_app.wire.malformed import Malformed
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
    """How a client reads, inside a stream, that the stream has failed."""

    EVENT = "event"  # one more event, or one more element of the array
    BARE = "bare"  # a block without `data: `
    NONE = "none"  # not at all: only a dropped connection says it


@dataclass(frozen=True, slots=True)
class ClientKind:
    """What the client's reader can stand.

    `takes_done`: whether a `[DONE]` that upstream sent may be passed on. `heartbeat`: bytes that mean nothing to it, to
    be sent between two events. `error_form`: what it takes for an error, before the connection is dropped.
    """

    takes_done: bool = True
    heartbeat: bytes = _BLANK_LINES
    error_form: ErrorForm = ErrorForm.EVENT


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood.

    `form` is None unless the answer is streamed. `affinity` is the 64-bit key of the conversation, `session_id` the
    name upstream knows it by. `timeout` is what the client said it would wait, in seconds. `arrived` is when it was
    wholly here, by a clock that only tells differences. `shape` is what the client wants of the answer's fields and
    layout, None for nothing. `content` is a body that passes through; `body` has no fields then.
    """

    operation: Operation
    model: str
    body: Body = field(repr=False)
    request_id: str
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


def client_kind(api_client: str, user_agent: str, form: StreamForm | None = None) -> ClientKind:
    """The client's kind, from its headers `x-goog-api-client` and `User-Agent`.

    Google's SDKs fail on `[DONE]` after the full text, and litellm before 1.106 spins for ever. Blank lines are
    invisible to all but the legacy JavaScript SDK, whose only harmless event is an empty one. There are two of them
    because Google's Go SDK cuts a stream at blank lines alone: a single one would stick to the next event, and that is
    no longer one. The same SDK takes an error event for an empty response, and up to 1.60 a dropped connection for
    the end; what it reads as an error is a bare object. In an array any blank will do.
    """
    names = f"{api_client} {user_agent}".lower()
    if form is StreamForm.ARRAY:
        # The legacy Python SDK takes an error element for an empty response, and types a dropped connection.
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
    """The seconds in a client's `X-Server-Timeout`; None for none, and for what is no number above 0."""
    given = header.strip()
    return (float(given) or None) if _SECONDS.fullmatch(given) else None
