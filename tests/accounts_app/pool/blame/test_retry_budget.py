"""How often failed calls may be retried."""

import pytest

from accounts_app.pool.blame.retry_budget import RetryBudget


@pytest.mark.parametrize(("accounts", "retries"), [(0, 20), (1, 20), (10, 20), (11, 22), (500, 1_000)])
def test_two_for_each_account_and_at_least_twenty(accounts, retries):
    budget = RetryBudget(accounts)

    assert [budget.spend() for _ in range(retries + 1)] == [True] * retries + [False]
    assert repr(budget) == f"<RetryBudget 0 of {retries}>"


def test_a_success_earns_one_back_and_no_more_than_there_were():
    budget = RetryBudget()
    budget.earn()
    assert budget.left == 20

    while budget.spend():
        pass
    budget.earn()

    assert (budget.spend(), budget.spend()) == (True, False)


def test_what_is_spent_stays_spent_when_accounts_come_and_go():
    budget = RetryBudget(20)
    for _ in range(15):
        budget.spend()

    budget.fit(30)
    assert (budget.left, budget.size) == (45, 60)
    budget.fit(1)
    assert (budget.left, budget.size) == (5, 20)
    budget.fit(30)
    budget.fit(30)
    assert (budget.left, budget.size) == (45, 60)


def test_the_budget_never_gets_negative():
    budget = RetryBudget(50)
    while budget.spend():
        pass

    budget.fit(1)

    assert (budget.left, budget.size) == (0, 20)
    assert not budget.spend()
