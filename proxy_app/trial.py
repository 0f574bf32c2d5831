"""A tiny real call through one account, for an operator who wants to know whether it answers.

It goes the way every call goes: it is in the ledger, and what it comes to is the account's to bear or to be cleared by.
"""

import uuid
from dataclasses import dataclass
from time import monotonic, time

import msgspec

from accounts_app import leasing
from accounts_app.leasing import CallFaults
from accounts_app.pool.outcomes import Outcome
from proxy_app import gateway
from proxy_app.explanation import Trail
from proxy_app.failures import Failed
from proxy_app.journey import Step, Turn
from proxy_app.relay import Relay
from proxy_app.wire import calls
from proxy_app.wire.calls import Call, Method

WHY = "an operator's test"
# Every kind of account has it, and it costs next to nothing.
USUAL_MODEL = "gemini-2.5-flash"
# Asked of the same account: with a renewed token, and at its next endpoint.
ATTEMPTS = 3
# Enough for a word after some thinking; a cut answer would do as well.
PROMPT = msgspec.json.encode(
    {
        "contents": [{"role": "user", "parts": [{"text": "Answer with the one word: ready"}]}],
        "generationConfig": {"maxOutputTokens": 256},
    }
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. `outcome` is None when nothing was asked; `trouble` is empty when the account answered."""

    model: str
    outcome: Outcome | None = None
    seconds: float = 0.0
    trouble: str = ""


async def ask(account: int) -> Trial:
    """Ask the account for one word. Raises KeyError when it is gone, RosterUnavailable."""
    began = monotonic()
    known = leasing.known(account)
    model = _model_of(known)
    if not known.bases:
        return Trial(model, trouble="It only stands by.")
    turn = Turn(leasing.lease_this(account, model, WHY, time()))
    with turn.lease:
        failure = await _attempts(turn, model, began)
    seconds = monotonic() - began
    if failure is None:
        return Trial(model, Outcome.SUCCEEDED, seconds)
    return Trial(model, failure.fault.outcome, seconds, failure.fault.message or str(failure.answer))


async def _attempts(turn: Turn, model: str, began: float) -> Failed | None:
    """Ask until it answers, or until nothing is left to try; the last failure."""
    body = calls.read_body(PROMPT)
    call = Call(method=Method.GENERATE, model=model, body=body, request_id=uuid.uuid4().hex, arrived=began)
    trail = Trail()
    for number in range(1, ATTEMPTS + 1):
        step = Step(call, turn, number, model, 0.0, CallFaults(), trail)
        try:
            await _read(await gateway.attempt(call, step))
            return None
        except Failed as failure:
            last = failure
            if number == ATTEMPTS or not await turn.stay(failure.fault, patience=0.0):
                break
    turn.end(last.fault)
    return last


async def _read(relay: Relay) -> None:
    try:
        async for _ in relay:
            pass
    finally:
        await relay.aclose()


def _model_of(account: leasing.AccountView) -> str:
    """A model the account may answer for, a small one where there is one."""
    known = [model for model in sorted(account.quota) if account.serves(model)]
    small = [model for model in known if "flash" in model]
    if account.serves(USUAL_MODEL) and (USUAL_MODEL in known or not known):
        return USUAL_MODEL
    named = [model for model in account.allowed_models if "*" not in model]
    return next(iter([*small, *known, *named]), USUAL_MODEL)
