"""A call of the OpenAI layer as the call of Google's own API that asks for the same."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.calls import Call, PassThrough, StreamForm
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.openai.translated import chats, others
from proxy_app.wire.operations import GENERATE, OPERATIONS, STREAM, Operation
from proxy_app.wire.operations.rows import openai

_BY_ID = {each.id: each for each in OPERATIONS}
EMBED: Final = _BY_ID["models.batchEmbedContents"]
PREDICT: Final = _BY_ID["models.predict"]
FILM: Final = _BY_ID["models.predictLongRunning"]
_OF_A_NAME = {
    openai.GET_VIDEO: _BY_ID["models.operations.get"],
    openai.GET_BATCH: _BY_ID["batches.get"],
    openai.CANCEL_BATCH: _BY_ID["batches.cancel"],
}

_PREDICTING = "imagen"  # all other models of images are prompted
_NOT_TRANSLATED = (
    "{operation} needs an account whose OpenAI layer accepts its key, and the one that was to answer has none: the "
    "requests of a batch stand in a file, in OpenAI's form."
)


class Untranslatable(ValueError):
    """A request that Google's own API cannot be asked. `str()` is the sentence for the client."""


def native(call: Call, model: str) -> Call:
    """The call of Google's own API for `model`, the upstream model. Raises Untranslatable."""
    try:
        return _native(call, model)
    except Malformed as error:
        raise Untranslatable(str(error)) from None


def _native(call: Call, model: str) -> Call:
    """Raises Untranslatable, Malformed."""
    operation = call.operation
    if operation is openai.CHAT:
        streamed = call.form is StreamForm.CHUNKS
        return _asked(call, STREAM if streamed else GENERATE, chats.translated(call.body, model), streamed=streamed)
    if (named := _OF_A_NAME.get(operation)) is not None:
        return replace(call, operation=named, passes=PassThrough(named.http), body={}, is_translated=False)
    if operation is openai.EMBEDDINGS:
        return _asked(call, EMBED, others.embeddings(call.body, call.model))
    if operation is openai.IMAGES and not model.startswith(_PREDICTING):
        return _asked(call, GENERATE, others.prompted_image(call.body))
    translate: Callable[[Body], Body] | None = _PREDICTED.get(operation)
    if translate is None:
        raise Untranslatable(_NOT_TRANSLATED.format(operation=operation.name))
    return _asked(call, FILM if operation is openai.VIDEO else PREDICT, translate(call.body))


_PREDICTED = {openai.IMAGES: others.predicted_images, openai.VIDEO: others.video}


def _asked(call: Call, operation: Operation, body: Body, *, streamed: bool = False) -> Call:
    form = StreamForm.SSE if streamed else None
    return replace(call, operation=operation, body=body, content=None, form=form, passes=None, is_translated=False)
