"""Which accounts' OpenAI layer does not take their key, as far as this process has met it."""

from dataclasses import replace

from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire.calls import Call
from proxy_app.wire.openai.layers import Layers
from proxy_app.wire.operations import Family

_layers = Layers()
reset = _layers.forget


def fitted(call: Call, account: int, now: float) -> Call:
    """`call` as the account can answer it; `now` is a clock's that only goes forward, in seconds."""
    if call.operation.family is not Family.OPENAI or not _layers.is_closed(account, now):
        return call
    return replace(call, is_translated=True)


def learn(fault: Fault, account: int, now: float) -> None:
    """Take in how an exchange failed."""
    if fault.outcome is Outcome.LAYER_CLOSED:
        _layers.closed(account, now)
