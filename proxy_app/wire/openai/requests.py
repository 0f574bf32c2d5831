"""How a request goes to the OpenAI layer: with one credential, which is a bearer's token, and with none of the client's
headers, of which some count as credentials there.
"""

import msgspec
from msgspec import Raw

from accounts_app.pool.content import Content, Pieces
from proxy_app.wire.bodies.bodies import Body, pieces
from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.dialects.dialect import UpstreamRequest
from proxy_app.wire.dialects.system_instruction import makes_images
from proxy_app.wire.openai import forms, wanted
from proxy_app.wire.operations import Takes
from proxy_app.wire.operations.rows.openai import CHAT
from proxy_app.wire.operations.versions import FULLEST

_encode = msgspec.json.Encoder().encode


def request(call: Call, model: str, *, token: str, base: str, instruction: str) -> UpstreamRequest:
    """The request for one attempt; the arguments are those of `Dialect.build`."""
    operation, passes = call.operation, call.passes
    path = operation.template if call.name is None else operation.path(call.name)
    sent = dict(passes.headers) if call.content is not None and passes is not None else {}
    content_type = sent.get("content-type", "application/json")
    return UpstreamRequest(
        url=f"{base}/{FULLEST}/{path}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": content_type},
        pieces=pieces(upstream_body(call, model, instruction)) if _has_fields(call) else [],
        content=_form(call, model, content_type),
        http=passes.http if passes else operation.http,
    )


def _has_fields(call: Call) -> bool:
    return call.content is None and call.operation.takes in (Takes.FIELDS, Takes.FORM)


def _form(call: Call, model: str, content_type: str) -> Content | None:
    """A form, with `model` in it if it is not the one that the client has named."""
    if model == call.model or not isinstance(call.content, Pieces):
        return call.content
    whole = b"".join(map(bytes, call.content.pieces))
    return Pieces(*forms.with_value(whole, forms.boundary_of(content_type), "model", model))


def upstream_body(call: Call, model: str, instruction: str) -> Body:
    """The body for the layer itself: with the model `model` if it is not the one that the client has named, with the
    operator's instruction, and so that a stream tells what was used.
    """
    body = call.body if model == call.model else {**call.body, "model": Raw(_encode(model))}
    if call.operation is not CHAT:
        return body
    if instruction and not makes_images(model):
        body = _with_instruction(body, instruction)
    if call.form is StreamForm.CHUNKS and not wanted.tells_usage(body):
        options = {**wanted.options_in(body), wanted.INCLUDE_USAGE: True}
        body = {**body, wanted.STREAM_OPTIONS: Raw(_encode(options))}
    return body


def _with_instruction(body: Body, instruction: str) -> Body:
    """`body` with the operator's instruction as its first message; upstream refuses messages that are no list."""
    messages = bytes(body.get("messages", Raw(b"[]"))).strip()
    if messages[:1] != b"[":
        return body
    first = _encode({"role": "system", "content": instruction})
    others = messages[1:].lstrip()
    separator = b"" if others[:1] == b"]" else b","
    return {**body, "messages": Raw(b"[" + first + separator + others)}
