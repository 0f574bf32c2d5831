"""models.get of a name that this gateway does not know: looked up at the upstream of an account, and cached.

The cache spares upstream clients that look up the same name again and again.
"""

from collections import OrderedDict
from random import sample
from time import monotonic, time

import msgspec

from accounts_app.credentials import model_lists
from accounts_app.credentials.model_lists import Found
from accounts_app.credentials.tokens import CredentialError
from accounts_app.pool import foreign_text, secret_shapes
from proxy_app import errors
from proxy_app.api.models import catalogue, model_list
from proxy_app.api.models.catalogue import Model
from proxy_app.api.models.model_list import OPEN, Closed
from proxy_app.wire.faults import faults

ACCOUNTS_ASKED = 3
KEPT_SECONDS, KEPT_ANSWERS = 60.0, 256
_LONGEST_ANSWER = 16 * 1024

Key = tuple[str, Closed]

_kept: OrderedDict[Key, tuple[float, Found]] = OrderedDict()
reset = _kept.clear


async def look_up(name: str, closed: Closed = OPEN) -> Model | None:
    """The Model called `name`; None when no account could look it up.

    Raises UpstreamError: upstream's own 404.
    """
    model = model_list.target(name)
    answer = _remembered((model, closed)) or await _asked(model, closed)
    if answer is None:
        return None
    if answer.status == 404:
        if model != name:
            return None  # upstream's message is about a name that the client has not used
        raise errors.UpstreamError(404, answer.body)
    resource = msgspec.json.decode(answer.body)
    return {**catalogue.model_resource(model, None, resource), "name": f"models/{name}"}


async def _asked(model: str, closed: Closed) -> Found | None:
    """The first 200 of a few accounts, or else a 404; None when there was neither."""
    if not model_lists.is_id(model):
        return None
    accounts = model_list.accounts_to_ask(model, closed)
    unknown: Found | None = None
    for account in sample(accounts, min(ACCOUNTS_ASKED, len(accounts))):
        try:
            found = await model_lists.look_up(account, model, time())
        except (CredentialError, model_lists.Unreachable):
            continue
        if found.status == 200 and _is_object(found.body):
            return _keep((model, closed), found)
        if found.status == 404 and (words := faults.error_in(found.body)):
            unknown = Found(404, secret_shapes.masked(words.decode(errors="replace")).encode())
    return unknown and _keep((model, closed), unknown)


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(foreign_text.decoded(body), dict)
    except foreign_text.NotJson:
        return False


def _remembered(key: Key) -> Found | None:
    until, found = _kept.get(key, (0.0, None))
    return found if monotonic() < until else None


def _keep(key: Key, found: Found) -> Found:
    if len(found.body) <= _LONGEST_ANSWER:
        _kept[key] = (monotonic() + KEPT_SECONDS, found)
        _kept.move_to_end(key)
        while len(_kept) > KEPT_ANSWERS:
            _kept.popitem(last=False)
    return found
