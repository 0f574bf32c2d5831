from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.forwarding import layers
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import GENERATE
from proxy_app.wire.operations.rows.openai import CHAT


def test_a_call_is_translated_for_the_accounts_whose_layer_is_closed(forgetful):
    chat, native = Call(CHAT, "m", {}, "id"), Call(GENERATE, "m", {}, "id")
    layers.learn(Fault(Outcome.OVERLOADED), 1, 0.0)
    assert layers.fitted(chat, 1, 1.0) is chat

    layers.learn(Fault(Outcome.LAYER_CLOSED), 1, 0.0)

    assert layers.fitted(chat, 1, 1.0).is_translated
    assert layers.fitted(chat, 2, 1.0) is chat
    assert layers.fitted(native, 1, 1.0) is native
