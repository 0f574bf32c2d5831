import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.interactions.translated.to_generate.request import translated
from proxy_app.wire.interactions.translated.values import NeedsPublicApi, read
from proxy_app.wire.malformed import Malformed
from tests.proxy_app.wire.interactions.translated.bodies import translate


def test_a_text_is_one_content_of_the_user():
    assert translate(system_instruction="Be brief.", stream=True) == {
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
    }


def test_safety_settings_have_googles_longer_names():
    settings = [{"type": "hate_speech", "threshold": "block_none"}]

    assert translate(safety_settings=settings, labels={"team": "a"}) == {
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "safetySettings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_NONE"}],
        "labels": {"team": "a"},
    }


def test_fields_that_ask_for_nothing_change_nothing():
    idle = {"background": False, "service_tier": "standard", "previous_interaction_id": "", "cached_content": None}

    assert translate(**idle) == translate()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"store": True}, "`store`"),
        ({"store": None}, "`store`"),
        ({"agent": "deep-research"}, "`agent`"),
        ({"background": True}, "in the background"),
        ({"previous_interaction_id": "v1_a"}, "`previous_interaction_id`"),
        ({"environment": "remote"}, "`environment`"),
        ({"environment": {"sources": []}}, "`environment`"),
        ({"cached_content": "cachedContents/a"}, "`cached_content`"),
        ({"continuation_token": "t"}, "`continuation_token`"),
        ({"webhook_config": {"uris": []}}, "`webhook_config`"),
        ({"service_tier": "flex"}, "A `service_tier` other than standard needs"),
        ({"response_format": {"type": "image", "mime_type": "image/webp"}}, "`response_format`"),
        ({"of_tomorrow": 1}, "`of_tomorrow`"),
        ({"tools": [{"type": "file_search", "file_search_store_names": ["fileSearchStores/a"]}]}, "`file_search`"),
        ({"tools": [{"type": "mcp_server", "url": "https://example.com"}]}, "`mcp_server`"),
        ({"tools": [{"type": "google_search", "search_types": ["image_search"]}]}, "search_types`"),
        ({"tools": [{"type": "function", "name": "f", "defer_loading": True}]}, "defer_loading`"),
        ({"generation_config": {"video_config": {"task": "edit"}}}, "`generation_config.video_config`"),
        ({"response_format": {"type": "video"}}, "`response_format`"),
        ({"response_format": [{"type": "image", "delivery": "uri"}]}, "`response_format[0]`"),
        ({"response_format": {"type": "audio", "mime_type": "audio/mp3"}}, "`response_format`"),
        ({"input": [{"type": "mcp_server_tool_call", "id": "1"}]}, "`mcp_server_tool_call`"),
        ({"input": [{"type": "video", "uri": "https://a", "processing": "agentic"}]}, "`agentic`"),
    ],
)
def test_what_needs_the_public_api_is_refused_by_name(fields, named):
    with pytest.raises(NeedsPublicApi, match="an account of the public API") as refused:
        translate(**fields)

    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": ""}, "'input' is required."),
        ({"input": []}, "'input' is required."),
        ({"model": ""}, "'model' is required."),
        ({"input": 7}, "Invalid value at 'input': Expected `str | object | array`, got `int`."),
        ({"system_instruction": {"parts": []}}, "Invalid value at 'system_instruction': Expected `str`."),
        ({"tools": [{"type": "function", "name": None}]}, "'tools[0].name' is required."),
        ({"tools": {}}, "Invalid value at 'tools': Expected `array`, got `object`."),
        ({"tools": [{"name": "f"}]}, "'tools[0].type' is required."),
        ({"tools": [{"type": "function"}]}, "'tools[0].name' is required."),
        (
            {"generation_config": {"tool_choice": {"allowed_tools": {"tools": [1]}}}},
            "Invalid value at 'generation_config.tool_choice.allowed_tools.tools[0]': Expected `str`, got `int`.",
        ),
        ({"response_mime_type": 7}, "Invalid value at 'response_mime_type': Expected `str`."),
        ({"generation_config": []}, "Invalid value at 'generation_config': Expected `object`, got `array`."),
        ({"safety_settings": [{}]}, "Invalid value at 'safety_settings[0]': Object missing required field `type`."),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_field(fields, message):
    with pytest.raises(Malformed) as refused:
        translate(**fields)

    assert str(refused.value) == message


@pytest.mark.parametrize("field", ["safety_settings", "response_format"])
def test_a_field_that_would_block_others_is_refused(field):
    with pytest.raises(Malformed, match=f"'{field}' is larger than 24 MB"):
        translate(**{field: ["x" * (25 << 20)]})


def test_a_value_of_24_mb_is_read():
    decode = msgspec.json.Decoder(str).decode
    value = b'"%b"' % (b"x" * ((24 << 20) - 2))

    assert len(read(decode, Raw(value), "input")) == len(value) - 2
    with pytest.raises(Malformed, match="larger than 24 MB"):
        read(decode, Raw(value + b" "), "input")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("static"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_ITEM = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image", "video", "user_input", "model_output", "thought"]) | _JSON}
    | dict.fromkeys(("text", "content", "summary", "signature", "processing"), _JSON),
    optional=dict.fromkeys(("data", "uri", "mime_type", "resolution", "role"), _JSON),
)
_STEP = st.fixed_dictionaries(
    {"type": st.sampled_from(["function_call", "function_result", "code_execution_call", "code_execution_result"])},
    optional=dict.fromkeys(("id", "name", "arguments", "call_id", "result", "is_error"), _JSON),
)
_FIELDS = st.fixed_dictionaries(
    {"model": st.just("m"), "store": st.just(False), "input": st.lists(_ITEM | _STEP, max_size=3) | _JSON},
    optional={
        "system_instruction": _JSON,
        "tools": st.lists(st.fixed_dictionaries({"type": st.just("function"), "name": _JSON}), max_size=2) | _JSON,
        "generation_config": st.dictionaries(
            st.sampled_from(["temperature", "thinking_level", "speech_config", "image_config", "tool_choice"]), _JSON
        ),
        "response_format": st.fixed_dictionaries({"type": st.sampled_from(["text", "image"]), "schema": _JSON}) | _JSON,
        "response_mime_type": _JSON,
        "response_modalities": _JSON,
        "safety_settings": _JSON,
        "labels": _JSON,
    },
)


@given(_FIELDS)
def test_every_request_is_translated_or_refused(body):
    try:
        made = translated(read_body(json.dumps(body).encode(), keeps_model=True))
    except (Malformed, NeedsPublicApi):
        return

    assert all(json.loads(bytes(value)) is not None for value in made.values())
    assert json.loads(bytes(made["contents"]))
