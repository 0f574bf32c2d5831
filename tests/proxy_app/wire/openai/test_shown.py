import json

import pytest

from proxy_app.wire.openai.shown import shown_in
from proxy_app.wire.operations.shown import Shown


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("video", "queued", "RUNNING"),
        ("video", "failed", "DONE"),
        ("batch", "validating", "BATCH_STATE_PENDING"),
        ("batch", "in_progress", "BATCH_STATE_RUNNING"),
        ("batch", "completed", "BATCH_STATE_SUCCEEDED"),
        ("batch", "new", ""),
    ],
)
def test_a_state_is_told_in_googles_words(kind, status, state):
    assert shown_in(json.dumps({"object": kind, "status": status}).encode()) == Shown(state=state)


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b'{"status":1}'])
def test_what_cannot_be_read_shows_nothing(answer):
    assert shown_in(answer) == Shown()
