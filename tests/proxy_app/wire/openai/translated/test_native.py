import json

import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.openai.translated.native import Untranslatable, native
from proxy_app.wire.operations.rows import openai

CHAT = {"messages": [{"role": "user", "content": "x"}]}


def made(operation, model="m", form=None, **body):
    call = Call(operation, "m", read_body(json.dumps(body).encode()), "id", form=form, is_translated=True)
    return native(call, model)


@pytest.mark.parametrize(
    ("operation", "model", "body", "meant"),
    [
        (openai.CHAT, "m", CHAT, "models.generateContent"),
        (openai.EMBEDDINGS, "m", {"input": "a"}, "models.batchEmbedContents"),
        (openai.IMAGES, "imagen-4", {"prompt": "a"}, "models.predict"),
        (openai.IMAGES, "gemini-image", {"prompt": "a"}, "models.generateContent"),
        (openai.VIDEO, "veo", {"prompt": "a"}, "models.predictLongRunning"),
        (openai.GET_VIDEO, "", {}, "models.operations.get"),
        (openai.GET_BATCH, "", {}, "batches.get"),
        (openai.CANCEL_BATCH, "", {}, "batches.cancel"),
    ],
)
def test_each_call_asks_for_the_same(operation, model, body, meant):
    call = made(operation, model, **body)

    assert call.operation.id == meant
    assert not call.is_translated


def test_a_stream_is_asked_for_as_a_stream():
    call = made(openai.CHAT, form=StreamForm.CHUNKS, **CHAT)

    assert (call.operation.id, call.form) == ("models.streamGenerateContent", StreamForm.SSE)


@pytest.mark.parametrize(("operation", "words"), [(openai.BATCH, "stand in a file"), (openai.CHAT, "'messages'")])
def test_what_google_cannot_be_asked_is_said(operation, words):
    with pytest.raises(Untranslatable, match=words):
        made(operation)
