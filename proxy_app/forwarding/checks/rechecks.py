"""Checks whether accounts that need attention work again: by a countTokens of one word, which costs nothing.

After 1, 2, 5 and 10 minutes, then each hour; an account that answers is re-enabled. Not checked are those that only a
person can bring back: that have to sign in, have violated terms, or whose key is leaked or deleted. Those that ran out
of credits are tried by clients' calls instead, since countTokens is answered without credits too.

One node checks for all. The others keep the same schedule, to go on from there if it fails.
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from django.db import Error as DatabaseError

from accounts_app import leasing
from accounts_app.pool.backoff import CHECKS, GUESS_SPREAD, Spread, step
from accounts_app.storage.claims import RenewableClaim
from accounts_app.storage.worker import in_database
from proxy_app import errors
from proxy_app.forwarding import forward
from proxy_app.forwarding.checks import account_test
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire import calls
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import COUNT

CHECKED = frozenset({"verify", "subscription", "service_disabled", "misconfigured", "suspended"})
WHY = "a check whether it is back"
AT_ONCE = 4

CLAIM = "rechecks"
CLAIM_LASTS = timedelta(minutes=2)
CLAIM_RENEWED = 30.0  # seconds

_PROMPT = b'{"contents":[{"role":"user","parts":[{"text":"ready"}]}]}'


@dataclass(slots=True)
class _Check:
    """When an account that needs attention for `parked` is checked next, and the number of that check, from 1."""

    parked: str
    number: int
    at: float


class _NodeClaim:
    """Whether this node is the one that checks."""

    def __init__(self) -> None:
        self._claim = RenewableClaim(CLAIM, CLAIM_LASTS)
        self._ours = False
        self._renewed: float | None = None

    async def is_ours(self, now: float) -> bool:
        if self._renewed is None or now >= self._renewed + CLAIM_RENEWED:
            try:
                self._ours = await in_database(self._claim.renew)
            except DatabaseError:
                self._ours = True  # better that two nodes check than none
            self._renewed = now
        return self._ours


_checks: dict[int, _Check] = {}
_spread = Spread()
_node_claim = _NodeClaim()


async def check_due(now: float) -> int:
    """Check the accounts that are due at `now` (monotonic), for a loop of a few seconds; returns how many are back."""
    waiting = {account: parked for account, parked in leasing.need_attention().items() if parked in CHECKED}
    for gone in _checks.keys() - waiting.keys():
        del _checks[gone]
    due = []
    for account, parked in waiting.items():
        check = _checks.get(account)
        if check is None or check.parked != parked:
            _checks[account] = _Check(parked, 1, now + _spread(step(CHECKS, 1), GUESS_SPREAD))
        elif now >= check.at:
            check.number += 1
            check.at = now + _spread(step(CHECKS, check.number), GUESS_SPREAD)
            due.append(account)
    if not waiting or not await _node_claim.is_ours(now):
        return 0
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(account: int) -> bool:
        async with gate:
            return await _is_back(account)

    return sum(await asyncio.gather(*map(one, due)))


def reset() -> None:
    """Forget everything. For tests."""
    global _node_claim
    _checks.clear()
    _node_claim = _NodeClaim()


async def _is_back(account: int) -> bool:
    try:
        model = account_test.model_of(leasing.known(account))
        body = calls.read_body(_PROMPT)
        call = Call(COUNT, model, body, request_id=uuid.uuid4().hex, arrived=monotonic())
        relay = await forward.forward(call, AttemptLog(), only=account, why=WHY)
        await account_test.read(relay)
    except (KeyError, errors.GatewayError, errors.BrokenStream):
        return False
    leasing.recovered(account)
    return True
