"""The page of client snippets."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts_app import roster
from accounts_app.models import ModelRoute
from proxy_app.admin.interaction_snippets import INTERACTION_SNIPPETS
from proxy_app.admin.resource_snippets import RESOURCE_SNIPPETS
from proxy_app.admin.snippets import SNIPPETS, Language, quoted
from tests.proxy_app.admin.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


@pytest.fixture
def clerk() -> Client:
    return signed_in(User.objects.create_user("clerk", is_staff=True))


class TestClients:
    def test_every_snippet_stands_there_as_it_is_tested(self, console):
        roster.load_now()

        content = console.get(reverse("clients")).content.decode()

        for snippet in (*SNIPPETS, *INTERACTION_SNIPPETS, *RESOURCE_SNIPPETS):
            assert html.escape(snippet.title) in content
            if snippet.code:
                shown = re.search(rf'<code id="code-{snippet.slug}"[^>]*>(.*?)</code>', content, re.DOTALL)[1]
                text = html.unescape(re.sub(r"<[^>]+>", "", shown))
                assert text == snippet.filled("http://localhost", "gemini-2.5-flash", "YOUR_API_KEY")

    def test_the_models_are_those_that_are_offered(self, console):
        ModelRoute.objects.create(pattern="our-own", target="gemini-2.5-pro")
        roster.load_now()

        assert '<option value="our-own">' in console.get(reverse("clients")).content.decode()

    def test_before_the_database_was_read_there_is_a_page_all_the_same(self, console):
        assert "x-goog-api-key" in console.get(reverse("clients")).content.decode()

    def test_what_cannot_work_is_said_and_not_offered(self, console):
        content = console.get(reverse("clients")).content.decode()

        assert "has no setting for the base URL" in content
        assert 'id="code-llm"' not in content

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

    @pytest.mark.parametrize("page", ["clients", "playground"])
    def test_no_script_stands_in_the_page(self, console, page):
        content = console.get(reverse(page)).content.decode()

        own = content[content.index('class="gw-page') :]
        assert "<script>" not in own
        assert not re.search(r"\son[a-z]+=", own)
