"""Prompts and responses that are logged, for operators who may read them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts_app.models import ApiKey
from proxy_app.models import CapturedCall
from tests.factories import make_api_key
from tests.proxy_app.admin.pages import CALL, an_entry, clerk, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


class TestCaptured:
    @pytest.fixture
    def said(self) -> CapturedCall:
        make_api_key("watched")
        an_entry(api_key=ApiKey.objects.get())
        words = {"request": '{"contents": "hunter2"}', "answer": "you said hunter2", "request_bytes": 900}
        return CapturedCall.objects.create(request_id=CALL, api_key=ApiKey.objects.get(), **words)

    def test_who_reads_it_is_in_the_log(self, console, said):
        shown = console.get(page("proxy_app_capturedcall_change", said.pk)).content.decode()

        assert shown.count("hunter2") == 2
        assert "shortened; 900" in shown
        log = console.get(page("proxy_app_capturedcall_history", said.pk)).content.decode()
        assert "olga" in log
        assert "Read the prompt and the response." in log

    def test_the_list_shows_and_reads_no_word_of_it(self, console, said):
        with CaptureQueriesContext(connection) as queries:
            shown = console.get(page("proxy_app_capturedcall_changelist")).content.decode()

        assert CALL in shown
        assert "hunter2" not in shown
        assert not any('"proxy_app_capturedcall"."request",' in each["sql"] for each in queries)

    def test_a_call_leads_to_it_for_those_who_may_read_it(self, console, said):
        link = page("proxy_app_capturedcall_change", said.pk)
        browser = clerk("view_usagerecord")
        call = page("proxy_app_usagerecord_call", CALL)

        assert link in console.get(call).content.decode()
        assert link not in browser.get(call).content.decode()
        assert browser.get(link).status_code == 403

    def test_it_can_be_deleted_but_not_written(self, console, said):
        url = page("proxy_app_capturedcall_change", said.pk)

        console.post(url, {"request": "other"})
        said.refresh_from_db()
        assert "hunter2" in said.request

        console.post(page("proxy_app_capturedcall_delete", said.pk), {"post": "yes"})
        assert not CapturedCall.objects.exists()

    def test_an_interaction_is_shown_as_what_it_says(self, console, said):
        said.method = "interactions.create"
        said.request = '{"model": "m", "input": "<b>Why</b> is the sky blue?"}'
        said.answer = '{"steps": [{"type": "model_output", "content": [{"type": "text", "text": "It scatters."}]}]}'
        said.save()

        shown = console.get(page("proxy_app_capturedcall_change", said.pk)).content.decode()

        assert ">user_input</dt><dd>&lt;b&gt;Why&lt;/b&gt; is the sky blue?</dd>" in shown
        assert ">model_output</dt><dd>It scatters.</dd>" in shown

    def test_other_calls_are_shown_as_they_came_alone(self, console, said):
        shown = console.get(page("proxy_app_capturedcall_change", said.pk)).content.decode()

        assert 'class="gw-said"' not in shown
