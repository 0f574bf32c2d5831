"""The playground, and the tokens it is given."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from proxy_app.api import operator_pass
from tests.proxy_app.admin.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


@pytest.fixture
def clerk() -> Client:
    return signed_in(User.objects.create_user("clerk", is_staff=True))


class TestPlayground:
    def test_an_operator_with_the_right_gets_a_token(self, console):
        answer = console.post(reverse("playground_pass"))

        assert operator_pass.holder(answer.json()["pass"]) == "olga"
        assert "no-store" in answer["Cache-Control"]

    def test_an_operator_without_the_right_gets_none(self, clerk):
        assert clerk.post(reverse("playground_pass")).status_code == 403
        anybody = Client(headers={"host": "localhost"}).post(reverse("playground_pass"))
        assert anybody.status_code == 302

    def test_the_right_can_be_given(self, clerk):
        right = Permission.objects.get(codename="use_playground")
        User.objects.get(username="clerk").user_permissions.add(right)

        assert clerk.post(reverse("playground_pass")).status_code == 200

    def test_a_link_gives_no_token(self, console):
        assert console.get(reverse("playground_pass")).status_code == 405

    def test_a_token_needs_the_consoles_own_form(self):
        olga = User.objects.create_superuser("olga")
        browser = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
        browser.force_login(olga)

        assert browser.post(reverse("playground_pass")).status_code == 403

    def test_who_may_not_call_as_operator_may_use_a_key(self, clerk):
        shown = clerk.get(reverse("playground")).content.decode()

        assert 'value="operator" disabled' in shown
        assert 'value="key" checked' in shown
