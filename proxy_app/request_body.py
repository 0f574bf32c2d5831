"""A request's body, from the bytes as they came to its fields. What takes long is done in turns with everybody else."""

import asyncio
from collections.abc import Generator
from typing import Any, TypeVar

from django.conf import settings

from proxy_app import errors
from proxy_app.upstream import TURN_SECONDS
from proxy_app.wire import bodies, content_encoding
from proxy_app.wire.bodies import Body
from proxy_app.wire.mistakes import Malformed, TooLarge, UnknownEncoding

T = TypeVar("T")


async def read(request: Any, *, counting: bool) -> Body:
    """The fields of an ApiRequest's body, which from here on is as it was before its client compressed it.

    Raises InvalidArgument, PayloadTooLarge, UnsupportedEncoding.
    """
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "")
    try:
        if encoding:
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            request._body = await in_turns(content_encoding.decoding(request.body, encoding, limit))
        return await in_turns(bodies.reading(request.body, counting=counting))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    except TooLarge as error:
        raise errors.PayloadTooLarge(str(error)) from error
    except UnknownEncoding as error:
        raise errors.UnsupportedEncoding(str(error), headers={"Accept-Encoding": content_encoding.KNOWN}) from error


async def in_turns(steps: Generator[None, None, T]) -> T:
    """What `steps` returns; wherever it yields, others have a turn."""
    try:
        while True:
            next(steps)
            await asyncio.sleep(TURN_SECONDS)
    except StopIteration as end:
        result: T = end.value
        return result
