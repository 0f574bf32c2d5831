"""The usage of keys, over restarts and over several nodes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import time

import pytest

from accounts_app import roster
from accounts_app.api_keys import usage, usage_rows
from accounts_app.api_keys.usage import NO_TOKENS, Limit, OverLimit, Tokens
from accounts_app.models import ApiKey, KeyPresence, KeyUse
from accounts_app.pool.access.limits import Limits
from accounts_app.roster import KeyView, known_models
from accounts_app.storage import journal, worker
from accounts_app.storage.worker import in_database
from tests.factories import make_api_key

MODEL = "gemini-2.5-flash"
A_CALL = Tokens(prompt=100, cached=60, candidates=20, thoughts=5, tool=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_thread(forgetful, transactional_db) -> Iterator[None]:
    yield
    worker.shutdown()


@pytest.fixture
async def key() -> KeyView:
    return await a_key()


async def a_key(name: str = "laptop", **limits: int) -> KeyView:
    await in_database(make_api_key, name)
    await in_database(ApiKey.objects.filter(name=name).update, **limits)
    await roster.refresh()
    return next(view for view in roster.current().keys.values() if view.name == name)


def call(key: KeyView, tokens: Tokens = NO_TOKENS, model: str = MODEL) -> None:
    with usage.enter(key, model, time(), lambda: tokens):
        pass


def used(key: KeyView) -> dict[Limit, int]:
    return {each.limit: each.used for each in usage.by_limit(key, time())}


async def restart() -> None:
    """Forget all that is in memory and read the database, as another process would."""
    await journal.flush(force=True)
    usage.reset()
    await usage.refresh()


async def use_elsewhere(key: KeyView, requests: int = 1, prompt_tokens: int = 0, hour: datetime | None = None) -> None:
    """Add usage to the sums as another node would."""
    row = usage_rows.KeyUseRow(
        key.id, MODEL, (hour or datetime.now(UTC)).timestamp(), requests, tokens=Tokens(prompt=prompt_tokens)
    )
    books, usage_rows._sums = usage_rows._sums, usage_rows.KeySums()
    await in_database(usage_rows.write, [row])
    usage_rows._sums = books


async def test_a_call_counts_when_it_begins_and_its_tokens_when_it_ends(key):
    with usage.enter(key, MODEL, time(), lambda: A_CALL):
        assert used(key)[Limit.REQUESTS_PER_DAY] == 1
        assert used(key)[Limit.TOKENS_PER_DAY] == 0
        assert used(key)[Limit.MAX_CONCURRENCY] == 1

    assert used(key)[Limit.TOKENS_PER_DAY] == A_CALL.charged == 126
    assert used(key)[Limit.MAX_CONCURRENCY] == 0


async def test_an_admission_is_left_once_however_often(key):
    admission = usage.enter(key, MODEL, time(), lambda: A_CALL)
    with admission:
        pass
    with admission:
        pass

    assert usage.in_flight() == 0
    assert used(key)[Limit.TOKENS_PER_DAY] == 126
    assert repr(admission) == f"<Admission of key {key.id} for {MODEL}: ended>"


async def test_a_call_over_the_limit_counts_only_as_refused():
    key = await a_key(requests_per_day=1)
    call(key)

    with pytest.raises(OverLimit) as refusal:
        call(key)

    assert [one.limit for one in refusal.value.exceeded] == [Limit.REQUESTS_PER_DAY]
    assert used(key)[Limit.REQUESTS_PER_DAY] == 1
    await journal.flush(force=True)
    row = await in_database(KeyUse.objects.get)
    assert (row.requests, row.refused) == (1, 1)


async def test_sums_are_kept_by_hour_key_and_model(key):
    other = await a_key("phone")
    for model in (MODEL, "gemini-3-pro"):
        known_models.learn(model, time())
    for whose, model in ((key, MODEL), (key, MODEL), (key, "gemini-3-pro"), (other, MODEL)):
        call(whose, A_CALL, model)
    await journal.flush(force=True)

    rows = await in_database(
        lambda: list(KeyUse.objects.values_list("api_key_id", "model", "requests", "cached_tokens"))
    )
    assert sorted(rows) == [(key.id, MODEL, 2, 120), (key.id, "gemini-3-pro", 1, 60), (other.id, MODEL, 1, 60)]
    assert (await usage.by_model(key, time() - 7200))[0] == usage.ModelUse(MODEL, 2, 0, A_CALL + A_CALL)


class TestAfterARestart:
    async def test_days_and_months_go_on_and_the_minute_begins_anew(self, key):
        for _ in range(3):
            call(key, A_CALL)

        await restart()

        counted = used(key)
        assert counted[Limit.REQUESTS_PER_DAY] == counted[Limit.REQUESTS_PER_MONTH] == 3
        assert counted[Limit.TOKENS_PER_DAY] == counted[Limit.TOKENS_PER_MONTH] == 3 * 126
        assert counted[Limit.REQUESTS_PER_MINUTE] == 0

    async def test_what_was_used_on_other_days_counts_for_its_month_only(self, key):
        now = datetime.now(UTC)
        this_month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        await use_elsewhere(key, 5, hour=this_month)
        await use_elsewhere(key, 50, hour=this_month - timedelta(hours=1))

        await restart()

        assert used(key)[Limit.REQUESTS_PER_MONTH] == 5
        assert used(key)[Limit.REQUESTS_PER_DAY] == (5 if now.day == 1 else 0)

    async def test_what_this_process_writes_is_not_counted_twice(self, key):
        await restart()
        for _ in range(3):
            call(key, A_CALL)
            await journal.flush(force=True)
            await usage.refresh()

        assert used(key)[Limit.REQUESTS_PER_DAY] == 3
        assert used(key)[Limit.REQUESTS_PER_MINUTE] == 3
        assert used(key)[Limit.TOKENS_PER_MONTH] == 3 * 126


class TestSeveralNodes:
    async def test_learn_of_each_others_calls(self, key):
        await usage.refresh()
        call(key)
        await journal.flush(force=True)

        await use_elsewhere(key, 4, prompt_tokens=70)
        await usage.refresh()
        await use_elsewhere(key, 2)
        await usage.refresh()
        await usage.refresh()

        counted = used(key)
        assert counted[Limit.REQUESTS_PER_DAY] == 7
        assert counted[Limit.REQUESTS_PER_MINUTE] == 7
        assert counted[Limit.TOKENS_PER_DAY] == 70

    async def test_share_a_keys_concurrent_requests(self):
        key = await a_key(max_concurrency=3)
        await usage.refresh()
        await in_database(
            KeyPresence.objects.create, node="other", api_key_id=key.id, calls=2, seen_at=datetime.now(UTC)
        )
        await usage.refresh()

        with usage.enter(key, MODEL, time(), lambda: NO_TOKENS):
            with pytest.raises(OverLimit):
                call(key)
            await usage.refresh()
            own = await in_database(KeyPresence.objects.get, node=usage_rows.NODE)
            assert own.calls == 1
        await usage.refresh()

        own = await in_database(KeyPresence.objects.get, node=usage_rows.NODE)
        assert own.calls == 0

    async def test_forget_the_calls_of_a_node_that_died(self):
        key = await a_key(max_concurrency=1)
        long_ago = datetime.now(UTC) - timedelta(minutes=1)
        await in_database(KeyPresence.objects.create, node="dead", api_key_id=key.id, calls=1, seen_at=long_ago)
        await usage.refresh()

        call(key)

    async def test_whose_clock_is_behind_are_heard_within_a_minute(self, key):
        await usage.refresh()
        await use_elsewhere(key, 4)
        await in_database(KeyUse.objects.update, updated_at=datetime.now(UTC) - timedelta(minutes=10))
        later = time() + 61

        learnt = await in_database(usage_rows.news, later)

        assert [one.requests for one in learnt] == [4]


async def test_a_key_that_is_deleted_takes_its_use_along_and_holds_nothing_up(key):
    other = await a_key("phone", max_concurrency=1)
    call(key, A_CALL)
    call(other, A_CALL)
    await in_database(ApiKey.objects.filter(pk=key.id).delete)

    await journal.flush(force=True)

    assert await in_database(lambda: [row.api_key_id for row in KeyUse.objects.all()]) == [other.id]
    assert journal.dropped() == 0


async def test_whatever_a_client_calls_a_model_fits(key):
    known_models.learn("x" * 200, time())
    for model in ("x" * 200, "y\0" * 100, "z"):
        call(key, model=model)
    await journal.flush(force=True)

    rows = await in_database(lambda: dict(KeyUse.objects.values_list("model", "requests")))
    assert rows == {"x" * 128: 1, known_models.OTHERS: 2}


async def test_a_key_whose_networks_cannot_be_read_is_good_from_nowhere():
    key = await a_key(allowed_networks=["nonsense"])

    assert not key.may_call_from("127.0.0.1")
    assert key.limits == Limits()


async def test_when_a_key_was_last_used_is_written_at_most_once_a_minute(key):
    began = datetime.now(UTC)

    async def noted(at: datetime) -> datetime | None:
        journal.append(usage_rows.KEY_USE, usage_rows.KeyUseRow(key.id, MODEL, at.timestamp(), requests=1))
        await journal.flush(force=True)
        return (await ApiKey.objects.aget(pk=key.id)).last_used_at

    first, soon, later = [await noted(began + timedelta(seconds=seconds)) for seconds in (0, 59, 60)]

    assert first == soon == began
    assert later == began + timedelta(seconds=60)


async def test_that_a_key_was_used_gives_the_roster_nothing_to_read(key):
    before = roster.current().version
    call(key)
    await journal.flush(force=True)

    await roster.refresh()

    assert (await ApiKey.objects.aget(pk=key.id)).last_used_at is not None
    assert roster.current().version == before
