"""The diagnostics file of a call: enough to reproduce it, nothing confidential."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from accounts_app.models import GatewaySettings, ModelRoute, Rest
from proxy_app.admin.diagnostics import masked, redacted
from proxy_app.models import UsageRecord
from tests.factories import make_account
from tests.proxy_app.admin.pages import CALL, an_entry, page, two_attempts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


class TestDiagnostics:
    def report(self, console: Client) -> tuple[dict, str]:
        answer = console.get(page("proxy_app_usagerecord_bundle", CALL))
        assert answer["Content-Disposition"] == 'attachment; filename="gemini-gateway-call-cccccccc.json"'
        return json.loads(answer.content), answer.content.decode()

    def test_what_a_client_made_up_is_no_command(self, console):
        an_entry(model='x";$(id);`id`"', method="y;id")

        diagnostics, _ = self.report(console)

        assert "models/x%22%3B%24%28id%29%3B%60id%60%22:y%3Bid" in diagnostics["replay"]["command"]

    def test_it_has_what_it_takes_to_play_the_call_again(self, console):
        two_attempts()
        ModelRoute.objects.create(
            pattern="gemini-*", target="gemini-3-pro", note="ask Alice", generation_config={"topK": 1}
        )

        diagnostics, _ = self.report(console)

        assert [(entry["attempt"], entry["status"], entry["outcome"]) for entry in diagnostics["attempts"]] == [
            (1, 429, "rate_limited"),
            (2, 200, "succeeded"),
        ]
        command = diagnostics["replay"]["command"]
        assert command.startswith('curl -N "$GATEWAY/v1beta/models/gemini-2.5-pro:generateContent"')
        assert diagnostics["routing"]["routes"][0]["generation_config"] == {"topK": 1}
        assert diagnostics["versions"]["gateway"].startswith("gemini-gateway/")
        assert diagnostics["settings"]["GATEWAY_MAX_ATTEMPTS"] == 3

    def test_what_a_client_called_a_model_is_no_part_of_a_command(self, console):
        an_entry(model='x"$(touch /tmp/x)`id`', method='y"; rm z', attempt=0)

        diagnostics, _ = self.report(console)

        url = diagnostics["replay"]["command"].splitlines()[0]
        assert url == 'curl -N "$GATEWAY/v1beta/models/x%22%24%28touch%20/tmp/x%29%60id%60:y%22%3B%20rm%20z" \\'

    def test_nothing_in_it_is_confidential(self, console, settings):
        settings.GOOGLE_OAUTH_CLIENT_SECRET = settings.GATEWAY_API_KEY = "hunter2-secret"
        settings.GATEWAY_ALLOWED_HOSTS = ["gateway.example.net"]
        GatewaySettings(system_instruction_prefix="Our hunter2 house rules").save()
        two_attempts()
        ModelRoute.objects.create(pattern="x", target="y", note="hunter2")
        cooled = make_account("carol@example.com", proxy_url="http://u:hunter2@proxy.example", refresh_token="hunter2")
        Rest.objects.create(account=cooled, until=timezone.now(), reason="rate_limited", message="hunter2")
        UsageRecord.objects.update(api_key=None)
        an_entry(account=cooled, account_label=cooled.email, attempt=3, message="token ya29.hunter2-abc was refused")

        diagnostics, text = self.report(console)

        assert not any(word in text for word in ("hunter2", "@example.com", "secret-project", "gateway.example.net"))
        assert diagnostics["attempts"][0]["account_label"] == "a***@***.com"
        assert diagnostics["attempts"][0]["message"] == "Quota of a***@***.com for projects/*** is used up"
        assert diagnostics["settings"]["GATEWAY_ALLOWED_HOSTS"] == "1 set"

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("key AIzaSyA1234567890 of bob+x@mail.example.co.uk", "key *** of b***@***.uk"),
            ("https://x.example/?key=abc&alt=sse", "https://x.example/?key=***&alt=sse"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("refresh 1//0abcdefghijk failed", "refresh *** failed"),
            ("RESOURCE_EXHAUSTED on gemini-2.5-pro", "RESOURCE_EXHAUSTED on gemini-2.5-pro"),
        ],
    )
    def test_a_text_loses_what_is_private_and_nothing_else(self, text, left):
        assert redacted(text) == left

    def test_a_label_that_is_no_address_keeps_its_first_letter(self):
        assert (masked("My key"), masked("")) == ("M***", "")
