"""Rows, their constraints, and `updated_at`, by which the roster finds changes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts_app.models import (
    Account,
    ApiKey,
    Credential,
    FileCopy,
    GatewaySettings,
    KeyGroup,
    ModelRoute,
    Project,
    Resource,
    Rest,
    UploadSession,
)
from proxy_app.models import UsageRecord

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def an_old_account(**columns: object) -> Account:
    account = Account.objects.create(**{"email": "alice@example.com", **columns})
    Account.objects.filter(pk=account.pk).update(updated_at=LONG_AGO)
    account.refresh_from_db()
    return account


def test_a_save_moves_the_stamp():
    account = an_old_account()

    account.save()

    account.refresh_from_db()
    assert account.updated_at > LONG_AGO


def test_a_save_of_named_fields_moves_the_stamp():
    account = an_old_account()

    account.tier = "free-tier"
    account.save(update_fields=["tier"])

    account.refresh_from_db()
    assert account.updated_at > LONG_AGO


def test_an_update_of_many_rows_moves_the_stamp():
    account = an_old_account()

    Account.objects.filter(pk=account.pk).update(tier="free-tier")

    account.refresh_from_db()
    assert account.updated_at > LONG_AGO


def test_a_bulk_update_moves_the_stamp():
    account = an_old_account()

    Account.objects.bulk_update([account], ["tier"])

    account.refresh_from_db()
    assert account.updated_at > LONG_AGO


def test_an_upsert_moves_the_stamp():
    account = an_old_account()
    cooldown = Rest.objects.create(account=account, model="gemini-2.5-pro")
    Rest.objects.filter(pk=cooldown.pk).update(updated_at=LONG_AGO)

    Rest.objects.bulk_create(
        [Rest(account=account, model="gemini-2.5-pro", streak=2)],
        update_conflicts=True,
        unique_fields=["account", "model"],
        update_fields=["streak"],
    )

    cooldown.refresh_from_db()
    assert cooldown.streak == 2
    assert cooldown.updated_at > LONG_AGO


@pytest.mark.parametrize(
    "columns",
    [
        {"email": ""},
        {"email": "bob@example.com", "kind": "carrier_pigeon"},
        {"email": "bob@example.com", "max_concurrency": 0},
        {"email": "alice@example.com"},
    ],
    ids=["nameless", "of an unknown kind", "serving nobody", "here already"],
)
def test_the_database_refuses_an_account(columns):
    Account.objects.create(email="alice@example.com")

    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(**columns)


def test_a_google_account_and_an_api_key_may_share_a_name():
    Account.objects.create(email="alice@example.com")

    Account.objects.create(email="alice@example.com", kind=Account.Kind.GEMINI_API)

    assert Account.objects.count() == 2


def test_there_is_one_demo_account_of_a_kind_at_most():
    Account.objects.create(email="demo", is_demo=True)
    Account.objects.create(email="demo", is_demo=True, kind=Account.Kind.GEMINI_API)

    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(email="another demo", is_demo=True)


def test_settings_are_one_row():
    GatewaySettings.objects.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        GatewaySettings.objects.create(id=2)


def test_settings_not_saved_yet_are_the_environments(settings):
    settings.GATEWAY_AUTH_MODE = "strict"

    assert GatewaySettings.load().auth_mode == "strict"
    assert not GatewaySettings.objects.exists()


def test_settings_once_saved_outrank_the_environment(settings):
    GatewaySettings.objects.create(auth_mode="off")
    settings.GATEWAY_AUTH_MODE = "strict"

    assert GatewaySettings.load().auth_mode == "off"


def test_an_account_has_one_cooldown_for_a_model():
    account = Account.objects.create(email="alice@example.com")
    Rest.objects.create(account=account, model="gemini-2.5-pro")

    with pytest.raises(IntegrityError), transaction.atomic():
        Rest.objects.create(account=account, model="gemini-2.5-pro")


def test_a_route_leads_somewhere():
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelRoute.objects.create(pattern="gemini-*", target="")


def test_the_request_log_outlives_accounts_and_keys():
    account = Account.objects.create(email="alice@example.com")
    key = ApiKey.objects.create(name="laptop", digest="d")
    record = UsageRecord.objects.create(request_id="r", outcome="succeeded", account=account, api_key=key)

    account.delete()
    key.delete()

    record.refresh_from_db()
    assert (record.account, record.api_key) == (None, None)


def test_no_row_tells_a_secret_when_printed():
    account = Account.objects.create(email="alice@example.com", proxy_url="http://user:hunter2@proxy.example")
    credential = Credential.objects.create(
        account=account,
        refresh_token="1//hunter2",
        access_token="ya29.hunter2",
        expires_at=timezone.now() + timedelta(hours=1),
    )
    key = ApiKey.objects.create(name="laptop", digest="hunter2", hint="ter2")

    assert "hunter2" not in f"{account} {account!r} {credential} {credential!r} {key} {key!r}"


@pytest.mark.parametrize(
    "columns",
    [{"number": "123"}, {"project_id": "one"}, {"requests_per_day": 0}, {"tokens_per_minute": 0}],
    ids=["its number is here already", "its id is here already", "no request a day", "no token a minute"],
)
def test_the_database_refuses_a_project(columns):
    Project.objects.create(number="123", project_id="one")

    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.create(**columns)


def test_many_projects_may_be_known_by_nothing():
    Project.objects.create(), Project.objects.create()

    assert str(Project(number="123")) == "123"
    assert str(Project(number="123", project_id="one", name="First")) == "First"


def test_a_name_is_once_in_its_project_and_may_be_in_another():
    one, two = Project.objects.create(number="1"), Project.objects.create(number="2")
    Resource.objects.create(project=one, kind="files", name="files/a")
    Resource.objects.create(project=two, kind="files", name="files/a")

    with pytest.raises(IntegrityError), transaction.atomic():
        Resource.objects.create(project=one, kind="files", name="files/a")
    with pytest.raises(IntegrityError), transaction.atomic():
        Resource.objects.create(project=one, kind="files", name="files/b", shared="all")


def test_a_file_is_copied_into_a_project_once():
    project, other = Project.objects.create(number="1"), Project.objects.create(number="2")
    resource = Resource.objects.create(project=project, kind="files", name="files/a")
    copy = {"resource": resource, "project": other, "expires_at": timezone.now()}
    FileCopy.objects.create(name="files/b", **copy)

    with pytest.raises(IntegrityError), transaction.atomic():
        FileCopy.objects.create(name="files/c", **copy)


def test_what_a_deleted_key_made_passes_to_no_other_key():
    group = KeyGroup.objects.create(name="team")
    key = ApiKey.objects.create(name="laptop", digest="d", group=group)
    project = Project.objects.create(number="1")
    Resource.objects.create(project=project, kind="files", name="files/a", api_key=key, group=group)
    pk = key.pk

    key.delete()

    row = Resource.objects.get()
    assert (row.api_key_id, row.group_id) == (pk, group.pk)
    group.delete()
    row.refresh_from_db()
    assert (row.api_key_id, row.group_id) == (pk, None)


def test_a_deleted_account_leaves_what_it_made_to_its_project():
    project = Project.objects.create(number="1")
    account = Account.objects.create(email="key-1", kind=Account.Kind.GEMINI_API, owner_project=project)
    Resource.objects.create(project=project, kind="files", name="files/a", account=account)

    account.delete()

    assert Resource.objects.get().account is None


def test_the_address_of_an_upload_is_stored_encrypted():
    project = Project.objects.create(number="1")
    session = UploadSession.objects.create(
        project=project, digest="d", operation="o", path="p", upstream_url="https://u.example/?upload_id=hush",
        final_body=b"{}", expires_at=timezone.now(),
    )  # fmt: skip

    session.refresh_from_db()

    assert session.upstream_url == "https://u.example/?upload_id=hush"
    assert bytes(session.final_body) == b"{}"
    stored = UploadSession.objects.annotate(stored=Cast("upstream_url", TextField())).values_list("stored", flat=True)
    assert stored[0].startswith("v1:")
    assert "hush" not in stored[0]
    assert "hush" not in repr(session)
