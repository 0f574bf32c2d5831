"""What Google checks of a generate request beyond its shape."""

from __future__ import annotations

from emulator.answers.conversation import merged
from emulator.answers.signatures import check_history
from emulator.answers.tokens import count_prompt
from emulator.state.models import Model
from emulator.wire.errors import bad_request, refuse
from emulator.wire.fields import PART_KINDS
from emulator.wire.replies import Json

_MOST_CANDIDATES = 8


def check_contents(inner: Json) -> None:
    """Contents there are, their roles are known, and every part says something."""
    contents = inner.get("contents")
    if not contents:
        raise _invalid("* GenerateContentRequest.contents: contents is not specified\n")
    for index, content in enumerate(contents):
        if content.get("role", "user") not in {"user", "model", "function", "tool"}:
            raise refuse(400, "Please use a valid role: user, model.")
        parts = content.get("parts")
        where = f"* GenerateContentRequest.contents[{index}].parts"
        if not parts:
            raise _invalid(f"{where}: contents.parts must not be empty.\n")
        for number, part in enumerate(parts):
            if not any(kind in part for kind in PART_KINDS) and not part.get("thought"):
                raise _invalid(f"{where}[{number}].data: required oneof field 'data' must have one initialized field\n")
            if "inlineData" in part and not part["inlineData"].get("data"):
                raise _invalid(f"{where}[{number}].inline_data.data: required field is not set\n")


def check_generate(inner: Json, model: Model, *, binding: str | None = None) -> None:
    """Everything that makes generateContent refuse a request of the right shape."""
    check_contents(inner)
    check_history(merged(inner["contents"]), demanded=model.signs, binding=binding)
    config = inner.get("generationConfig", {})
    if not 1 <= config.get("candidateCount", 1) <= _MOST_CANDIDATES:
        raise _invalid(
            f"* GenerateContentRequest.generation_config.candidate_count: must be in the range [1, {_MOST_CANDIDATES}]."
        )
    if config.get("maxOutputTokens", 1) < 1:
        raise _invalid("* GenerateContentRequest.generation_config.max_output_tokens: must be positive.")
    if not 0 <= config.get("temperature", 1) <= 2:
        raise _invalid("* GenerateContentRequest.generation_config.temperature: must be in the range [0.0, 2.0].")
    _check_together(config, model)
    tokens = sum(count_prompt(inner).values())
    if tokens > model.input_limit:
        raise refuse(
            400,
            f"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({model.input_limit}).",
        )


def _check_together(config: Json, model: Model) -> None:
    """What goes with what in a generationConfig, in Google's words as the tests of its SDK quote them."""
    where = "* GenerateContentRequest.generation_config"
    if "logprobs" in config and not config.get("responseLogprobs"):
        raise _invalid(f"{where}.logprobs: logprobs may only be set if response_logprobs is true.")
    if config.get("responseLogprobs") and model.modern:
        raise refuse(400, f"Logprobs is not enabled for models/{model.id}")
    speech = config.get("speechConfig") or {}
    if "voiceConfig" in speech and "multiSpeakerVoiceConfig" in speech:
        raise _invalid(f"{where}.speech_config: voice_config and multi_speaker_voice_config are mutually exclusive.")


def _invalid(text: str) -> Exception:
    field = text.removeprefix("* GenerateContentRequest.").split(": ")[0]
    return refuse(400, text, bad_request([(field, text.split(": ", 1)[1].strip())]))
