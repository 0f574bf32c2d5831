"""An operator's limits on a project: kept by all its accounts and all nodes together."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic, time

import pytest

from accounts_app import leasing, roster
from accounts_app.leasing import Ending, Lease, NoAnswer, Status, Wanted
from accounts_app.leasing.usage import project_usage
from accounts_app.models import Project, ProjectUse
from accounts_app.storage import journal, worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

MODEL = "gemini-2.5-pro"


@pytest.fixture(autouse=True)
def database_thread():
    yield
    worker.shutdown(within=2.0)


def two_projects(**limits: int) -> tuple[int, int]:
    """One with limits and two accounts, one without and with one."""
    limited, free = Project.objects.create(number="1", **limits), Project.objects.create(number="2")
    for name, project in (("a", limited), ("b", limited), ("c", free)):
        make_account(name, kind="gemini_api", owner_project=project)
    roster.load_now()
    return limited.pk, free.pk


def call(owner: int | None = None, tokens: int = 0, requests: int = 1) -> int | NoAnswer:
    """The account of one call that uses so many tokens, and counts as so many requests."""
    now = monotonic()
    attempts = leasing.attempts(Wanted(MODEL, 7, owner=owner, max_wait=0.0, requests=requests))
    step = leasing.next_step(attempts, now)
    if not isinstance(step, Lease):
        assert isinstance(step, NoAnswer)
        return step
    with step:
        leasing.used(step.account.id, tokens, now)
        return step.account.id


def statuses() -> list[Status]:
    return [each.status for each in leasing.eligibility(MODEL, time())]


async def another_node(of: Callable[[], object]) -> None:
    """Write as another node would."""
    books, project_usage._sums = project_usage._sums, project_usage._new_sums()
    await in_database(of)
    project_usage._sums = books


async def test_a_project_at_its_limit_is_passed_over_and_refused_when_nobody_else_is_left():
    limited, _ = await in_database(lambda: two_projects(requests_per_minute=3))
    for _ in range(3):
        assert not isinstance(call(limited), NoAnswer)

    refused = call(limited)

    assert isinstance(refused, NoAnswer)
    assert refused.ending is Ending.COME_BACK
    assert 50.0 < refused.delay <= 70.0
    assert statuses() == [Status.COOLING_DOWN, Status.COOLING_DOWN, Status.READY]
    found = leasing.eligibility(MODEL, time())[0]
    assert found.detail == "rate_limited: The limits of its project are used up."
    assert not isinstance(call(), NoAnswer)


async def test_a_call_counts_as_many_requests_as_it_has_texts():
    limited, _ = await in_database(lambda: two_projects(requests_per_day=100))
    assert not isinstance(call(limited, requests=99), NoAnswer)
    assert not isinstance(call(limited, requests=99), NoAnswer)

    assert isinstance(call(limited), NoAnswer)


async def test_tokens_count_when_they_are_known():
    limited, _ = await in_database(lambda: two_projects(tokens_per_day=100))

    call(limited, tokens=99)
    assert Status.COOLING_DOWN not in statuses()
    call(limited, tokens=1)

    assert statuses() == [Status.COOLING_DOWN, Status.COOLING_DOWN, Status.READY]


async def test_a_limit_that_is_raised_or_removed_takes_effect():
    limited, _ = await in_database(lambda: two_projects(requests_per_day=1))
    call(limited)
    assert isinstance(call(limited), NoAnswer)

    await in_database(lambda: Project.objects.filter(pk=limited).update(requests_per_day=2))
    await roster.refresh()
    assert not isinstance(call(limited), NoAnswer)
    assert isinstance(call(limited), NoAnswer)

    await in_database(lambda: Project.objects.filter(pk=limited).update(requests_per_day=None))
    await roster.refresh()
    assert not isinstance(call(limited), NoAnswer)


async def test_a_day_survives_a_restart_and_counts_what_other_nodes_use():
    limited, _ = await in_database(lambda: two_projects(requests_per_day=3))
    call(limited)
    await journal.flush()
    leasing.reset()
    await leasing.refresh_usage()
    call(limited)
    await journal.flush()

    await another_node(lambda: project_usage.write([project_usage.ProjectUseRow(limited, time(), requests=1)]))
    await leasing.refresh_usage()

    assert isinstance(call(limited), NoAnswer)
    row = await in_database(ProjectUse.objects.get)
    assert (row.project_id, row.requests) == (limited, 3)


async def test_what_this_node_wrote_is_not_counted_twice():
    limited, _ = await in_database(lambda: two_projects(requests_per_day=3))
    call(limited)
    await journal.flush()
    await leasing.refresh_usage()
    await leasing.refresh_usage()

    assert not isinstance(call(limited), NoAnswer)
    assert not isinstance(call(limited), NoAnswer)
    assert isinstance(call(limited), NoAnswer)


async def test_yesterday_is_over():
    limited, _ = await in_database(lambda: two_projects(requests_per_day=1))
    earlier = datetime.now(UTC) - timedelta(hours=25)
    await in_database(
        lambda: ProjectUse.objects.create(project_id=limited, hour=earlier, requests=9, updated_at=earlier)
    )

    await leasing.refresh_usage()

    assert not isinstance(call(limited), NoAnswer)


async def test_a_project_without_limits_costs_nothing_and_a_deleted_one_leaves_no_row():
    limited, free = await in_database(lambda: two_projects(requests_per_day=5))
    call(free, tokens=7)
    assert not [row for row in [journal.held("project_use")] if row]
    call(limited)
    await in_database(lambda: Project.objects.filter(pk=limited).delete())

    await journal.flush()

    assert await in_database(ProjectUse.objects.count) == 0
