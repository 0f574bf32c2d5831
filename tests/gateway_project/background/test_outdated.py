"""Outdated rows are deleted: each table that grows has a bound."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts_app.models import (
    ApiKey,
    FileCopy,
    KeyUse,
    Project,
    ProjectUse,
    Resource,
    Rest,
    SpooledFile,
    UploadSession,
)
from gateway_project.background import outdated
from proxy_app.ledger import retention
from tests.factories import make_account, make_api_key

pytestmark = pytest.mark.django_db

NOW = timezone.now()

# Each table, by what keeps it from growing without end.
BOUNDED_BY = {
    "operators, who alone add rows": {
        "accounts_app.Account",
        "accounts_app.Credential",
        "accounts_app.ApiKey",
        "accounts_app.KeyGroup",
        "accounts_app.Project",
        "accounts_app.HomeProject",
        "accounts_app.GatewaySettings",
        "accounts_app.ModelRoute",
        "auth.User",
        "auth.Group",
        "auth.Permission",
        "contenttypes.ContentType",
        "otp_totp.TOTPDevice",
    },
    "gateway_project.background.outdated": {
        "accounts_app.KeyUse",
        "accounts_app.ProjectUse",
        "accounts_app.Rest",
        "accounts_app.Resource",
        "accounts_app.UploadSession",
        "accounts_app.FileCopy",
        "accounts_app.SpooledFile",
        "admin.LogEntry",
        "axes.AccessAttempt",
        "sessions.Session",
    },
    "proxy_app.ledger.retention": {"proxy_app.UsageRecord", "proxy_app.UsageHour", "proxy_app.UsageQuarter"},
    "proxy_app.ledger.captures.prune_some": {"proxy_app.CapturedCall"},
    "metering_rows.tell_presence, which deletes what is old": {"accounts_app.KeyPresence"},
    "the resources that they are": {"accounts_app.RunningJob"},
    "the few names in the code": {"accounts_app.Duty"},
    "webhook, which deletes what is over": {"accounts_app.Notice"},
    "settings: never written": {"axes.AccessLog", "axes.AccessFailureLog", "axes.AccessAttemptExpiration"},
}


def delete() -> None:
    for rows in outdated.rows(NOW):
        while retention.delete_some(rows):
            pass


def test_every_table_has_something_that_bounds_it():
    tables = {model._meta.label for model in apps.get_models()}
    bounded = set().union(*BOUNDED_BY.values())

    assert tables - bounded == set()


def test_a_keys_use_is_kept_for_two_months():
    make_api_key("laptop")
    key = ApiKey.objects.get()
    for days in (1, 61, 63, 400):
        KeyUse.objects.create(api_key=key, hour=NOW - timedelta(days=days), model="m", updated_at=NOW)

    delete()

    assert KeyUse.objects.count() == 2


def test_a_projects_use_is_kept_for_days():
    project = Project.objects.create(number="1")
    for days in (1, 2, 4, 40):
        ProjectUse.objects.create(project=project, hour=NOW - timedelta(days=days), updated_at=NOW)

    delete()

    assert ProjectUse.objects.count() == 2


def test_resources_copies_and_uploads_go_when_they_have_expired():
    project = Project.objects.create(number="1")
    for name, expires in (("old", NOW - timedelta(hours=2)), ("new", NOW + timedelta(hours=1)), ("lasting", None)):
        resource = Resource.objects.create(project=project, kind="files", name=f"files/{name}", expires_at=expires)
        FileCopy.objects.create(
            resource=resource, project=project, name=f"files/{name}-copy", expires_at=expires or NOW
        )
        SpooledFile.objects.create(resource=resource, path=name, size=1, sha256="", expires_at=expires or NOW)
        UploadSession.objects.create(project=project, digest=name, operation="o", path="p", expires_at=expires or NOW)
    kept = Resource.objects.get(name="files/lasting")
    FileCopy.objects.filter(resource=kept).update(expires_at=NOW - timedelta(days=1))

    delete()

    assert set(Resource.objects.values_list("name", flat=True)) == {"files/new", "files/lasting"}
    assert set(FileCopy.objects.values_list("name", flat=True)) == {"files/new-copy"}
    assert set(SpooledFile.objects.values_list("path", flat=True)) == {"new", "lasting"}
    assert set(UploadSession.objects.values_list("digest", flat=True)) == {"new", "lasting"}


def test_cooldowns_go_a_week_after_their_end():
    account = make_account()
    for model, until in (("kept", NOW - timedelta(days=6)), ("over", NOW - timedelta(days=8)), ("ended", None)):
        Rest.objects.create(account=account, model=model, until=until, reason="rate_limited", streak=1)
    Rest.objects.filter(model="ended").update(updated_at=NOW - timedelta(days=8))
    Rest.objects.create(account=account, model="ended lately", until=None)

    delete()

    assert set(Rest.objects.values_list("model", flat=True)) == {"kept", "ended lately"}


def test_sessions_go_when_they_have_expired():
    for key, expires in (("old", NOW - timedelta(seconds=1)), ("new", NOW + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="x", expire_date=expires)

    delete()

    assert [session.session_key for session in Session.objects.all()] == ["new"]


def test_the_history_of_operators_changes_is_kept_for_as_long_as_figures():
    user = User.objects.create(username="operator")
    for days in (399, 401):
        entry = LogEntry.objects.create(user=user, action_flag=CHANGE, change_message="[]", object_repr="x")
        LogEntry.objects.filter(pk=entry.pk).update(action_time=NOW - timedelta(days=days))

    delete()

    assert LogEntry.objects.count() == 1


def test_failed_sign_ins_go_when_they_no_longer_count_and_are_never_too_many(monkeypatch):
    monkeypatch.setattr(outdated, "FAILED_SIGN_INS", 3)
    for number in range(6):
        attempt = AccessAttempt.objects.create(username=f"u{number}", ip_address="192.0.2.1", failures_since_start=1)
        if number == 5:
            AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=NOW - timedelta(minutes=16))

    delete()

    assert [attempt.username for attempt in AccessAttempt.objects.order_by("pk")] == ["u2", "u3", "u4"]
