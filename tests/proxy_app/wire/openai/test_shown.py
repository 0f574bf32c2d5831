import json

import pytest

from proxy_app.wire.openai.shown import shown_in
from proxy_app.wire.operations.shown import Shown


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("video", "queued", "RUNNING"),
        ("video", "in_progress", "RUNNING"),
        ("video", "completed", "DONE"),
        ("video", "failed", "DONE"),
        ("batch", "validating", "BATCH_STATE_PENDING"),
        ("batch", "in_progress", "BATCH_STATE_RUNNING"),
        ("batch", "finalizing", "BATCH_STATE_RUNNING"),
        ("batch", "cancelling", "BATCH_STATE_RUNNING"),
        ("batch", "completed", "BATCH_STATE_SUCCEEDED"),
        ("batch", "failed", "BATCH_STATE_FAILED"),
        ("batch", "cancelled", "BATCH_STATE_CANCELLED"),
        ("batch", "expired", "BATCH_STATE_EXPIRED"),
        ("batch", "new", ""),
    ],
)
def test_a_state_is_told_in_googles_words(kind, status, state):
    assert shown_in(json.dumps({"object": kind, "status": status}).encode()) == Shown(state=state)


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b'{"status":1}'])
def test_what_cannot_be_read_shows_nothing(answer):
    assert shown_in(answer) == Shown()
