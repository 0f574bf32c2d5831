"""Errors for bytes that cannot be read, a client's or an upstream's.

Malformed          a client's request cannot be read: 400
TooLarge           a client's request is larger than what the gateway takes: 413
UnknownEncoding    a client's request is compressed in a way that the gateway cannot undo: 415
NotAnAnswer        what an upstream sent is not an answer: the attempt has failed
"""


class Malformed(ValueError):
    """A client's request that no upstream could read. `str()` is the message for the client, in Google's words."""


class TooLarge(ValueError):
    """A client's request that is larger than `limit` bytes. `str()` is Google's sentence."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Request payload size exceeds the limit: {limit} bytes.")


class UnknownEncoding(ValueError):
    """A `Content-Encoding` that the gateway cannot undo. `str()` names it, and those that it can."""


class NotAnAnswer(ValueError):
    """Bytes from an upstream that are not one JSON object, or too many of them. Never quotes what was sent."""
