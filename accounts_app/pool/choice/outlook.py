"""For a call that has tried all accounts: whether one can answer now, and if not, when.

`among` are the only accounts that may answer it; None for a call that any of them may. With `even_disabled` those count
that an operator has disabled.
"""

from itertools import chain

from accounts_app.pool.choice.board import Board
from accounts_app.pool.choice.eligibility import COMES_BACK
from accounts_app.pool.choice.lineup import SOON, Among


def one_can_answer(board: Board, model: str, now: float, among: Among = None, *, even_disabled: bool = False) -> bool:
    """Whether an account can answer for the model now."""
    if among is not None:
        return any(board.eligibility_of(each, model, now, even_disabled=even_disabled).eligible for each in among)
    lineup = board.lineup(model, now)
    out = board.apart(model, now)[0] if lineup.lists is not None else ()
    return any(account not in out for account in chain(lineup.ready.accounts, lineup.last.accounts))


def none_has_a_token(board: Board, model: str, now: float, among: Among = None) -> bool:
    """Whether all accounts that may answer for the model lack a token."""
    members = board.lineup(model, now).members if among is None else among
    return bool(members) and all(board.tokenless.get(account, 0.0) > now for account in members)


def soonest(board: Board, model: str, now: float, among: Among = None, *, even_disabled: bool = False) -> float | None:
    """When the next account can answer, as far as is known; None when none will by itself."""
    if among is not None:
        found = [board.eligibility_of(each, model, now, even_disabled=even_disabled) for each in among]
        return min((each.until or now + SOON for each in found if each.status in COMES_BACK), default=None)
    times = [board.lineup(model, now).soonest(now)]
    if not board.is_known(model):
        times += [board.eligibility_of(account, model, now).until for account in board.cooldowns.accounts_with(model)]
    return min((when for when in times if when is not None), default=None)
