import json

import pytest

from proxy_app.wire.bodies.bodies import pieces, read_body
from proxy_app.wire.bodies.model_fields import has_requests_in_a_file, texts_in, with_model
from proxy_app.wire.malformed import Malformed


def renamed(body: bytes) -> bytes:
    return b"".join(map(bytes, pieces(with_model(read_body(body), "fast", "gemini-x"))))


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (
            '{"requests":[{"model":"models/fast", "content":{}},{"model":"fast"},{"model":"models/other"}]}',
            '{"requests":[{"model":"models/gemini-x","content":{}},{"model":"gemini-x"},{"model":"models/other"}]}',
        ),
        (
            '{"generate_content_request":{"model":"models/fast","contents":[]}}',
            '{"generate_content_request":{"model":"models/gemini-x","contents":[]}}',
        ),
        (
            '{"batch":{"model":"models/fast","input_config":{"requests":{"requests":[{"request":{"model":"models/fast"}}]}}}}',
            '{"batch":{"model":"models/gemini-x","input_config":{"requests":{"requests":[{"request":{"model":"models/gemini-x"}}]}}}}',
        ),
        ('{"setup":{"model":"models/fast"}}', '{"setup":{"model":"models/gemini-x"}}'),
        (
            '{"bidiGenerateContentSetup":{"model":"models/fast"}}',
            '{"bidiGenerateContentSetup":{"model":"models/gemini-x"}}',
        ),
    ],
)
def test_an_alias_is_replaced_wherever_a_model_is_named(body, sent):
    assert json.loads(renamed(body.encode())) == json.loads(sent)


@pytest.mark.parametrize(
    "body",
    [
        b'{"contents":[{"role":"model","parts":[{"functionCall":{"args":{"model":"models/fast"}}}]}]}',
        b'{"requests":[{"model": "models/other"}, {"model": 7}, {"model":"../x"}, 7],"batch":[],"setup":"fast"}',
    ],
)
def test_nothing_else_is_touched(body):
    fields = read_body(body)

    new = with_model(fields, "fast", "gemini-x")

    assert new == fields
    assert all(new[name] is fields[name] for name in fields)


def test_a_model_at_the_top_is_replaced_where_the_body_has_it():
    assert bytes(with_model({"model": b'"models/fast"'}, "fast", "gemini-x")["model"]) == b'"models/gemini-x"'
    assert bytes(with_model({"model": b'"fast"'}, "fast", "tunedModels/t")["model"]) == b'"tunedModels/t"'


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (b'{"content":{"parts":[{"text":"a"},{"text":"b"}]}}', 1),
        (b'{"requests":[{"content":{}},{"content":{}},{"content":{}}]}', 3),
        (b'{"requests":[]}', 1),
        (b'{"requests":{}}', 1),
        (b'{"texts":["a","b"]}', 2),
        (b'{"input":["a","b"]}', 2),
        (b'{"input":"a"}', 1),
        (b"{}", 1),
    ],
)
def test_embeddings_are_counted_by_the_text(body, texts):
    assert texts_in(read_body(body)) == texts


@pytest.mark.parametrize(
    ("body", "in_a_file"),
    [
        (b'{"batch":{"inputConfig":{"fileName":"files/a"}}}', True),
        (b'{"batch":{"input_config":{"file_name":"files/a"}}}', True),
        (b'{"batch":{"input_config":{"fileName":"files/a"},"inputConfig":{"requests":{}}}}', True),
        (b'{"batch":{"inputConfig":{"file\\u004eame":"files/a"}}}', True),
        (b'{"inputConfig":{"fileName":"files/a"}}', True),
        (b'{"batch":{"inputConfig":{"requests":{"requests":[{"request":{"fileName":"files/a"}}]}}}}', False),
        (b'{"batch":{"inputConfig":[]}}', False),
        (b'{"batch":"fileName"}', False),
        (b'{"instances":[{"fileName":"files/a"}]}', False),
        (b"{}", False),
    ],
)
def test_a_batch_may_have_its_requests_in_a_file(body, in_a_file):
    assert has_requests_in_a_file(read_body(body)) is in_a_file


@pytest.mark.parametrize("read", [has_requests_in_a_file, texts_in])
def test_what_was_not_checked_is_refused_where_it_is_read(read):
    with pytest.raises(Malformed, match=r"^Invalid JSON payload received\.$"):
        read({"batch": b"{x}", "requests": b"[x]"})
