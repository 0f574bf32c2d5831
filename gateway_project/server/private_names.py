"""Names of daphne and twisted that the server uses although neither promises to keep them.

A release of either may drop one. `check` runs when a server is made, so that such a release is noticed at the start and
not in the middle of a call.
"""

from collections.abc import Collection, Mapping
from importlib.metadata import version
from inspect import isfunction

from daphne.http_protocol import WebRequest
from daphne.server import Server
from twisted.internet import tcp
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.web.http import HTTPChannel

# By the class that has them, its base classes included: what the server calls or reads there, and what it overrides or
# sets because daphne or twisted calls or reads it.
NAMES: Mapping[type, Collection[str]] = {
    Server: (
        "application_checker",
        "connections",
        "create_application",
        "kill_all_applications",
        "protocol_connected",
        "protocol_disconnected",
    ),
    WebRequest: ("basic_error", "duration", "request_start"),
    HTTPChannel: (
        "_buffer",
        "_busyReceiving",
        "_command",
        "_handlingRequest",
        "_networkProducer",
        "_path",
        "_respondToBadRequestAndDisconnect",
        "_send100Continue",
        "_version",
        "_waitingForTransport",
        "allContentReceived",
        "allHeadersReceived",
        "line_mode",
        "lineReceived",
        "requestDone",
        "timeoutConnection",
    ),
    tcp.Server: ("_tempDataBuffer", "_tempDataLen", "dataBuffer", "doRead", "doWrite", "offset"),
    tcp.Port: ("_fromListeningDescriptor", "numberAccepts", "transport"),
    AsyncioSelectorReactor: ("_asyncioEventloop", "_disconnectSelectable"),
}


class MissingNames(Exception):
    """The installed daphne or twisted lacks names that the server uses; the message has them and both versions."""


def check(names: Mapping[type, Collection[str]] = NAMES) -> None:
    """Raises MissingNames."""
    missing = [
        f"{owner.__module__}.{owner.__qualname__}.{name}"
        for owner, used in names.items()
        for name in used
        if not _has(owner, name)
    ]
    if missing:
        raise MissingNames(
            f"The gateway cannot serve with daphne {version('daphne')} and twisted {version('twisted')}, "
            f"which lack {', '.join(missing)}: install earlier versions of them, or a newer gateway."
        )


def _has(owner: type, name: str) -> bool:
    """Whether `owner` defines `name`, or one of its methods sets or reads an attribute of that name."""
    functions = (value for one in owner.__mro__ for value in vars(one).values() if isfunction(value))
    return hasattr(owner, name) or any(name in function.__code__.co_names for function in functions)
