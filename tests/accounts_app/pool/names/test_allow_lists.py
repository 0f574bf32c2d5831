"""Accounts that are allowed some models only, and unknown models."""

from accounts_app.pool.choice import outlook
from accounts_app.pool.choice.board import LINEUPS_OF_OTHERS, Board
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.names.allow_lists import AllowLists
from accounts_app.pool.paths.paths import Paths
from tests.accounts_app.pool.choice.test_board import NOW, Someone, Spread

KNOWN = "gemini-2.5-flash"


def board_of(*lists: tuple[str, ...]) -> Board:
    """Accounts 1, 2 …, each with one of the lists; one model is known."""
    board = Board(Paths(Spread()))
    board.is_known = lambda model: model == KNOWN
    accounts = {number: Someone(models=models) for number, models in enumerate(lists, 1)}
    board.update(accounts, accounts, NOW)
    return board


def answering(board: Board, model: str) -> set[int]:
    """The accounts that may be chosen for the model, one after the other."""
    found: set[int] = set()
    while choice := board.choose(Strategy.CONSISTENT_HASH, model, 7, found, NOW):
        found.add(choice.account)
    return found


def test_a_name_is_looked_up_once_a_list():
    lists = AllowLists()
    lists.put(1, ("a*", "b"))
    lists.put(2, ("a*", "b"))
    lists.put(3, ("c",))
    lists.put(4, ())

    assert repr(lists) == "<AllowLists 3 accounts, 2 lists>"
    assert lists.naming("ax") == {("a*", "b")}
    assert lists.naming("c") == {("c",)}
    assert lists.naming("x") == frozenset()
    assert [lists.lets(account, lists.naming("ax")) for account in (1, 2, 3, 4)] == [True, True, False, True]


def test_a_list_that_no_account_has_any_more_is_forgotten():
    lists = AllowLists()
    for account in (1, 2):
        lists.put(account, ("a",))

    lists.put(1, ("b",))
    assert lists.naming("a") == {("a",)}
    lists.put(2, ())

    assert lists.naming("a") == frozenset()
    assert repr(lists) == "<AllowLists 1 accounts, 1 lists>"


def test_an_unknown_name_is_answered_by_those_who_may():
    board = board_of((), ("new-a",), ("new-b", "new-a"), ("gemini",))

    assert answering(board, "new-a") == {1, 2, 3}
    assert answering(board, "new-b") == {1, 3}
    assert answering(board, "new-c") == {1}
    assert outlook.one_can_answer(board, "new-c", NOW)


def test_no_account_can_answer_for_a_name_that_no_list_has():
    board = board_of(("a",), ("b",))

    assert answering(board, "c") == set()
    assert not outlook.one_can_answer(board, "c", NOW)
    assert outlook.soonest(board, "c", NOW) is None


def test_a_list_that_changes_counts_at_once():
    board = board_of(("a",), ("b",))
    assert answering(board, "c") == set()

    accounts = {1: Someone(models=("c",)), 2: Someone()}
    board.update(accounts, accounts, NOW)

    assert answering(board, "c") == {1, 2}
    assert answering(board, "d") == {2}


def test_invented_names_make_no_lineups_and_push_out_none():
    board = board_of(*[("a", "b")] * 100, ())
    lineup = board.lineup(KNOWN, NOW)

    for number in range(1000):
        board.choose(Strategy.CONSISTENT_HASH, f"invented-{number}", number, (), NOW)

    assert board.lineup(KNOWN, NOW) is lineup
    assert len(board._lineups) == 2


def test_however_many_lists_there_are_the_lineups_of_unknown_names_have_a_bound():
    board = board_of(*[(f"x-{number}",) for number in range(100)])
    lineup = board.lineup(KNOWN, NOW)

    for number in range(100):
        assert answering(board, f"x-{number}") == {number + 1}

    assert board.lineup(KNOWN, NOW) is lineup
    assert len(board._lineups) == 1 + LINEUPS_OF_OTHERS == 9


def test_looking_at_an_unknown_name_looks_at_no_account():
    looked = []

    class Watched(Someone):
        def can(self, operation: str) -> bool:
            return True

        def serves(self, model: str) -> bool:
            looked.append(model)
            return super().serves(model)

    board = Board(Paths(Spread()))
    board.is_known = lambda model: model == KNOWN
    accounts = {number: Watched(models=("a",)) for number in range(1, 101)}
    board.update(accounts, accounts, NOW)
    answering(board, "x")
    looked.clear()

    answering(board, "y")

    assert looked == []
