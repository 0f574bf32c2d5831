"""Every method of the OpenAI layer by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.openai import batches, chat, embeddings, media, models
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

OPENAI_METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    **chat.METHODS,
    **embeddings.METHODS,
    **models.METHODS,
    **media.METHODS,
    **batches.METHODS,
}
