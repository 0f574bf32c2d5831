"""Answers that are given before any view runs, in the shape of Google's errors."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Protocol, Self
from urllib.parse import parse_qsl

from gateway_project.messages.answer_headers import Header
from proxy_app.wire.faults.error_bodies import error_body
from proxy_app.wire.framing.stream_forms import ErrorFrame, error_frame, framed


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status code, a google.rpc.Code, a message, and the frame in which the client reads errors."""

    code: int
    status: str
    message: str
    retry_after: int = 0  # in seconds; 0 where it would be no use
    frame: ErrorFrame = ErrorFrame.OBJECT

    def asked_by(self, path: str, query: bytes, headers: Iterable[Header], default: str) -> Self:
        """This refusal in the frame for a client that asked for `path` (decoded) with `headers` (names in lower case);
        `default` is GATEWAY_STREAM_DEFAULT.
        """
        named = {name: value.decode("latin-1") for name, value in headers if name in (b"accept", b"user-agent")}
        asked = dict(parse_qsl(query.decode("latin-1")))
        accept, agent = named.get(b"accept", ""), named.get(b"user-agent", "")
        return replace(self, frame=error_frame(path, asked, accept, agent, default))

    @property
    def body(self) -> bytes:
        """Google's JSON, `error` first."""
        return framed(error_body(self.code, self.message, status=self.status), self.frame)

    @property
    def headers(self) -> list[Header]:
        headers = [
            (b"Content-Type", self.frame.content_type.encode()),
            (b"Content-Length", b"%d" % len(self.body)),
        ]
        return [*headers, (b"Retry-After", b"%d" % self.retry_after)] if self.retry_after else headers

    def wire(self, more: Iterable[Header]) -> bytes:
        """The whole answer as bytes, with `more` headers, for a connection that is closed after it."""
        head = b"HTTP/1.1 %d %s\r\n" % (self.code, reason_phrase(self.code))
        fields = [b"%s: %s\r\n" % field for field in (*self.headers, *more, (b"Connection", b"close"))]
        return b"".join([head, *fields, b"\r\n", self.body])


class OnRefusal(Protocol):
    """Called for each refusal given before any view ran; `arrived` is by the monotonic clock, `path` decoded."""

    def __call__(
        self, method: str, path: str, address: str, request_id: str, status: int, message: str, arrived: float
    ) -> None: ...


# In use without being registered: Google's code for CANCELLED, and that of overloaded front ends.
_PHRASES = {499: b"Client Closed Request", 529: b"Site Overloaded"}
_CLASSES = {1: b"Informational", 2: b"Success", 3: b"Redirection", 4: b"Client Error", 5: b"Server Error"}


def reason_phrase(code: int) -> bytes:
    """The words of a status line, from which Google's Java SDK builds its error text.

    twisted has none for 429 and a dozen others, and unusual ones for some.
    """
    try:
        return HTTPStatus(code).phrase.encode()
    except ValueError:
        return _PHRASES.get(code) or _CLASSES.get(code // 100, b"Unknown")


INTERNAL = Refusal(500, "INTERNAL", "Internal error encountered.")
NO_ROOM = Refusal(503, "UNAVAILABLE", "The gateway holds too many large requests in memory now.", retry_after=1)
SHUTTING_DOWN = Refusal(503, "UNAVAILABLE", "The gateway is shutting down, and this call was not answered in time.")


def bad_request(message: str) -> Refusal:
    return Refusal(400, "INVALID_ARGUMENT", message)


def not_found(path: str) -> Refusal:
    return Refusal(404, "NOT_FOUND", f"There is nothing at {path}.")


def not_allowed(method: str) -> Refusal:
    """For an HTTP method that the view of a path does not take."""
    return Refusal(405, "UNIMPLEMENTED", f"{method} is not a method of this API.")


def too_large(limit: int) -> Refusal:
    """Google's own sentence; `limit` in bytes."""
    return Refusal(413, "INVALID_ARGUMENT", f"Request payload size exceeds the limit: {limit} bytes.")
