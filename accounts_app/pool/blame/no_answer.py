"""What a client gets when no account is left to answer its call."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from accounts_app.pool.backoff import TOLD_SPREAD, TOLD_SPREAD_LIMIT, Spread
from accounts_app.pool.choice import outlook
from accounts_app.pool.choice.board import Board
from accounts_app.pool.choice.lineup import Among
from accounts_app.pool.outcomes import Fault, Outcome

# Returned as upstream's answer to the request if every account that was asked gave one of these.
REFUSALS = frozenset({Outcome.REFUSED, Outcome.UNKNOWN_FIELD, Outcome.EGRESS_BLOCKED, Outcome.NOT_COPIED})
# These say nothing of the request: no account has looked at it.
SAY_NOTHING = frozenset(
    {
        *(Outcome.UNREACHABLE, Outcome.STALE_CONNECTION, Outcome.LAYER_CLOSED, Outcome.TOKEN_UNAVAILABLE),
        *(Outcome.NEEDS_OWNER, Outcome.REVOKED, Outcome.UNAUTHENTICATED),
    }
)
# Upstream's failures, the ones to return first.
FAILED = (
    frozenset({Outcome.OVERLOADED}),
    frozenset({Outcome.UNREADABLE, Outcome.EMPTY, Outcome.DROPPED, Outcome.BARE_429}),
)
LIMITS = frozenset({Outcome.RATE_LIMITED, Outcome.QUOTA_EXHAUSTED, Outcome.UNAUTHENTICATED})

SOONEST = 1.0  # seconds: the shortest Retry-After


class Ending(Enum):
    """The error that a client gets."""

    FAILURE = "failure"  # that of the call's fault number `NoAnswer.index`
    COME_BACK = "come_back"  # 429: an account can answer after `NoAnswer.delay` seconds
    NO_PATH = "no_path"  # 503: no connection to any upstream
    NO_TOKEN = "no_token"  # 503: no account has an access token
    ACT = "act"  # 400: every account needs attention
    NOT_CONNECTED = "not_connected"  # 400: there is no account
    CANNOT = "cannot"  # 501: no account supports the operation
    NOT_ALLOWED = "not_allowed"  # 400: no account may answer for this model


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The end of a call that no account answered."""

    ending: Ending
    index: int = -1
    delay: float = 0.0


def no_answer(
    board: Board,
    faults: Sequence[Fault],
    model: str,
    among: Among,
    spread: Spread,
    now: float,
    *,
    even_disabled: bool = False,
) -> NoAnswer:
    """The end of a call that met `faults`; `among` are the accounts that it might have asked, with `even_disabled` also
    those that an operator has disabled. The first that applies:

    1. A refusal, if all that looked at the request refused it.
    2. Upstream's last 5xx, else its last answer that could not be used.
    3. Without a limit among the faults: no path, or no token.
    4. When to come back, if an account can answer now or later.
    5. What an operator has to do.
    """
    outcomes = [fault.outcome for fault in faults]
    said = [outcome for outcome in outcomes if outcome not in SAY_NOTHING]
    if said and REFUSALS.issuperset(said):
        return NoAnswer(Ending.FAILURE, _last(outcomes, REFUSALS))
    for kinds in FAILED:
        if not kinds.isdisjoint(outcomes):
            return NoAnswer(Ending.FAILURE, _last(outcomes, kinds))
    if LIMITS.isdisjoint(outcomes):
        if board.ways.none_is_left or Outcome.UNREACHABLE in outcomes:
            return NoAnswer(Ending.NO_PATH)
        if Outcome.TOKEN_UNAVAILABLE in outcomes or outlook.none_has_a_token(board, model, now, among):
            return NoAnswer(Ending.NO_TOKEN)
    delay = _delay(board, model, among, now, even_disabled)
    if delay is not None:
        return NoAnswer(Ending.COME_BACK, delay=max(SOONEST, spread(delay, TOLD_SPREAD, TOLD_SPREAD_LIMIT)))
    if not board.connected:
        return NoAnswer(Ending.NOT_CONNECTED)
    if among is not None and all(board.accounts[each].standby for each in among):
        return NoAnswer(Ending.CANNOT)
    return NoAnswer(Ending.ACT if board.out_of_service else Ending.NOT_ALLOWED)


def _delay(board: Board, model: str, among: Among, now: float, even_disabled: bool) -> float | None:
    """Seconds until an account can answer: 0.0 if one can now, None if none will by itself."""
    if outlook.one_can_answer(board, model, now, among, even_disabled=even_disabled):
        return 0.0
    soonest = outlook.soonest(board, model, now, among, even_disabled=even_disabled)
    return None if soonest is None else max(0.0, soonest - now)


def _last(outcomes: Sequence[Outcome], kinds: Collection[Outcome]) -> int:
    return max(index for index, outcome in enumerate(outcomes) if outcome in kinds)
