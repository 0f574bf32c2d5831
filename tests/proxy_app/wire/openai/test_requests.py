import json

import pytest

from accounts_app.pool.content import Pieces
from proxy_app.wire.calls import Call, PassThrough, StreamForm, read_body
from proxy_app.wire.openai.requests import request
from proxy_app.wire.operations.rows.openai import CHAT, EMBEDDINGS, VIDEO


def sent(fields, operation=CHAT, model="m", instruction="", **more):
    body = read_body(json.dumps(fields).encode(), keeps_model=True)
    call = Call(operation, "m", body, "id", **more)
    made = request(call, model, token="t", base="https://g", instruction=instruction)
    return made, json.loads(b"".join(map(bytes, made.pieces)) or b"null")


def test_it_goes_up_with_one_credential():
    made, body = sent({"model": "google/m", "messages": []})

    assert made.url == "https://g/v1beta/openai/chat/completions"
    assert made.headers == {"Authorization": "Bearer t", "Content-Type": "application/json"}
    assert body == {"model": "google/m", "messages": []}


def test_a_route_names_another_model():
    assert sent({"model": "m"}, model="other")[1] == {"model": "other"}


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([{"a": 1}], [{"role": "system", "content": "Be"}, {"a": 1}]),
        ([], [{"role": "system", "content": "Be"}]),
        ("words", "words"),
    ],
)
def test_the_operators_instruction_is_the_first_message_of_chats(messages, told):
    assert sent({"messages": messages}, instruction="Be")[1]["messages"] == told
    assert sent({"messages": messages}, instruction="Be", operation=EMBEDDINGS)[1] == {"messages": messages}
    assert sent({"messages": messages}, instruction="Be", model="x-image")[1]["messages"] == messages


@pytest.mark.parametrize("options", [None, {"include_obfuscation": False}, {"include_usage": False}, 7])
def test_a_stream_is_asked_for_its_counts(options):
    body = sent({"stream_options": options} if options else {}, form=StreamForm.CHUNKS)[1]

    assert body["stream_options"]["include_usage"] is True


@pytest.mark.parametrize("model", ["m", "other"])
def test_a_form_goes_up_unchanged_but_for_a_routed_model(model):
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n'
    passes = PassThrough("POST", headers=[("content-type", "multipart/form-data; boundary=b"), ("accept", "x")])

    made, _ = sent({}, operation=VIDEO, model=model, content=Pieces(form), passes=passes)

    assert made.headers["Content-Type"] == "multipart/form-data; boundary=b"
    assert isinstance(made.content, Pieces)
    assert b"".join(map(bytes, made.content.pieces)) == form.replace(b"\r\nm\r\n", f"\r\n{model}\r\n".encode())
