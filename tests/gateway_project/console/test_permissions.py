"""What operators who are no superusers may do: view what they have the right to view, and give rights to no one."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_app import roster
from accounts_app.models import Account, ApiKey, GatewaySettings, KeyGroup, ModelRoute, Project, Resource, Rest
from proxy_app.models import CapturedCall, UsageRecord
from tests.factories import make_account, make_api_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


def a_clerk(*rights: str, name: str = "carl") -> User:
    """An operator with these rights and no others."""
    clerk = User.objects.create_user(name, password="old-password-of-carl", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return clerk


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def rows() -> dict[type[Any], Any]:
    """A row of every model that has a page."""
    account = make_account(quota={"gemini-2.5-pro": {"remaining": 0.4, "resets_at": timezone.now().isoformat()}})
    make_api_key()
    key = ApiKey.objects.get()
    GatewaySettings.objects.get_or_create(pk=1)
    made = [
        account,
        key,
        GatewaySettings.objects.get(),
        ModelRoute.objects.create(pattern="gpt-*", target="gemini-2.5-pro"),
        Rest.objects.create(account=account, reason="overloaded", until=timezone.now(), window_until=timezone.now()),
        UsageRecord.objects.create(request_id="c" * 32, outcome="succeeded", account=account),
        CapturedCall.objects.create(request_id="c" * 32, api_key=key),
        User.objects.create_superuser("olga"),
        KeyGroup.objects.create(name="team"),
        (project := Project.objects.create(number="12")),
        Resource.objects.create(project=project, kind="files", name="files/x"),
    ]
    roster.load_now()
    return {type(row): row for row in made}


MODELS = sorted((model for model in admin.site._registry if model._meta.app_label != "otp_totp"), key=str)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_page_can_be_read_with_the_right_to_view_alone(model, rows):
    browser = signed_in(a_clerk(f"view_{model._meta.model_name}"))
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    row = rows[model]

    for url in (
        reverse(f"{name}_changelist"),
        reverse(f"{name}_change", args=[row.pk]),
        reverse(f"{name}_history", args=[row.pk]),
    ):
        answer = browser.get(url, follow=True)
        assert answer.status_code == 200, url
        assert b'name="_save"' not in answer.content, url
    if model is not CapturedCall:  # whose page is no form at all
        assert browser.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert browser.get(reverse("admin:index")).status_code == 200


def test_settings_that_may_only_be_viewed_show_what_is_set_but_no_secret(rows):
    GatewaySettings.objects.update(webhook_url="https://hooks.example.com/very-secret", max_attempts=7)
    browser = signed_in(a_clerk("view_gatewaysettings"))

    page = browser.get(reverse("admin:accounts_app_gatewaysettings_change", args=[1])).content.decode()

    assert "very-secret" not in page
    assert ">7<" in page.replace(" ", "").replace("\n", "")


class TestAnOperatorWhoMayChangeUsers:
    def posted(self, browser: Client, target: User, **fields: Any) -> Any:
        form = {"username": target.username, "is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "0:00"}
        return browser.post(reverse("admin:auth_user_change", args=[target.pk]), form | fields)

    @pytest.mark.parametrize("who", ["carl", "dora"])
    def test_gives_nobody_rights(self, who):
        carl, dora = a_clerk("view_user", "change_user"), a_clerk(name="dora")
        target = {"carl": carl, "dora": dora}[who]
        everything = [str(right.pk) for right in Permission.objects.all()]
        before = set(target.user_permissions.all())

        answer = self.posted(
            signed_in(carl), target, is_superuser="on", is_staff="on", user_permissions=everything, first_name="New"
        )

        target.refresh_from_db()
        assert answer.status_code == 302
        assert target.first_name == "New"
        assert not target.is_superuser
        assert set(target.user_permissions.all()) == before

    def test_makes_nobody_an_operator(self):
        visitor = User.objects.create_user("vera")

        self.posted(signed_in(a_clerk("view_user", "change_user")), visitor, is_staff="on")

        visitor.refresh_from_db()
        assert not visitor.is_staff

    def test_adds_users_without_rights(self):
        browser = signed_in(a_clerk("view_user", "change_user", "add_user"))
        password = {"password1": "a-long-new-password", "password2": "a-long-new-password"}

        browser.post(
            reverse("admin:auth_user_add"),
            {"username": "new", "is_superuser": "on", "is_staff": "on", "usable_password": "true"} | password,
        )

        new = User.objects.get(username="new")
        assert (new.is_superuser, new.is_staff) == (False, False)

    @pytest.mark.parametrize("field", [{"username": "mine"}, {"is_active": ""}, {"email": "carl@example.com"}])
    def test_changes_nothing_about_a_superuser(self, field):
        olga = User.objects.create_superuser("olga")

        answer = self.posted(signed_in(a_clerk("view_user", "change_user")), olga, **field)

        assert answer.status_code == 403
        assert User.objects.filter(pk=olga.pk, username="olga", is_active=True, email="").exists()

    @pytest.mark.parametrize("superuser", [True, False])
    def test_sets_nobodys_password(self, superuser):
        target = User.objects.create_user("target", password="the-old-password", is_staff=True, is_superuser=superuser)
        browser = signed_in(a_clerk("view_user", "change_user"))
        url = reverse("admin:auth_user_password_change", args=[target.pk])

        answers = [
            browser.get(url),
            browser.post(
                url,
                {"password1": "a-long-new-password", "password2": "a-long-new-password", "usable_password": "true"},
            ),
        ]

        target.refresh_from_db()
        assert [answer.status_code for answer in answers] == [403, 403]
        assert target.check_password("the-old-password")

    def test_sets_the_own_password_by_the_old_one(self):
        carl = a_clerk("view_user", "change_user")

        signed_in(carl).post(
            reverse("admin:password_change"),
            {
                "old_password": "old-password-of-carl",
                "new_password1": "a-long-new-password",
                "new_password2": "a-long-new-password",
            },
        )

        carl.refresh_from_db()
        assert carl.check_password("a-long-new-password")

    def test_deletes_no_superuser(self):
        olga = User.objects.create_superuser("olga")
        browser = signed_in(a_clerk("view_user", "change_user", "delete_user"))

        browser.post(reverse("admin:auth_user_delete", args=[olga.pk]), {"post": "yes"})
        browser.post(
            reverse("admin:auth_user_changelist"),
            {"action": "delete_selected", "_selected_action": [olga.pk], "post": "yes"},
        )

        assert User.objects.filter(pk=olga.pk).exists()

    def test_a_superuser_may_do_all_of_it(self):
        dora = a_clerk(name="dora")
        browser = signed_in(User.objects.create_superuser("olga"))

        self.posted(browser, dora, is_superuser="on", is_staff="on")

        dora.refresh_from_db()
        assert dora.is_superuser


def test_an_account_that_may_only_be_viewed_shows_no_secret(rows):
    browser = signed_in(a_clerk("view_account"))

    page = browser.get(reverse("admin:accounts_app_account_change", args=[rows[Account].pk])).content.decode()

    assert "refresh-alice" not in page
    assert "access-alice" not in page
