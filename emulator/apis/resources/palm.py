"""The verbs of models before Gemini, generateAnswer, lists of generated files, and tokens for live sessions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from emulator.answers import tokens
from emulator.answers.conversation import Conversation
from emulator.answers.vectors.embeddings import embed
from emulator.answers.vectors.retrieval import Passage, nearest, told_from
from emulator.answers.words.speech import speak
from emulator.apis.models import named_model
from emulator.apis.resources.paging import page_of
from emulator.wire.errors import bad_request, refuse
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_PAGE_SIZE, _LARGEST_PAGE = 10, 50
_SIZE = 768


def _generate_text(google: Google, call: Call) -> Json:
    named_model(call)
    prompt = _text(_asked(call, "TextRequest").get("prompt"))
    return {"candidates": [{"output": _said(prompt)}]}


def _generate_message(google: Google, call: Call) -> Json:
    named_model(call)
    messages = _messages(_asked(call, "MessageRequest"))
    answer = {"author": "1", "content": _said(_text(messages[-1], "content"))}
    return {"candidates": [answer], "messages": messages}


def _embed_text(google: Google, call: Call) -> Json:
    named_model(call)
    return {"embedding": {"value": embed(_text(_asked(call, "TextsRequest")), _SIZE)}}


def _embed_texts(google: Google, call: Call) -> Json:
    named_model(call)
    texts = _asked(call, "TextsRequest").get("texts") or [""]
    return {"embeddings": [{"value": embed(_text({"text": text}), _SIZE)} for text in texts]}


def _count_text(google: Google, call: Call) -> Json:
    named_model(call)
    return {"tokenCount": tokens.count_text(_text(_asked(call, "TextRequest").get("prompt")))}


def _count_message(google: Google, call: Call) -> Json:
    named_model(call)
    messages = _messages(_asked(call, "MessageRequest"))
    return {"tokenCount": sum(tokens.count_text(_text(message, "content")) for message in messages)}


def _generate_answer(google: Google, call: Call) -> Json:
    """From the passages that came along, or else in the emulator's own words."""
    named_model(call)
    asked = _asked(call, "AnswerRequest")
    if not asked.get("contents"):
        raise refuse(400, "* GenerateAnswerRequest.contents: contents is not specified\n")
    question = Conversation(asked).prompt
    given = asked.get("inlinePassages", {}).get("passages", ())
    listed = [Passage("", str(one.get("id", "")), _joined(one.get("content", {}))) for one in given]
    found = nearest(question, listed)
    text = told_from(question, found) if found else _said(question)
    told: Json = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
    if found:
        source = {"groundingPassage": {"passageId": found[0].title, "partIndex": 0}}
        content = {"parts": [{"text": found[0].text}]}
        told["groundingAttributions"] = [{"sourceId": source, "content": content}]
    return {"answer": told, "answerableProbability": 0.9 if found or not listed else 0.1}


def _list_generated(google: Google, call: Call) -> Json:
    files = [file for file in call.project.files.all(call.now) if file.source == "GENERATED"]
    shown, following = page_of(call, files, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    told = [{"name": f"generatedFiles/{one.id}", "mimeType": one.mime_type, "state": "GENERATED"} for one in shown]
    return {"generatedFiles": told, **following} if shown else {}


def _create_token(google: Google, call: Call) -> Json:
    read_message("AuthToken", call.json_body())
    return {"name": f"auth_tokens/{secrets.token_hex(32)}"}


def _asked(call: Call, shape: str) -> Json:
    return read_message(shape, call.json_body())


def _text(said: Any, field: str = "text") -> str:
    text = said.get(field) if isinstance(said, dict) else None
    if not isinstance(text, str) or not text:
        raise refuse(400, f"* {field}: {field} is not specified\n", bad_request([(field, "is not specified")]))
    return text


def _messages(asked: Json) -> list[Json]:
    prompt = asked.get("prompt")
    messages = prompt.get("messages") if isinstance(prompt, dict) else None
    return messages if isinstance(messages, list) and messages else [{}]


def _said(prompt: str) -> str:
    return speak(Conversation({"contents": [{"role": "user", "parts": [{"text": prompt}]}]}))


def _joined(content: Json) -> str:
    return "\n".join(str(part.get("text", "")) for part in content.get("parts", ()))


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "generateText": _generate_text,
    "generateMessage": _generate_message,
    "embedText": _embed_text,
    "batchEmbedText": _embed_texts,
    "countTextTokens": _count_text,
    "countMessageTokens": _count_message,
    "generateAnswer": _generate_answer,
    "listGeneratedFiles": _list_generated,
    "createAuthToken": _create_token,
}
