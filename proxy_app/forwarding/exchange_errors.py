"""What can go wrong in an exchange with an upstream, told apart by what it says about whose fault it was.

    Failure
      Unreachable         nothing was sent: no connection to the endpoint (refused, no such name, TLS, too slow)
        ProxyFailed       nothing was sent: the egress proxy itself is away, refuses us (407) or is none
      OutOfDescriptors    nothing was sent, and it is this gateway's own trouble
      StaleConnection     a connection used before was closed before the answer's first byte: send once more, `fresh`
      BrokeOff            a fresh connection was closed before the answer's head was there
      Silent              no head in time, or the request was not taken in time
      Unreadable          an answer that is no API's: not HTTP, a web page, a redirect, compressed beyond recognition
      Interrupted         the body broke off
        FellSilent        the body stopped coming
        TooLarge          the body is longer than its bound
        Garbled           the body cannot be read on (an Unreadable, too)

`str()` of a failure is for the request log; `told` is a sentence that a client may read, `code` its HTTP status.
"""


class Failure(Exception):
    """An exchange that brought no answer, or only a part of one."""

    code = 503
    told = "The upstream could not answer. Please try again later."


class Unreachable(Failure):
    """Nothing was sent: there is no connection to the endpoint."""

    told = "No upstream of this gateway could be reached. Please try again later."


class ProxyFailed(Unreachable):
    """Nothing was sent: the egress proxy itself does not work."""


class OutOfDescriptors(Failure):
    """Nothing was sent: this process can open no more connections."""

    told = "This gateway has run out of file descriptors."


class StaleConnection(Failure):
    """A connection used before was closed before the answer's first byte."""

    told = "The upstream closed the connection without an answer."


class BrokeOff(Failure):
    """A fresh connection was closed before the answer's head was there."""

    told = "The upstream closed the connection without an answer."


class Silent(Failure):
    """The upstream said nothing, or took nothing, for too long."""

    code = 504
    told = "The upstream did not answer in time."


class Unreadable(Failure):
    """An answer that is no API's."""

    code = 502

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.told = f"The upstream sent an answer that cannot be read: {what}."


class Interrupted(Failure):
    """The body broke off."""

    told = "The upstream broke off its answer."


class FellSilent(Interrupted):
    """The body stopped coming."""

    code = 504
    told = "The upstream fell silent within its answer."


class TooLarge(Interrupted):
    """The body is longer than its bound."""

    code = 502
    told = "The upstream's answer is too large for this gateway."


class Garbled(Unreadable, Interrupted):
    """The body cannot be read on."""
