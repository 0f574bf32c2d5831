"""What is remembered of conversations and requests, for how long, and of how many."""

from accounts_app.pool.evidence import CONVERSATIONS, LARGEST, REQUESTS, Evidence, FailedRequests, Refusals
from accounts_app.pool.retry_budget import RetryBudget

NOW = 10_000.0


def test_two_conversations_are_two_witnesses_and_one_is_one_however_often():
    evidence = Evidence()

    assert [evidence.add(1, "m", each, 2, NOW) for each in (7, 7, 7, 8)] == [False, False, False, True]
    assert repr(evidence) == "<Evidence on 0>"


def test_evidence_is_kept_apart_by_owner_and_by_what_it_is_about():
    evidence = Evidence()

    assert not any(evidence.add(owner, about, 7 + owner, 2, NOW) for owner in (1, 2) for about in ("m", "n"))
    evidence.clear(1, ["m"])
    assert not evidence.add(1, "m", 9, 2, NOW)
    assert evidence.add(1, "n", 9, 2, NOW)
    evidence.forget([2])
    assert not evidence.add(2, "n", 9, 2, NOW)


def test_evidence_of_one_account_has_a_bound():
    evidence = Evidence()

    for number in range(10_000):
        evidence.add(1, f"model-{number}", number, 2, NOW)

    assert len(evidence._of[1]) == LARGEST


def test_a_conversation_remembers_who_refused_and_who_answered():
    refusals = Refusals()

    refusals.add("c", {1, 2}, 3)
    refusals.add("c", {3}, 4)

    refused, answered = refusals.of("c")
    assert (set(refused), answered) == ({1, 2, 3}, 4)
    assert refusals.of("d") == ((), None)


def test_conversations_and_requests_have_a_bound():
    refusals, failed = Refusals(), FailedRequests()

    for number in range(10_000):
        refusals.add(number, {1}, 2)
        failed.add(number, NOW)

    assert (len(refusals), len(failed)) == (CONVERSATIONS, REQUESTS)


def test_a_request_is_known_to_fail_after_two_calls_within_five_minutes():
    failed = FailedRequests()
    failed.add("r", NOW)
    assert not failed.is_known("r", NOW)
    failed.add("r", NOW + 100)

    assert [failed.is_known("r", NOW + later) for later in (100, 300, 301)] == [True, True, False]
    failed.forget("r")
    assert not failed.is_known("r", NOW + 100)


def test_a_budget_is_two_for_each_account_and_at_least_twenty():
    assert [RetryBudget(accounts).left for accounts in (0, 10, 11, 500)] == [20, 20, 22, 1000]


def test_a_budget_is_spent_and_earned_back_and_follows_the_pool():
    budget = RetryBudget(10)
    assert [budget.spend() for _ in range(21)] == [True] * 20 + [False]

    budget.earn()
    assert repr(budget) == "<RetryBudget 1 of 20>"
    budget.fit(500)
    assert (budget.left, budget.size) == (981, 1000)
    budget.fit(1)
    assert (budget.left, budget.size) == (1, 20)
    for _ in range(100):
        budget.earn()
    assert budget.left == 20
