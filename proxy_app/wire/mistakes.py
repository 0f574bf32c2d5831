"""The two ways in which bytes can be wrong: ours to refuse, or ours to give up on.

Malformed      what a client sent cannot be read; its text is Google's and goes back with status 400
NotAnAnswer    what an upstream sent is not an answer; the attempt has failed, the client is told so
"""


class Malformed(ValueError):
    """A client's request that no upstream could read. `str()` is the message for the client, in Google's words."""


class NotAnAnswer(ValueError):
    """Bytes from an upstream that are not one JSON object, or too many of them. Never quotes what was sent."""
