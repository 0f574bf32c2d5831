"""The console's pages for clients: snippets to copy, and a playground."""

import html
import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from accounts_app import roster
from accounts_app.models import ModelRoute
from proxy_app.admin import snippets
from proxy_app.admin.snippets import Language, quoted
from proxy_app.api import operator_pass

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


def signed_in(user: User) -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


@pytest.fixture
def console() -> Client:
    return signed_in(User.objects.create_superuser("olga"))


@pytest.fixture
def clerk() -> Client:
    return signed_in(User.objects.create_user("clerk", is_staff=True))


class TestClients:
    def test_every_snippet_stands_there_as_it_is_tested(self, console):
        roster.load_now()

        told = console.get(reverse("clients")).content.decode()

        for snippet in snippets.SNIPPETS:
            assert html.escape(snippet.title) in told
            if snippet.code:
                shown = re.search(rf'<code id="code-{snippet.slug}"[^>]*>(.*?)</code>', told, re.DOTALL)[1]
                text = html.unescape(re.sub(r"<[^>]+>", "", shown))
                assert text == snippet.filled("http://localhost", "gemini-2.5-flash", "YOUR_API_KEY")

    def test_the_models_are_those_that_are_offered(self, console):
        ModelRoute.objects.create(pattern="our-own", target="gemini-2.5-pro")
        roster.load_now()

        assert '<option value="our-own">' in console.get(reverse("clients")).content.decode()

    def test_before_the_database_was_read_there_is_a_page_all_the_same(self, console):
        assert "x-goog-api-key" in console.get(reverse("clients")).content.decode()

    def test_what_cannot_work_is_said_and_not_offered(self, console):
        told = console.get(reverse("clients")).content.decode()

        assert "has no setting for the address" in told
        assert 'id="code-llm"' not in told

    def test_only_operators_see_it(self):
        assert "/admin/login/" in Client(headers={"host": "localhost"}).get(reverse("clients")).url

    @pytest.mark.parametrize(
        ("language", "text", "inside"),
        [
            (Language.SHELL, "it's $HOME", "it'\\''s $HOME"),
            (Language.PYTHON, 'a "b" \\n', 'a \\"b\\" \\\\n'),
            (Language.JAVASCRIPT, "it's", "it's"),
        ],
    )
    def test_what_is_filled_in_stays_inside_its_quotation_marks(self, language, text, inside):
        assert quoted(text, language) == inside


class TestPlayground:
    def test_an_operator_with_the_right_gets_a_pass(self, console):
        answer = console.post(reverse("playground_pass"))

        assert operator_pass.holder(answer.json()["pass"]) == "olga"
        assert "no-store" in answer["Cache-Control"]

    def test_nobody_else_does(self, clerk):
        assert clerk.post(reverse("playground_pass")).status_code == 403
        anybody = Client(headers={"host": "localhost"}).post(reverse("playground_pass"))
        assert anybody.status_code == 302

    def test_the_right_can_be_given(self, clerk):
        right = Permission.objects.get(codename="use_playground")
        User.objects.get(username="clerk").user_permissions.add(right)

        assert clerk.post(reverse("playground_pass")).status_code == 200

    def test_a_link_gives_no_pass(self, console):
        assert console.get(reverse("playground_pass")).status_code == 405

    def test_a_pass_needs_the_consoles_own_form(self):
        olga = User.objects.create_superuser("olga")
        browser = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
        browser.force_login(olga)

        assert browser.post(reverse("playground_pass")).status_code == 403

    def test_who_may_not_call_as_operator_may_use_a_key(self, clerk):
        told = clerk.get(reverse("playground")).content.decode()

        assert 'value="operator" disabled' in told
        assert 'value="key" checked' in told

    @pytest.mark.parametrize("page", ["clients", "playground"])
    def test_no_script_stands_in_the_page(self, console, page):
        told = console.get(reverse(page)).content.decode()

        own = told[told.index('class="gw-page') :]
        assert "<script>" not in own
        assert not re.search(r"\son[a-z]+=", own)
