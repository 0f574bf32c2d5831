"""The failures of an exchange with an upstream, distinguished as far as it matters for whose fault they are.

    Failure
      Unreachable         nothing was sent: no connection to the endpoint (refused, no such name, TLS, too slow)
        ProxyFailed       nothing was sent: the egress proxy cannot be reached, refuses the login (407) or is no proxy
      OutOfDescriptors    nothing was sent: this gateway can open no more connections
      StaleConnection     a connection used before was closed before the answer's first byte: send once more, `fresh`
      Dropped             a fresh connection was closed before the answer's head had arrived
      Silent              no head in time, or the request was not accepted in time
      Unreadable          not an API's answer: not HTTP, a web page, a redirect, an unknown compression
      Interrupted         the connection was closed within the body
        FellSilent        no more of the body in time
        TooLarge          the body is longer than its bound
        Garbled           the body cannot be decoded (an Unreadable, too)

`str()` of a failure is for the request log; `for_client` is the message for the client, `code` its HTTP status.
"""


class Failure(Exception):
    """An exchange without a complete answer."""

    code = 503
    for_client = "The upstream could not answer. Please try again later."


class Unreachable(Failure):
    """Nothing was sent: there is no connection to the endpoint."""

    for_client = "No upstream of this gateway could be reached. Please try again later."


class ProxyFailed(Unreachable):
    """Nothing was sent: the egress proxy itself does not work."""


class OutOfDescriptors(Failure):
    """Nothing was sent: this process can open no more connections."""

    for_client = "This gateway has run out of file descriptors."


class StaleConnection(Failure):
    """A connection used before was closed before the answer's first byte."""

    for_client = "The upstream closed the connection without an answer."


class Dropped(Failure):
    """A fresh connection was closed before the answer's head had arrived."""

    for_client = "The upstream closed the connection without an answer."


class Silent(Failure):
    """The upstream sent nothing, or accepted nothing, for too long."""

    code = 504
    for_client = "The upstream did not answer in time."


class Unreadable(Failure):
    """An answer that is not an API's. `what` completes the sentence "it …"."""

    code = 502

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.for_client = f"The upstream sent an answer that cannot be read: {what}."


class Interrupted(Failure):
    """The connection was closed within the body."""

    for_client = "The upstream interrupted its response."


class FellSilent(Interrupted):
    """No more of the body came in time."""

    code = 504
    for_client = "The upstream stopped sending its response."


class TooLarge(Interrupted):
    """The body is longer than its bound."""

    code = 502
    for_client = "The upstream's answer is too large for this gateway."


class Garbled(Unreadable, Interrupted):
    """The body cannot be decoded."""
