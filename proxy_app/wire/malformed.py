"""The ways in which bytes can be wrong: ours to refuse, or ours to give up on.

Malformed          what a client sent cannot be read; its text is Google's and goes back with status 400
TooLarge           it is larger than what the gateway takes: 413
UnknownEncoding    it is compressed in a way that nobody here can undo: 415
NotAnAnswer        what an upstream sent is not an answer; the attempt has failed, the client is told so
"""


class Malformed(ValueError):
    """A client's request that no upstream could read. `str()` is the message for the client, in Google's words."""


class TooLarge(ValueError):
    """A client's request that is larger than `limit` bytes. `str()` is Google's sentence."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Request payload size exceeds the limit: {limit} bytes.")


class UnknownEncoding(ValueError):
    """A `Content-Encoding` that nobody here can undo. `str()` names it, and those that are known."""


class NotAnAnswer(ValueError):
    """Bytes from an upstream that are not one JSON object, or too many of them. Never quotes what was sent."""
