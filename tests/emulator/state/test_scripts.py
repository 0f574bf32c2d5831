"""Which requests a script answers, and in which order."""

from emulator import Emulator
from tests.emulator.conftest import Caller


def test_a_script_is_for_its_account_model_and_method(google: Emulator, caller: Caller):
    bob = Caller(google, google.add_account("bob@example.com"), caller.http)
    google.script("overloaded", account=bob.account, model="gemini-2.5-pro", method="generateContent")

    assert caller.generate()
    assert bob.generate(model="gemini-2.5-flash")
    assert bob.stream()
    assert bob.internal("generateContent", bob.envelope()).status_code == 503
    assert bob.generate()


def test_a_script_may_be_for_one_of_several_endpoints(google: Emulator, caller: Caller):
    google.script("overloaded", base="/daily", times=None)
    headers = {"authorization": f"Bearer {caller.account.access_token}"}

    answered = caller.http.post(
        f"{google.url}/daily/v1internal:generateContent", json=caller.envelope(), headers=headers
    )

    assert answered.status_code == 503
    assert caller.generate()
    assert [one.base for one in google.requests] == ["/daily", ""]


def test_without_a_method_the_control_plane_is_left_alone(google: Emulator, caller: Caller):
    google.script("overloaded", times=None)

    assert caller.internal("loadCodeAssist", {}).status_code == 200
    assert caller.internal("countTokens", {}).status_code == 503


def test_counted_scripts_come_before_lasting_ones_and_in_order(google: Emulator, caller: Caller):
    google.script("internal", times=None)
    lasting = google.script("overloaded", times=None)
    google.script("bare_429", times=2)
    google.script("html_502")

    def statuses(number: int) -> list[int]:
        return [caller.internal("generateContent", caller.envelope()).status_code for _ in range(number)]

    assert statuses(5) == [429, 429, 502, 503, 503]
    google.unscript(lasting)
    assert statuses(1) == [500]
    google.unscript()
    assert statuses(1) == [200]


def test_a_reset_forgets_everything(google: Emulator, caller: Caller):
    google.script("overloaded", times=None)
    caller.internal("generateContent", caller.envelope())
    google.advance(10)
    google.reset()

    assert (google.requests, dict(google.accounts)) == ([], {})
    caller.account = google.add_account("alice@example.com")
    assert caller.generate()
