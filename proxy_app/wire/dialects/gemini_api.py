"""The public Gemini API upstream: no envelope, an API key instead of a token, the model in the path.

Bodies go out as they came, but for the operator's system instruction; what comes back is the public response.
"""

from dataclasses import replace

import msgspec
from msgspec import Raw

from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire import resource_names
from proxy_app.wire.bodies.bodies import pieces
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects.dialect import UpstreamRequest
from proxy_app.wire.dialects.readers import Reader, reader_of
from proxy_app.wire.dialects.system_instruction import with_prefix
from proxy_app.wire.faults.faults import classify
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.operations import COUNT, GENERATE, STREAM, Gives
from proxy_app.wire.resource_names import Name

_encode = msgspec.json.Encoder().encode


class GeminiApi:
    """The dialect of `gemini_api` accounts."""

    name = "gemini_api"
    operations = frozenset((GENERATE, STREAM, COUNT))

    def __repr__(self) -> str:
        return "<GeminiApi>"

    def build(
        self, call: Call, *, model: str, project: str, token: str, base: str, instruction_prefix: str = ""
    ) -> UpstreamRequest:
        """The request for one attempt, to the client's API version. `token` is the account's API key, `project` is not
        used. Raises BadName.
        """
        name = resource_names.model(model)
        if call.operation is COUNT:
            body = _to_count(call, name)
        elif call.content is None:
            body = pieces(with_prefix(call.body, instruction_prefix, model))
        else:
            body = []
        query = "?alt=sse" if call.operation.gives is Gives.EVENTS else ""
        return UpstreamRequest(
            url=f"{base}/{call.version}/{call.operation.path(name)}{query}",
            headers={"x-goog-api-key": token, "Content-Type": "application/json"},
            pieces=body,
            content=call.content,
        )

    def reader(self, call: Call) -> Reader:
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


def _to_count(call: Call, name: Name) -> list[bytes | Raw]:
    """Contents alone go as they are; upstream understands other fields only inside `generateContentRequest`."""
    if call.body.keys() <= {"contents"}:
        return pieces(call.body)
    request = {"model": Raw(_encode(str(name))), **call.body}
    return [b'{"generateContentRequest":', *pieces(request), b"}"]
