"""How a stream is framed, server-sent events or one JSON array, and how an error is framed that comes instead of it."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.faults.error_bodies import in_words
from proxy_app.wire.openai.error_form import in_openai
from proxy_app.wire.operations import STREAMED, Family, Gives, Operation, Takes, paths

_EVENTS, _JSON = "text/event-stream", "application/json; charset=UTF-8"


class StreamForm(Enum):
    """How a stream is framed."""

    SSE = "sse"
    ARRAY = "array"
    BLOCKS = "blocks"  # events of the interactions API, as upstream has written them
    CHUNKS = "chunks"  # chunks of a chat in OpenAI's form

    @property
    def content_type(self) -> str:
        return _JSON if self is StreamForm.ARRAY else _EVENTS


class ErrorFrame(Enum):
    """How an error is written that is the whole answer.

    Where a stream was requested as an array, Google sends an array of one error; where it was requested as events, an
    object over several lines, with the content type of events. The interactions API has words for codes, OpenAI's layer
    an object of its own.
    """

    OBJECT = "object"
    ELEMENT = "element"
    LINES = "lines"
    WORDS = "words"
    OPENAI = "openai"

    @property
    def content_type(self) -> str:
        return _EVENTS if self is ErrorFrame.LINES else _JSON


_BY_FAMILY: Mapping[Family, ErrorFrame] = {
    Family.INTERACTIONS: ErrorFrame.WORDS,
    Family.OPENAI: ErrorFrame.OPENAI,
}

_TRUE: Final = Raw(b"true")


def form_of(
    operation: Operation, query: Mapping[str, str], body: Body, accept: str, user_agent: str, default: str
) -> StreamForm | None:
    """The form in which a call wants its answer streamed; None for a plain answer. `default` is as in `stream_form`."""
    match operation.gives:
        case Gives.EVENTS:
            return stream_form(query, accept, user_agent, default)
        case Gives.INTERACTION_EVENTS if _asks_for_events(operation, query, body):
            return StreamForm.BLOCKS
        case Gives.CHUNKS if body.get("stream") == _TRUE:
            return StreamForm.CHUNKS
    return None


def _asks_for_events(operation: Operation, query: Mapping[str, str], body: Body) -> bool:
    """Whether an interaction is to be streamed: what has a body says so there, and its query means nothing."""
    if operation.takes is Takes.FIELDS:
        return body.get("stream") == _TRUE
    return query.get("stream", "").lower() == "true"


def stream_form(query: Mapping[str, str], accept: str, user_agent: str, default: str) -> StreamForm:
    """The form in which a stream is requested.

    1. `alt`, or `$alt` as the legacy Python SDK writes it; `sse` in either wins.
    2. A client that accepts JSON and no event streams gets the array.
    3. `default`: `sse`, `json`, or `auto`: events for clients that accept them and for people at a shell, for all
       others the array, as Google would send it.
    """
    asked = [_alt(query, "alt"), _alt(query, "$alt")]
    if "sse" in asked:
        return StreamForm.SSE
    if "json" in asked:
        return StreamForm.ARRAY
    types = {entry.partition(";")[0].strip().lower() for entry in accept.split(",")}
    if "application/json" in types and "text/event-stream" not in types:
        return StreamForm.ARRAY
    if default == "auto":
        default = "sse" if "text/event-stream" in types or _at_a_shell(user_agent) else "json"
    return StreamForm.SSE if default == "sse" else StreamForm.ARRAY


def error_frame(path: str, query: Mapping[str, str], accept: str, user_agent: str, default: str) -> ErrorFrame:
    """How an error is written that answers a request for `path`, also when that request cannot be read otherwise.

    The legacy Python SDK, which sends `$alt`, recognises an error only as a bare object.
    """
    if frame := _BY_FAMILY.get(paths.family(path)):
        return frame
    if not path.rstrip("/").endswith(STREAMED):
        return ErrorFrame.OBJECT
    if stream_form(query, accept, user_agent, default) is StreamForm.SSE:
        return ErrorFrame.LINES
    return ErrorFrame.OBJECT if _alt(query, "$alt") else ErrorFrame.ELEMENT


def framed(error: bytes, frame: ErrorFrame, pretty: bool | None = None) -> bytes:
    """An error's JSON object as it is sent; `pretty` is the client's `prettyPrint`, None without one."""
    if frame is ErrorFrame.WORDS:
        error = in_words(error)
    if frame is ErrorFrame.OPENAI:
        error = in_openai(error)
    if pretty is None:
        pretty = True if frame is ErrorFrame.LINES else None
    if pretty is not None:
        error = _laid_out(error, pretty)
    return b"[" + error + b"\n]" if frame is ErrorFrame.ELEMENT else error


def _at_a_shell(user_agent: str) -> bool:
    """Whether a person at a shell sent it. PowerShell's user agent looks like a browser's, with its own name last."""
    user_agent = user_agent.lower()
    return user_agent.startswith("curl/") or "powershell/" in user_agent


def _laid_out(error: bytes, pretty: bool) -> bytes:
    try:
        return msgspec.json.format(error, indent=2) + b"\n" if pretty else msgspec.json.format(error, indent=-1)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return error


def _alt(query: Mapping[str, str], name: str) -> str:
    """The value of a system parameter without its options: `json` of `json;enum-encoding=int`."""
    return (query.get(name) or "").partition(";")[0].strip().lower()
