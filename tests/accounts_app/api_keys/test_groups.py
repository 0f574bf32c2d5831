"""What a group may store and run, read from the rows of what it has made."""

from dataclasses import replace

import pytest

from accounts_app import roster
from accounts_app.api_keys import groups
from accounts_app.api_keys.groups import Adds, GroupFull
from accounts_app.leasing.owners import Tenant
from accounts_app.models import KeyGroup, Project, Resource
from accounts_app.roster import GroupView
from accounts_app.storage import worker
from accounts_app.storage.worker import in_database

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

NO_LIMITS = GroupView(1, "red")
A_FILE = Adds(5, files=1)


@pytest.fixture(autouse=True)
def database_thread():
    yield
    worker.shutdown(within=2.0)


def a_group(**limits: int) -> Tenant:
    """It has one file of ten bytes, and one batch that runs."""
    group, project = KeyGroup.objects.create(name="red", **limits), Project.objects.create()
    Resource.objects.create(project=project, group=group, kind="files", name="files/a", size_bytes=10)
    Resource.objects.create(project=project, group=group, kind="batches", name="batches/b", state="JOB_STATE_RUNNING")
    roster.load_now()
    return Tenant(1, group.pk)


@pytest.mark.parametrize(
    ("limits", "adds", "full"),
    [
        ({"max_files": 2}, A_FILE, ""),
        ({"max_files": 1}, A_FILE, "max_files"),
        ({"max_files": 1}, Adds(5), ""),
        ({"max_stored_bytes": 15}, A_FILE, ""),
        ({"max_stored_bytes": 14}, A_FILE, "max_stored_bytes"),
        ({"max_stored_bytes": 10}, Adds(0, files=1), "max_stored_bytes"),
        ({"max_stored_bytes": 1, "max_files": 1}, Adds(running_jobs=1), ""),
        ({"max_running_jobs": 2}, Adds(running_jobs=1), ""),
        ({"max_running_jobs": 1}, Adds(running_jobs=1), "max_running_jobs"),
        ({"max_running_jobs": 1}, A_FILE, ""),
        ({"max_files": 0}, A_FILE, "max_files"),
        ({}, A_FILE, ""),
    ],
)
async def test_a_create_has_room_below_every_limit_that_it_counts_against(limits, adds, full):
    tenant = await in_database(lambda: a_group(**limits))

    met = ""
    if group := groups.limits_of(tenant, adds):
        try:
            await groups.check(group, tenant, adds)
        except GroupFull as error:
            met = error.field

    assert met == full


async def test_a_job_that_has_ended_makes_room_before_its_row_says_so():
    tenant = await in_database(lambda: a_group(max_running_jobs=1))
    group = groups.limits_of(tenant, Adds(running_jobs=1))
    assert group is not None

    with pytest.raises(GroupFull) as full:
        await groups.check(group, tenant, Adds(running_jobs=1))
    await groups.check(group, tenant, Adds(running_jobs=1), ended_jobs=1)

    assert (full.value.group, full.value.allowed, full.value.used) == ("red", 1, 1)


async def test_keys_without_a_group_and_groups_without_a_limit_are_not_looked_at():
    tenant = await in_database(lambda: a_group(max_files=1))

    assert groups.limits_of(replace(tenant, group=None), A_FILE) is None
    assert groups.limits_of(replace(tenant, group=999), A_FILE) is None
    assert groups.limits_of(tenant, Adds(running_jobs=1)) is None
