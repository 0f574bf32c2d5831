"""What is recorded of a request, and what never is."""

import json

from emulator import Emulator
from tests.emulator.conftest import Caller


def test_a_request_is_recorded_without_its_secrets(google: Emulator, caller: Caller):
    caller.internal("streamGenerateContent", caller.envelope(), params={"alt": "sse"}, headers={"x-mine": "1"})
    caller.public("models", params={"key": "k", "pageSize": "1"})
    form = {"grant_type": "refresh_token", "refresh_token": caller.account.refresh_token, "client_id": "me"}
    caller.http.post(google.token_url, data=form)

    asked, listed, refreshed = google.requests
    assert (asked.call, asked.account, asked.model) == ("streamGenerateContent", "alice@example.com", "gemini-2.5-pro")
    assert (asked.path, asked.query, asked.status) == ("/v1internal:streamGenerateContent", {"alt": "sse"}, 200)
    assert asked.body == json.loads(asked.raw) == caller.envelope()
    assert asked.headers["x-mine"] == "1"
    assert "authorization" not in asked.headers
    assert listed.query == {"pageSize": "1"}
    assert refreshed.body == {"grant_type": "refresh_token", "client_id": "me"}
    assert google.calls == [asked]
    assert google.requests_of("token") == [refreshed]
    assert caller.account.access_token not in repr(google.requests)


def test_old_bodies_are_forgotten_before_memory_runs_out(caller: Caller):
    with Emulator(keep=3) as google:
        account = google.add_account("bob@example.com")
        for size in (10, 40_000_000, 40_000_000):
            headers = {"authorization": f"Bearer {account.access_token}"}
            caller.http.post(f"{google.url}/v1internal:loadCodeAssist", content=b" " * size, headers=headers)

        assert [len(one.raw) for one in google.requests] == [0, 0, 40_000_000]
