"""What a call leaves to the collector of cycles: nothing of ours."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CoroutineType, FrameType, TracebackType

OURS = ("accounts_app", "proxy_app", "gateway_project")


@contextmanager
def nothing_is_left() -> Iterator[None]:
    """Whatever happens inside leaves no cycle that holds anything of ours."""
    gc.collect()
    gc.disable()
    try:
        yield
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = sorted({_told(each) for each in gc.garbage if _is_ours(each)})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == [], left


def _is_ours(each: object) -> bool:
    return _of(each).startswith(OURS) or (isinstance(each, bytes | bytearray) and len(each) > 10_000)


def _told(each: object) -> str:
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
