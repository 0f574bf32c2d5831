"""Ids of requests, as they are in logs, in the request log and in the header `X-Request-Id`."""

import os
from time import time_ns


def new_request_id() -> str:
    """A UUID of version 7 (RFC 9562), in hex: sorted by time, so that the request log's index grows at its end."""
    random = int.from_bytes(os.urandom(10)) & ~(0xF << 76 | 0x3 << 62)
    return f"{time_ns() // 1_000_000 << 80 | 0x7 << 76 | 0x2 << 62 | random:032x}"
