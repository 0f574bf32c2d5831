"""A tiny real call through one account, for an operator who wants to know whether it works.

It is forwarded like every call: the request log has it, and its outcome can cool the account down or clear a cooldown.
"""

import uuid
from dataclasses import dataclass
from time import monotonic

import msgspec

from accounts_app import leasing
from accounts_app.pool.outcomes import Outcome
from proxy_app import errors
from proxy_app.forwarding import forward
from proxy_app.forwarding.relay import Relay
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire import calls
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import GENERATE

WHY = "an operator's test"
# Accounts of every kind have it, and it costs next to nothing.
USUAL_MODEL = "gemini-2.5-flash"
# Enough tokens for a word after some thinking; a truncated answer would do as well.
PROMPT = msgspec.json.encode(
    {
        "contents": [{"role": "user", "parts": [{"text": "Answer with the one word: ready"}]}],
        "generationConfig": {"maxOutputTokens": 256},
    }
)


@dataclass(frozen=True, slots=True)
class AccountTest:
    """The result. `outcome` is None when there was no attempt; `trouble` is empty when the account answered."""

    model: str
    outcome: Outcome | None = None
    seconds: float = 0.0
    trouble: str = ""


async def ask(account: int) -> AccountTest:
    """Ask the account for one word. Raises KeyError when it is deleted, RosterUnavailable."""
    began = monotonic()
    known = leasing.known(account)
    model = model_of(known)
    if not known.bases:
        return AccountTest(model, trouble="It is on standby.")
    attempt_log = AttemptLog()
    body = calls.read_body(PROMPT)
    call = Call(operation=GENERATE, model=model, body=body, request_id=uuid.uuid4().hex, arrived=began)
    try:
        await read(await forward.forward(call, attempt_log, only=account, why=WHY))
    except errors.GatewayError as error:
        seconds = monotonic() - began
        if not attempt_log.entries:
            return AccountTest(model, None, seconds, error.message)
        met = attempt_log.entries[-1].fault
        return AccountTest(model, met.outcome, seconds, met.message or error.message)
    except errors.BrokenStream as error:
        return AccountTest(model, Outcome.INTERRUPTED, monotonic() - began, str(error))
    return AccountTest(model, Outcome.SUCCEEDED, monotonic() - began)


async def read(relay: Relay) -> None:
    """Read an answer to its end."""
    try:
        async for _ in relay:
            pass
    finally:
        await relay.aclose()


def model_of(account: leasing.AccountView) -> str:
    """A model that the account may serve, a small one if there is one."""
    known = [model for model in sorted(account.quota) if account.serves(model)]
    small = [model for model in known if "flash" in model]
    if account.serves(USUAL_MODEL) and (USUAL_MODEL in known or not known):
        return USUAL_MODEL
    named = [model for model in account.allowed_models if "*" not in model]
    return next(iter([*small, *known, *named]), USUAL_MODEL)
