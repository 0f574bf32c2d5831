import pytest

from tests.proxy_app.wire.interactions.translated.bodies import translate

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def config_of(**fields):
    return translate(**fields).get("generationConfig")


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ({}, None),
        ({"temperature": None}, None),
        (
            {"temperature": 0.5, "top_p": 1, "top_k": 3, "seed": 7, "max_output_tokens": 10, "stop_sequences": ["x"]},
            {"temperature": 0.5, "topP": 1, "topK": 3, "seed": 7, "maxOutputTokens": 10, "stopSequences": ["x"]},
        ),
        (
            {"presence_penalty": 0.1, "frequency_penalty": 0.2},
            {"presencePenalty": 0.1, "frequencyPenalty": 0.2},
        ),
        ({"thinking_level": "low"}, {"thinkingConfig": {"thinkingLevel": "LOW"}}),
        ({"thinking_summaries": "auto"}, {"thinkingConfig": {"includeThoughts": True}}),
        ({"thinking_summaries": "none"}, {"thinkingConfig": {"includeThoughts": False}}),
        ({"image_config": {"aspect_ratio": "1:1"}}, {"imageConfig": {"aspectRatio": "1:1"}}),
        (
            {"speech_config": [{"voice": "Kore", "language": "en-US"}]},
            {
                "speechConfig": {
                    "languageCode": "en-US",
                    "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}},
                }
            },
        ),
        (
            {"speech_config": {"speakers": [{"speaker": "A", "voice": "Kore"}, {"speaker": "B"}]}},
            {
                "speechConfig": {
                    "multiSpeakerVoiceConfig": {
                        "speakerVoiceConfigs": [
                            {"speaker": "A", "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
                            {"speaker": "B"},
                        ]
                    }
                }
            },
        ),
    ],
)
def test_a_generation_config_has_generate_contents_names(given, config):
    assert config_of(generation_config=given) == config


@pytest.mark.parametrize(
    ("fields", "config"),
    [
        ({"response_format": {"type": "text"}}, None),
        (
            {"response_format": {"type": "text", "mime_type": "application/json", "schema": SCHEMA}},
            {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        ),
        (
            {"response_format": [{"type": "text", "schema": SCHEMA}]},
            {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA},
        ),
        ({"response_format": SCHEMA}, {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}),
        (
            {"response_format": SCHEMA, "response_mime_type": "text/x.enum"},
            {"responseMimeType": "text/x.enum", "responseJsonSchema": SCHEMA},
        ),
        ({"response_modalities": ["text", "image"]}, {"responseModalities": ["TEXT", "IMAGE"]}),
        (
            {"response_format": [{"type": "text"}, {"type": "image", "aspect_ratio": "1:1", "image_size": "1K"}]},
            {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "1:1", "imageSize": "1K"}},
        ),
        ({"response_format": {"type": "audio"}}, {"responseModalities": ["AUDIO"]}),
        ({"response_format": {"type": "text", "mime_type": "text/x.enum"}}, {"responseMimeType": "text/x.enum"}),
        (
            {"response_format": {"type": "image", "delivery": "inline", "mime_type": "image/png"}},
            {"responseModalities": ["IMAGE"]},
        ),
    ],
)
def test_the_form_of_the_answer_is_part_of_the_config(fields, config):
    assert config_of(**fields) == config
