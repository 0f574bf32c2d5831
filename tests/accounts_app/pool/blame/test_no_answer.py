"""The end of a call that no account answered, by what it met and by who is left."""

import pytest

from accounts_app.pool.backoff import Spread
from accounts_app.pool.blame.no_answer import Ending, NoAnswer, no_answer
from accounts_app.pool.outcomes import Fault, Outcome
from tests.accounts_app.pool.choice.test_board import NOW, PRO, Someone, a_cooldown, board_of


class Even(Spread):
    """Adds nothing to lengths."""

    def __call__(self, length: float, part: float, limit: float = 0.0) -> float:
        return length


def ending(*outcomes: Outcome, among: set[int] | None = None, **accounts: Someone) -> NoAnswer:
    board = board_of(**accounts)
    return no_answer(board, [Fault(outcome) for outcome in outcomes], PRO, among, Even(), NOW)


@pytest.mark.parametrize(
    ("outcomes", "index"),
    [
        ([Outcome.REFUSED], 0),
        ([Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.REFUSED, Outcome.REVOKED], 2),
        ([Outcome.OVERLOADED, Outcome.REFUSED], 0),
        ([Outcome.UNREADABLE, Outcome.OVERLOADED, Outcome.EMPTY], 1),
        ([Outcome.RATE_LIMITED, Outcome.DROPPED], 1),
    ],
)
def test_upstreams_own_failure_is_told_where_it_says_something(outcomes, index):
    assert ending(*outcomes, a1=Someone()) == NoAnswer(Ending.FAILURE, index)


@pytest.mark.parametrize(
    ("outcomes", "accounts", "among", "expected"),
    [
        ([Outcome.UNREACHABLE], {"a1": Someone()}, None, Ending.NO_PATH),
        ([Outcome.TOKEN_UNAVAILABLE], {"a1": Someone()}, None, Ending.NO_TOKEN),
        ([Outcome.RATE_LIMITED, Outcome.UNREACHABLE], {"a1": Someone()}, None, Ending.COME_BACK),
        ([], {}, None, Ending.NOT_CONNECTED),
        ([], {"a1": Someone()}, set(), Ending.CANNOT),
        ([], {"a1": Someone(parked="verify")}, None, Ending.ACT),
        ([], {"a1": Someone(models=("other",))}, None, Ending.NOT_ALLOWED),
    ],
)
def test_otherwise_the_end_says_what_helps(outcomes, accounts, among, expected):
    assert ending(*outcomes, among=among, **accounts).ending is expected


@pytest.mark.parametrize(("seconds", "delay"), [(0.2, 1.0), (45.0, 45.0)])
def test_a_client_is_told_the_soonest_return_and_at_least_a_second(seconds, delay):
    board = board_of(a1=Someone(), a2=Someone())
    board.set_cooldown(1, PRO, a_cooldown(NOW + seconds), NOW)
    board.set_cooldown(2, PRO, a_cooldown(NOW + 600), NOW)

    assert no_answer(board, [], PRO, None, Even(), NOW) == NoAnswer(Ending.COME_BACK, delay=delay)


def test_nothing_else_has_a_delay_or_an_index():
    assert NoAnswer(Ending.ACT) == NoAnswer(Ending.ACT, index=-1, delay=0.0)
