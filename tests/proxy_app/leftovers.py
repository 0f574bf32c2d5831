"""Checks that a call leaves nothing behind: no reference cycles, and no objects of its own that stay referenced."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CoroutineType, FrameType, TracebackType

from gateway_project.http.api_handler import ApiRequest
from proxy_app.forwarding.exchange import Exchange
from proxy_app.forwarding.relay import Relay
from proxy_app.wire.calls import Call

OF_ONE_CALL = (ApiRequest, Call, Exchange, Relay)  # each holds a body, or a connection
OURS = ("accounts_app", "proxy_app", "gateway_project")


@contextmanager
def nothing_is_left() -> Iterator[None]:
    """Fails if the block leaves a cycle with an object of this project in it, or an object of one call."""
    gc.freeze()  # objects from before are not searched, which would take a tenth of a second a test
    gc.disable()
    try:
        yield
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = sorted({_named(each) for each in gc.garbage if _is_ours(each)})
        left += [f"{_named(each)}, held" for each in gc.get_objects() if type(each) in OF_ONE_CALL]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        gc.unfreeze()
    assert left == [], left


def _is_ours(each: object) -> bool:
    return _of(each).startswith(OURS) or (isinstance(each, bytes | bytearray) and len(each) > 10_000)


def _named(each: object) -> str:
    return f"{type(each).__name__} of {_of(each)}"


def _of(each: object) -> str:
    match each:
        case FrameType():
            return str(each.f_globals.get("__name__", ""))
        case TracebackType():
            return _of(each.tb_frame)
        case CoroutineType():
            return each.__qualname__ if each.cr_frame is None else _of(each.cr_frame)
    return type(each).__module__
