"""Every request to what goes with interactions gets an answer, whatever it holds."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apis.dispatch import Dispatcher
from emulator.state.google import Google
from emulator.wire.public.interaction_bodies import fields_of
from emulator.wire.server import Request
from tests.emulator.apis.test_dispatch import SCALARS

SHAPES = {
    "credentials": "BearerToken",
    "triggers": "Trigger",
    "voices": "CreateVoice",
    "decisions": "Decision",
    "webhooks": "Webhook",
}
WORDS = st.sampled_from(["bearer_token", "prompted", "choice", "noul", "score", "* * * * *", "UTC", "gemini-3.5-flash"])
NAMES = st.sampled_from(["type", "input", "agent", "instructions", "criteria", "id", "data", "prompted", "text"])
ANYTHING = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize("collection", SHAPES)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_json_is_answered(collection: str, data: st.DataObject):
    google = Google(keep=0)
    key = google.accounts.add("alice@example.com").api_key
    names = st.sampled_from(sorted(fields_of(SHAPES[collection])))
    body = data.draw(st.dictionaries(names, ANYTHING, max_size=6))
    request = Request("POST", "", f"/v1beta/{collection}", {}, {"x-goog-api-key": key}, json.dumps(body).encode())

    _, reply = Dispatcher(google).answer(request)

    assert reply.status in {200, 400, 404}
