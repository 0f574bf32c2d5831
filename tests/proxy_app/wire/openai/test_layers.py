from collections.abc import Iterator

import pytest

from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire.calls import Call
from proxy_app.wire.faults.error_bodies import error_body
from proxy_app.wire.openai.layers import Layers, fitted, learn, refuses_key, reset
from proxy_app.wire.operations import GENERATE
from proxy_app.wire.operations.rows.openai import CHAT

TWO = "Multiple authentication credentials received. Please pass only one."
TYPE = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED"}]


@pytest.fixture
def nothing_learned() -> Iterator[None]:
    reset()
    yield
    reset()


@pytest.mark.parametrize(
    ("status", "body", "refuses"),
    [
        (400, b"[" + error_body(400, TWO) + b"]", True),
        (400, error_body(400, "Missing or invalid Authorization header."), True),
        (401, error_body(401, "Request had invalid authentication credentials.", TYPE), True),
        (400, error_body(400, f"Bad: {TWO}"), False),
        (400, error_body(400, "API key not valid. Please pass a valid API key."), False),
        (503, error_body(503, TWO), False),
        (401, b"", False),
    ],
)
def test_a_key_is_refused_in_these_words(status, body, refuses):
    assert refuses_key(status, body) is refuses


def test_it_is_remembered_for_a_day():
    layers = Layers()
    layers.closed(1, 100.0)

    assert layers.is_closed(1, 100.0)
    assert layers.is_closed(1, 100.0 + 86399)
    assert not layers.is_closed(1, 100.0 + 86400)
    assert not layers.is_closed(2, 100.0)
    layers.forget()
    assert not layers.is_closed(1, 100.0)


def test_a_call_is_translated_for_the_accounts_whose_layer_is_closed(nothing_learned):
    chat, native = Call(CHAT, "m", {}, "id"), Call(GENERATE, "m", {}, "id")
    learn(Fault(Outcome.OVERLOADED), 1, 0.0)
    assert fitted(chat, 1, 1.0) is chat

    learn(Fault(Outcome.LAYER_CLOSED), 1, 0.0)

    assert fitted(chat, 1, 1.0).is_translated
    assert fitted(chat, 2, 1.0) is chat
    assert fitted(native, 1, 1.0) is native
