"""The page of one call."""

import pytest

from tests.proxy_app.admin.pages import CALL, LEDGER, an_entry, clerk, page, two_attempts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


class TestCall:
    def test_its_attempts_stand_in_order_with_all_that_is_known(self, console):
        two_attempts()

        shown = console.get(page("proxy_app_usagerecord_call", CALL)).content.decode()

        assert shown.index("Attempt 1") < shown.index("rate limited") < shown.index("Attempt 2")
        assert all(
            words in shown for words in ("its conversation", "429", "bob@example.com", "time to first token 300 ms")
        )
        assert "returned to client" in shown

    def test_a_refused_one_shows_its_fix(self, console):
        an_entry(attempt=0, outcome="key_invalid", status=401, message="API key not valid.", repeated=7, duration_ms=3)

        shown = console.get(page("proxy_app_usagerecord_call", CALL)).content.decode()
        listed = console.get(page(LEDGER), {"outcome": "key_invalid"}).content.decode()

        assert all(words in shown for words in ("Refused by the gateway", "invalid key", "401", "Issue a key under"))
        assert "7 further calls like this one" in shown
        assert "Attempt 0" not in shown
        assert CALL[:8] in listed

    def test_an_entry_leads_to_its_call(self, console):
        entry = an_entry()

        answer = console.get(page("proxy_app_usagerecord_change", entry.pk))

        assert answer.url == page("proxy_app_usagerecord_call", CALL)

    def test_an_unknown_call_is_not_found(self, console):
        assert console.get(page("proxy_app_usagerecord_call", "nothing")).status_code == 404
        assert console.get(page("proxy_app_usagerecord_bundle", "nothing")).status_code == 404

    def test_staff_without_the_right_see_nothing_of_it(self):
        two_attempts()
        browser = clerk()

        for name in ("call", "bundle"):
            assert browser.get(page(f"proxy_app_usagerecord_{name}", CALL)).status_code == 403

    def test_the_calls_of_a_conversation_are_found_together(self, console):
        key = "a" * 32
        an_entry(conversation=key, method="interactions.create", resource="interactions/v1_one")
        an_entry("d" * 32, conversation=key, method="interactions.create", outcome="rate_limited", status=429)
        an_entry("d" * 32, attempt=2, conversation=key, method="interactions.create", resource="interactions/v1_two")
        an_entry("e" * 32, method="interactions.create", resource="interactions/v1_other", conversation="e" * 32)
        found = f"{page(LEDGER)}?conversation={key}"

        shown = console.get(page("proxy_app_usagerecord_call", CALL)).content.decode()
        listed = console.get(found).content.decode()

        assert f'href="{found}">2 calls</a>' in shown
        assert f'href="{found}">conversation</a>' in listed
        assert "interactions/v1_one" in listed
        assert "interactions/v1_two" in listed
        assert "interactions/v1_other" not in listed

    def test_other_calls_show_no_conversation(self, console):
        an_entry(resource="files/a")

        assert "conversation=" not in console.get(page("proxy_app_usagerecord_call", CALL)).content.decode()
        assert "conversation=" not in console.get(page(LEDGER)).content.decode()
