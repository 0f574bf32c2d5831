"""The first reason against an account: the lasting ones first, and of those that end the one that lasts longest."""

import pytest

from accounts_app.pool.choice.eligibility import WHOLE_ACCOUNT, Status
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.cooldowns.cooldowns import PROBE_SECONDS
from tests.accounts_app.pool.choice.test_board import FLASH, NOW, PRO, Someone, a_cooldown, board_of


@pytest.mark.parametrize(
    ("account", "status", "detail"),
    [
        (Someone(), Status.READY, ""),
        (Someone(enabled=False, parked="verify"), Status.DISABLED, ""),
        (Someone(standby=True, parked="verify"), Status.STANDBY, ""),
        (Someone(parked="verify", models=(FLASH,)), Status.NEEDS_ATTENTION, "verify"),
        (Someone(models=(FLASH,)), Status.NOT_ALLOWED, ""),
    ],
)
def test_the_lasting_reasons_come_first(account, status, detail):
    board = board_of(a1=account)
    if status is not Status.READY:
        board.set_cooldown(1, PRO, a_cooldown(NOW + 60), NOW)

    found = board.eligibility_of(1, PRO, NOW)

    assert (found.status, found.detail) == (status, detail)


@pytest.mark.parametrize(
    ("account", "status"),
    [
        (Someone(enabled=False), Status.READY),
        (Someone(enabled=False, parked="by_hand"), Status.READY),
        (Someone(enabled=False, parked="verify"), Status.NEEDS_ATTENTION),
        (Someone(enabled=False, standby=True), Status.STANDBY),
    ],
)
def test_what_an_operator_has_disabled_may_count(account, status):
    board = board_of(a1=account)

    assert board.eligibility_of(1, PRO, NOW, even_disabled=True).status is status
    assert board.eligibility_of(1, PRO, NOW).status is Status.DISABLED


def test_an_account_that_is_not_there_is_unknown():
    assert board_of(a1=Someone()).eligibility_of(2, PRO, NOW).status is Status.UNKNOWN


@pytest.mark.parametrize(("of_model", "of_all", "until"), [(60, 30, 60), (30, 60, 60)])
def test_the_longer_of_two_cooldowns_counts(of_model, of_all, until):
    board = board_of(a1=Someone())
    board.set_cooldown(1, PRO, a_cooldown(NOW + of_model), NOW)
    board.set_cooldown(1, WHOLE_ACCOUNT, a_cooldown(NOW + of_all), NOW)

    found = board.eligibility_of(1, PRO, NOW)

    assert (found.status, found.until) == (Status.COOLING_DOWN, NOW + until)


def test_a_guess_puts_an_account_last_and_not_out():
    board = board_of(a1=Someone())
    board.set_cooldown(1, PRO, Cooldown(NOW + 60, "overloaded", 1, NOW + 60, "busy", NOW), NOW)

    found = board.eligibility_of(1, PRO, NOW)

    assert (found.status, found.eligible, found.detail) == (Status.LAST, True, "overloaded: busy")


def test_an_account_with_as_many_calls_as_it_may_have_is_full():
    board = board_of(a1=Someone(max_concurrency=1))
    loan = board.borrow(1, PRO, NOW)
    assert board.eligibility_of(1, PRO, NOW).status is Status.FULL

    board.give_back(loan, NOW)

    assert board.eligibility_of(1, PRO, NOW).status is Status.READY


def test_an_account_that_is_gone_leaves_no_cooldown_behind():
    board = board_of(a1=Someone(), a2=Someone())
    for account in (1, 2):
        board.set_cooldown(account, PRO, a_cooldown(NOW + 60), NOW)
        board.set_cooldown(account, f"of {account}", a_cooldown(NOW + 60), NOW)

    board.update({2: Someone()}, [1], NOW)

    assert len(board.cooldowns) == 2
    assert board.cooldowns.models() == {PRO, "of 2"}


def test_each_status_has_a_word_for_pages_and_the_api():
    assert [status.value for status in Status] == [
        *("ready", "half_open", "last", "unknown", "disabled", "standby", "parked", "not_allowed", "protected"),
        *("resting", "no_token", "no_path", "probing", "full"),
    ]


def test_a_projects_own_limits_keep_its_accounts_back_until_they_end():
    board = board_of(a1=Someone(owner=7), a2=Someone(owner=8))
    board.limit(7, NOW + 5, NOW)

    found = board.eligibility_of(1, PRO, NOW + 4.9)

    assert (found.status, found.until) == (Status.COOLING_DOWN, NOW + 5)
    assert board.eligibility_of(2, PRO, NOW).status is Status.READY
    assert board.eligibility_of(1, PRO, NOW + 5).status is Status.READY
    for of_no_model in (WHOLE_ACCOUNT, "/files"):
        assert board.eligibility_of(1, of_no_model, NOW).status is Status.READY


def test_of_two_probes_the_one_that_frees_the_account_later_counts():
    board = board_of(a1=Someone())
    board.set_cooldown(1, WHOLE_ACCOUNT, a_cooldown(NOW + 10), NOW)
    board.set_cooldown(1, PRO, a_cooldown(NOW + 12), NOW)
    board.borrow(1, FLASH, NOW + 10)
    board.borrow(1, PRO, NOW + 12)

    found = board.eligibility_of(1, PRO, NOW + 12)

    assert (found.status, found.until) == (Status.PROBING, NOW + 12 + PROBE_SECONDS)


def test_a_reset_by_the_wall_clock_is_told_by_the_boards():
    board = board_of(a1=Someone(left={PRO: 0.0}, reset=NOW + 160))
    board.protection, board.ahead = 0.1, 100.0

    assert board.eligibility_of(1, PRO, NOW).until == NOW + 60


@pytest.mark.parametrize(("reason", "accounts"), [("quota_exhausted", {1, 2}), ("overloaded", {1}), (None, {1})])
def test_a_quotas_cooldown_is_for_all_accounts_of_the_project(reason, accounts):
    board = board_of(a1=Someone(owner=7), a2=Someone(owner=7), a3=Someone(owner=8))
    if reason:
        board.set_cooldown(1, PRO, Cooldown(NOW + 60, reason, 1, NOW + 60), NOW)

    assert board.sharing(1, PRO) == accounts
