"""Who may call the OpenAI layer, and which of Google's models a request names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.apis.generation import find_model
from emulator.apis.models import bad_model_name
from emulator.state.accounts import Account
from emulator.state.models import Model
from emulator.wire import faults
from emulator.wire.errors import Refused

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

# Beside a key these count as credentials of their own.
_OF_OPENAI = ("openai-organization", "openai-project")
_PREFIX = re.compile(r"(?:publishers/google/)?models/|google/")


def account_of(google: Google, call: Call) -> Account:
    """The account of the key, which comes as a bearer's token; raises Refused."""
    if call.credentials > 1 or any(name in call.request.headers for name in _OF_OPENAI):
        raise call.refused("several_credentials")
    if not call.bearer:
        raise call.refused("authorization_missing")
    account = google.accounts.by_api_key(call.bearer)
    if account is None:
        raise call.refused("api_key_invalid")
    return account


def bare(name: str) -> str:
    """A model's id: its name without what may stand before it."""
    match = _PREFIX.match(name)
    return name[match.end() :] if match else name


def model_for(call: Call, name: str, verb: str) -> Model:
    """The model of this name, if it has Google's method `verb` ("" for any); raises Refused."""
    id = bare(name)
    if not id:
        raise bad_model_name("GenerateContentRequest.model")
    model = find_model(call.owner, id)
    if model is None or model.internal or (verb and not model.does(verb)):
        scene = replace(call.scene(id), verb=verb or "getModel", version="v1main")
        raise Refused(faults.model_not_found(scene))
    return model
