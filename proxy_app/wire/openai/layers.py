"""Which accounts' OpenAI layer refuses their key: calls for them go to Google's own API instead.

Keys of the newer kind have been refused there by texts about credentials, though the same key is good for all else, and
the gateway sends no other.
"""

from dataclasses import replace

from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire.calls import Call
from proxy_app.wire.faults.error_bodies import read_error
from proxy_app.wire.operations import Family

_REMEMBERED = 24 * 3600.0
_TEXTS = ("multiple authentication credentials received", "missing or invalid authorization header")
_REASON = "ACCESS_TOKEN_TYPE_UNSUPPORTED"


def refuses_key(status: int, body: bytes) -> bool:
    """Whether an answer of the layer says that it does not take this kind of key."""
    error = read_error(body) if status in (400, 401, 403) else None
    return error is not None and (_REASON in error.reasons or error.message.lower().startswith(_TEXTS))


class Layers:
    """What accounts' layers were found to refuse. `now` is a clock's that only goes forward, in seconds."""

    def __init__(self) -> None:
        self._closed: dict[int, float] = {}

    def __repr__(self) -> str:
        return f"<Layers closed for {sorted(self._closed)}>"

    def forget(self) -> None:
        self._closed.clear()

    def is_closed(self, account: int, now: float) -> bool:
        return self._closed.get(account, 0.0) > now

    def closed(self, account: int, now: float) -> None:
        """Do not ask it again for a day."""
        self._closed[account] = now + _REMEMBERED


_layers = Layers()
reset = _layers.forget


def fitted(call: Call, account: int, now: float) -> Call:
    """`call` as the account can answer it."""
    if call.operation.family is not Family.OPENAI or not _layers.is_closed(account, now):
        return call
    return replace(call, is_translated=True)


def learn(fault: Fault, account: int, now: float) -> None:
    """Take in how an exchange with the account has failed."""
    if fault.outcome is Outcome.LAYER_CLOSED:
        _layers.closed(account, now)
