"""Whether an account can answer now, and if not, when: for all accounts, and for those a call is bound to."""

import pytest

from accounts_app.pool.choice import outlook
from accounts_app.pool.choice.board import Board
from tests.accounts_app.pool.choice.test_board import NOW, PRO, Someone, a_cooldown, board_of


@pytest.fixture
def board() -> Board:
    """Account 1 cools down for a minute, 2 for ten, 3 is disabled."""
    board = board_of(a1=Someone(), a2=Someone(), a3=Someone(enabled=False))
    board.set_cooldown(1, PRO, a_cooldown(NOW + 60), NOW)
    board.set_cooldown(2, PRO, a_cooldown(NOW + 600), NOW)
    return board


@pytest.mark.parametrize(
    ("among", "later", "can", "soonest"),
    [
        (None, 0, False, 60),
        ({1, 2, 3}, 0, False, 60),
        ({2}, 0, False, 600),
        ({2}, 601, True, None),
        ({3}, 0, False, None),
        (set(), 0, False, None),
    ],
)
def test_an_account_can_answer_now_or_at_a_time_or_not_by_itself(board, among, later, can, soonest):
    now = NOW + later

    assert outlook.one_can_answer(board, PRO, now, among) is can
    assert outlook.soonest(board, PRO, now, among) == (None if soonest is None else NOW + soonest)


def test_no_account_has_a_token_only_if_all_that_may_answer_lack_one():
    board = board_of(a1=Someone(), a2=Someone())
    board.await_token(1, NOW + 5, NOW)

    assert not outlook.none_has_a_token(board, PRO, NOW)
    assert outlook.none_has_a_token(board, PRO, NOW, {1})
    assert not outlook.none_has_a_token(board, PRO, NOW + 6, {1})
    assert not outlook.none_has_a_token(board, PRO, NOW, set())
