import pytest

from proxy_app.wire.faults.error_bodies import error_body
from proxy_app.wire.openai.layers import Layers, refuses_key

TWO = "Multiple authentication credentials received. Please pass only one."
TYPE = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED"}]


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
