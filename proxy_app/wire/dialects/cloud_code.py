"""The `v1internal` upstream: the public request inside an envelope, the public response inside another.

    {"project", "model", "requestId", "userAgent", "requestType", "request": {the client's body, "sessionId"}}
    {"response": {the public response}, "traceId", …}

countTokens alone is different: its envelope holds nothing but `request`, the model stands inside that with its
`models/`, and its answer comes without an envelope.

This upstream has no interactions and no layer for OpenAI's clients: interactions without state and chats are translated
to generateContent.
"""

from dataclasses import replace

import msgspec
from msgspec import Raw

from accounts_app.pool.outcomes import Fault
from proxy_app.wire.bodies.bodies import Body, pieces
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects.dialect import UpstreamRequest
from proxy_app.wire.dialects.readers import Reader, reader_of
from proxy_app.wire.dialects.system_instruction import makes_images, with_prefix
from proxy_app.wire.faults.faults import classify
from proxy_app.wire.interactions.translated.from_generate import readers as translated
from proxy_app.wire.interactions.translated.to_generate import request as translation
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.resource_names import Name
from proxy_app.wire.openai.translated import readers as openai_readers
from proxy_app.wire.openai.translated.native import native
from proxy_app.wire.operations import COUNT, GENERATE, STREAM
from proxy_app.wire.operations.rows.interactions import CREATE_STATELESS
from proxy_app.wire.operations.rows.openai import CHAT

_PRODUCT = "gemini-gateway"

_SESSION = ("sessionId", "session_id")
_SAFETY = ("safetySettings", "safety_settings")
_SEARCH = ("googleSearch", "google_search", "googleSearchRetrieval", "google_search_retrieval")

_encode = msgspec.json.Encoder().encode


class CloudCode:
    """The dialect of `cloud_code` accounts."""

    name = "cloud_code"
    versioned = False
    operations = frozenset((GENERATE, STREAM, COUNT, CREATE_STATELESS, CHAT))

    def __repr__(self) -> str:
        return "<CloudCode>"

    def build(
        self, call: Call, *, model: str, project: str, token: str, base: str, instruction_prefix: str = ""
    ) -> UpstreamRequest:
        """The request for one attempt, the client's values in it as they came. Raises BadName."""
        name = resource_names.model(model)
        call = _native(call, model)
        if call.operation is COUNT:
            body = _count_envelope(call, name)
        else:
            body = _envelope(call, name.model, project, instruction_prefix)
        query = "?alt=sse" if call.operation is STREAM else ""
        return UpstreamRequest(
            url=f"{base}/v1internal:{call.operation.verb}{query}",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            pieces=body,
        )

    def reader(self, call: Call) -> Reader:
        if call.operation is CREATE_STATELESS:
            return translated.reader_of(call, unwrap)
        if call.operation is CHAT:
            return openai_readers.reader_of(call, unwrap)
        return reader_of(call, unwrap, unwrap_count)

    def fault(self, status: int, body: bytes, content_type: str = "", now: float = 0.0, retry_after: str = "") -> Fault:
        return classify(status, body, content_type, now, retry_after)


def unwrap(payload: bytes) -> bytes:
    """The `response` in `payload`, byte for byte. Raises NotAnAnswer."""
    response = _response_in(payload)
    if not response:
        return _without_envelope(payload)
    if response[:1] != b"{":
        raise NotAnAnswer("a response that is not a JSON object")
    return response


def unwrap_count(payload: bytes) -> bytes:
    """The counts as they are: today this answer has no envelope; one with an envelope is read as well."""
    response = _response_in(payload)
    return response if response[:1] == b"{" else payload


class _Envelope(msgspec.Struct, gc=False):
    response: Raw = Raw()


class _Answer(msgspec.Struct, gc=False, rename="camel"):
    """A public response by the fields that only a public response has."""

    candidates: Raw = Raw()
    prompt_feedback: Raw = Raw()
    usage_metadata: Raw = Raw()


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_tools = msgspec.json.Decoder(list[dict[str, Raw]] | dict[str, Raw]).decode


def _native(call: Call, model: str) -> Call:
    """The call as this upstream knows it: generateContent for those of other APIs. Raises what translating raises."""
    if call.operation is CHAT:
        return native(call, model)
    if call.operation is CREATE_STATELESS:
        generating = GENERATE if call.form is None else STREAM
        return replace(call, operation=generating, body=translation.translated(call.body))
    return call


def _envelope(call: Call, model: str, project: str, instruction_prefix: str) -> list[bytes | Raw]:
    request = with_prefix(call.body, instruction_prefix, model)
    if call.session_id and not any(name in request for name in _SESSION):
        request = {**request, "sessionId": Raw(_encode(call.session_id))}
    head = {
        "project": project,
        "model": model,
        "requestId": call.request_id,
        "userAgent": _PRODUCT,
        "requestType": _request_type(call.body, model),
    }
    if not project:
        del head["project"]
    return [_encode(head)[:-1], b',"request":', *pieces(request), b"}"]


def _count_envelope(call: Call, name: Name) -> list[bytes | Raw]:
    """What a client counts is what it sent: neither the operator's prefix nor the session is part of it."""
    request = {name: value for name, value in call.body.items() if name not in _SAFETY}
    request = {"model": Raw(_encode(str(name))), **request}
    return [b'{"request":', *pieces(request), b"}"]


def _request_type(body: Body, model: str) -> str:
    if makes_images(model):
        return "image_gen"
    tools = body.get("tools")
    return "web_search" if tools is not None and _searches(tools) else "agent"


def _searches(tools: Raw) -> bool:
    text = bytes(tools)
    if b"oogleSearch" not in text and b"oogle_search" not in text:
        return False
    try:
        decoded = _decode_tools(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False  # upstream refuses such tools, with a better message
    each = [decoded] if isinstance(decoded, dict) else decoded
    return any(name in tool for tool in each for name in _SEARCH)


def _response_in(payload: bytes) -> bytes:
    try:
        return bytes(_decode_envelope(payload).response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAnAnswer("something that is not a JSON object") from None


def _without_envelope(payload: bytes) -> bytes:
    """A payload that is the public response itself, or an envelope that holds only trace ids and credits."""
    answer = _decode_answer(payload)
    return payload if answer != _Answer() else b"{}"
