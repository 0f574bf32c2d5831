"""How a stream is framed, server-sent events or one JSON array, and how an error is where a stream was asked for."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from proxy_app.wire.operations import STREAMED


class StreamForm(Enum):
    """How a stream is framed; the value is its content type."""

    SSE = "text/event-stream"
    ARRAY = "application/json; charset=UTF-8"


class ErrorFrame(Enum):
    """How an error is written that is the whole answer.

    Google answers a stream asked for as an array with an array of one error, and one asked for as events with an object
    over several lines, under the content type of events.
    """

    OBJECT = "object"
    ELEMENT = "element"
    LINES = "lines"

    @property
    def content_type(self) -> str:
        form: StreamForm = StreamForm.SSE if self is ErrorFrame.LINES else StreamForm.ARRAY
        return str(form.value)


def stream_form(query: Mapping[str, str], accept: str, user_agent: str, default: str) -> StreamForm:
    """The form a stream is asked for in.

    1. `alt`, or `$alt` as the legacy Python SDK writes it; `sse` in either wins.
    2. A client that accepts JSON and no event streams gets the array.
    3. `default`: `sse`, `json`, or `auto`: events for those who accept them and for people at a shell, for every other
       program the array, which is what Google would send it.
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
    """How an error is to be written that answers a request for `path`, whatever else is wrong with that request.

    The legacy Python SDK, which asks by `$alt`, types an error only when it is a bare object.
    """
    if not path.rstrip("/").endswith(STREAMED):
        return ErrorFrame.OBJECT
    if stream_form(query, accept, user_agent, default) is StreamForm.SSE:
        return ErrorFrame.LINES
    return ErrorFrame.OBJECT if _alt(query, "$alt") else ErrorFrame.ELEMENT


def framed(error: bytes, frame: ErrorFrame, pretty: bool | None = None) -> bytes:
    """An error's JSON object as it is sent; `pretty` is what `prettyPrint` says, None for nothing."""
    if pretty is None:
        pretty = True if frame is ErrorFrame.LINES else None
    if pretty is not None:
        error = _laid_out(error, pretty)
    return b"[" + error + b"\n]" if frame is ErrorFrame.ELEMENT else error


def _at_a_shell(user_agent: str) -> bool:
    """Whether a person asks and not a program. PowerShell names itself at the end of what looks like a browser."""
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
