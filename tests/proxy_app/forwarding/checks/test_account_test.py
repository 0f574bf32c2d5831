"""An operator's test of one account: a real call, even if it is cooling down or disabled, with all consequences."""

from collections.abc import AsyncIterator

import pytest

from accounts_app import leasing, roster
from accounts_app.models import Account
from accounts_app.pool.outcomes import Outcome
from gateway_project.background import loops
from proxy_app.forwarding.checks import account_test


@pytest.fixture(autouse=True)
async def serving(upstream) -> AsyncIterator[None]:
    """The process is up, as where an operator clicks."""
    await loops.start()
    yield
    await loops.stop()


@pytest.fixture
async def alice_and_bob(pool_of) -> tuple[Account, Account]:
    alice, bob = await pool_of("alice", "bob")
    return alice, bob


async def test_an_account_that_answers_passes_and_the_call_is_in_the_request_log(alice_and_bob, ledger):
    _, bob = alice_and_bob
    await roster.refresh()

    result = await account_test.ask(bob.pk)

    assert (result.outcome, result.trouble) == (Outcome.SUCCEEDED, "")
    (entry,) = await ledger()
    assert (entry.account_id, entry.outcome, entry.why) == (bob.pk, "succeeded", account_test.WHY)


async def test_a_refused_token_is_renewed_once(upstream, alice_and_bob, ledger):
    alice, _ = alice_and_bob
    upstream.script("token_expired", account=alice.email)
    await roster.refresh()

    result = await account_test.ask(alice.pk)

    assert result.outcome is Outcome.SUCCEEDED
    assert [entry.outcome for entry in await ledger()] == ["unauthenticated", "succeeded"]


async def test_an_exhausted_account_cools_down_as_after_any_call(upstream, alice_and_bob):
    alice, _ = alice_and_bob
    upstream.script("quota_exhausted", account=alice.email)
    await roster.refresh()

    result = await account_test.ask(alice.pk)

    assert result.outcome is Outcome.QUOTA_EXHAUSTED
    assert result.trouble
    assert [account for account, _, _ in leasing.cooldowns(0.0)] == [alice.pk]


async def test_an_account_that_needs_attention_may_be_tested_and_goes_on_needing_it(alice_and_bob):
    alice, _ = alice_and_bob
    await Account.objects.filter(pk=alice.pk).aupdate(parked="by_hand")
    await roster.refresh()

    result = await account_test.ask(alice.pk)

    assert result.outcome is Outcome.SUCCEEDED
    assert roster.current().accounts[alice.pk].parked == "by_hand"


async def test_a_model_it_may_answer_for_is_asked_for(upstream, pool_of):
    (alice,) = await pool_of("alice", allowed_models=["gemini-2.5-pro"])
    await roster.refresh()

    assert (await account_test.ask(alice.pk)).model == "gemini-2.5-pro"


async def test_an_account_that_is_gone_is_a_key_error():
    await roster.refresh()

    with pytest.raises(KeyError):
        await account_test.ask(4711)
