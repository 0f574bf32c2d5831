"""Answers given before any view is reached, in the shape of Google's errors."""

import json
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status code (HTTP), its name (google.rpc.Code) and what to tell the client."""

    code: int
    status: str
    message: str

    @property
    def body(self) -> bytes:
        """Google's JSON, `error` first."""
        return json.dumps({"error": {"code": self.code, "message": self.message, "status": self.status}}).encode()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"Content-Type", b"application/json; charset=UTF-8"),
            (b"Content-Length", b"%d" % len(self.body)),
        ]

    @property
    def wire(self) -> bytes:
        """The whole answer, for a connection that ends with it."""
        head = b"HTTP/1.1 %d %s\r\n" % (self.code, HTTPStatus(self.code).phrase.encode())
        fields = [b"%s: %s\r\n" % field for field in (*self.headers, (b"Connection", b"close"))]
        return b"".join([head, *fields, b"\r\n", self.body])


INTERNAL = Refusal(500, "INTERNAL", "Internal error encountered.")


def bad_request(message: str) -> Refusal:
    return Refusal(400, "INVALID_ARGUMENT", message)


def not_found(path: str) -> Refusal:
    return Refusal(404, "NOT_FOUND", f"There is nothing at {path}.")


def not_allowed(method: str) -> Refusal:
    """For methods that no view knows; those known elsewhere are the views' to answer."""
    return Refusal(405, "UNIMPLEMENTED", f"{method} is not a method of this API.")


def too_large(limit: int) -> Refusal:
    """Google's own sentence; `limit` in bytes."""
    return Refusal(413, "INVALID_ARGUMENT", f"Request payload size exceeds the limit: {limit} bytes.")
