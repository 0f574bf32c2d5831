"""`models`: the same as Google's own list, in OpenAI's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.openai.access import model_for
from emulator.state.models import Model
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google


def _list(google: Google, call: Call) -> Json:
    """All at once: this list has no pages."""
    listed = [model for model in call.owner.known_models().values() if not model.internal]
    return {"object": "list", "data": [_told(model) for model in listed]}


def _get(google: Google, call: Call) -> Json:
    return _told(model_for(call, call.route.resource, ""))


def _told(model: Model) -> Json:
    return {"id": f"models/{model.id}", "object": "model", "owned_by": "google", "display_name": model.display}


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {"openaiListModels": _list, "openaiGetModel": _get}
