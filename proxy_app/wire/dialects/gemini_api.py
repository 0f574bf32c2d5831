"""The public Gemini API upstream: no envelope, an API key instead of a token, the model in the path.

Bodies go out as they came, but for the operator's system instruction; what comes back is the public response, and of
an interaction the events as upstream has written them.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

import msgspec
from msgspec import Raw

from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire.bodies.bodies import pieces
from proxy_app.wire.bodies.model_fields import with_model
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects.dialect import UpstreamRequest
from proxy_app.wire.dialects.readers import Reader, reader_of
from proxy_app.wire.dialects.system_instruction import with_prefix
from proxy_app.wire.faults.faults import classify
from proxy_app.wire.interactions import events, requests
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.resource_names import Name
from proxy_app.wire.openai import readers as openai_readers
from proxy_app.wire.openai import requests as openai_requests
from proxy_app.wire.openai.translated import readers as translated
from proxy_app.wire.openai.translated.native import native
from proxy_app.wire.operations import COUNT, FORWARDED, GET_MODEL, LIST_MODELS, OPERATIONS, Family, Gives, Takes
from proxy_app.wire.operations.rows import openai
from proxy_app.wire.operations.rows.interactions import CREATES

# The gateway answers these itself.
_OWN = (LIST_MODELS, GET_MODEL, *openai.OWN)
_FAMILIES = (Family.MODELS, Family.INTERACTIONS, Family.OPENAI)
_JSON = {"Content-Type": "application/json"}
# By these upstream knows what a client can read.
_OF_INTERACTIONS = ("accept", "api-revision")

_encode = msgspec.json.Encoder().encode


class GeminiApi:
    """The dialect of `gemini_api` accounts."""

    name = "gemini_api"
    versioned = True
    operations = frozenset(
        each
        for each in (*OPERATIONS, *CREATES, FORWARDED)
        if each.served and each.family in _FAMILIES and each not in _OWN
    )

    def __repr__(self) -> str:
        return "<GeminiApi>"

    def build(
        self, call: Call, *, model: str, project: str, token: str, base: str, instruction_prefix: str = ""
    ) -> UpstreamRequest:
        """The request for one attempt, to the client's API version. `token` is the account's API key, `project` is not
        used. Raises BadName.
        """
        operation, passes = call.operation, call.passes
        if passes is not None and passes.url:
            return UpstreamRequest(passes.url, _headers(call), (), call.content, passes.http, raw=True)
        if call.is_translated:
            return self.build(
                native(call, model),
                model=model,
                project=project,
                token=token,
                base=base,
                instruction_prefix=instruction_prefix,
            )
        if operation.family is Family.OPENAI:
            return openai_requests.request(call, model, token=token, base=base, instruction=instruction_prefix)
        root = f"/{operation.root}" if operation.root else ""
        version = f"/{call.version}" if operation.versioned else ""
        return UpstreamRequest(
            url=f"{base}{root}{version}/{_path(call, model)}{_query(call)}",
            headers={"x-goog-api-key": token, **_headers(call)},
            pieces=_pieces(call, model, instruction_prefix),
            content=call.content,
            http=passes.http if passes else "POST",
            raw=operation.gives is Gives.BYTES,
        )

    def reader(self, call: Call) -> Reader:
        if call.operation.family is Family.INTERACTIONS:
            return events.reader_of(call)
        if call.is_translated:
            return translated.reader_of(call, unwrap)
        if call.operation.family is Family.OPENAI:
            return openai_readers.reader_of(call)
        return reader_of(call, unwrap, unwrap)

    def fault(self, status: int, body: bytes, content_type: str = "", now: float = 0.0, retry_after: str = "") -> Fault:
        """As `classify` says, but a refused key is REFUSED: unlike a token, it cannot be renewed."""
        fault = classify(status, body, content_type, now, retry_after)
        return replace(fault, outcome=Outcome.REFUSED) if fault.outcome is Outcome.UNAUTHENTICATED else fault


def unwrap(payload: bytes) -> bytes:
    """The payload itself. Raises NotAnAnswer."""
    if payload.lstrip()[:1] != b"{":
        raise NotAnAnswer("something that is not a JSON object")
    return payload


def _path(call: Call, model: str) -> str:
    """Below the version. Raises BadName."""
    operation = call.operation
    if operation.on_model:
        return operation.path(resource_names.model(model))
    if operation is FORWARDED and call.passes is not None:
        return quote(call.passes.path, safe="/:")
    return operation.template if call.name is None else operation.path(call.name)


def _query(call: Call) -> str:
    query = call.passes.query if call.passes else ""
    if call.operation.gives is Gives.EVENTS:
        return f"?alt=sse&{query}" if query else "?alt=sse"
    return f"?{query}" if query else ""


def _headers(call: Call) -> Mapping[str, str]:
    """The client's own where bytes pass through, either way."""
    if call.operation.gives is Gives.BYTES:
        return {"Accept-Encoding": "identity", **dict(call.passes.headers if call.passes else ())}
    if call.content is not None and call.passes is not None:
        return dict(call.passes.headers)
    if call.operation.family is Family.INTERACTIONS and call.passes is not None:
        return {**_JSON, **{name: value for name, value in call.passes.headers if name in _OF_INTERACTIONS}}
    return _JSON


def _pieces(call: Call, model: str, instruction_prefix: str) -> list[bytes | Raw]:
    operation = call.operation
    if call.content is not None or operation.takes is not Takes.FIELDS:
        return []
    if operation is COUNT:
        return _to_count(call, resource_names.model(model))
    body = call.body if model == call.model else with_model(call.body, call.model, model)
    if operation.takes_config:
        body = with_prefix(body, instruction_prefix, model)
    if operation in CREATES and not call.agent:
        body = requests.with_instruction(body, instruction_prefix, model)
    return pieces(body)


def _to_count(call: Call, name: Name) -> list[bytes | Raw]:
    """Contents alone go as they are; upstream understands other fields only inside `generateContentRequest`."""
    if call.body.keys() <= {"contents"}:
        return pieces(call.body)
    request = {"model": Raw(_encode(str(name))), **call.body}
    return [b'{"generateContentRequest":', *pieces(request), b"}"]
