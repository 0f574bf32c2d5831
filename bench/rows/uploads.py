"""A large file on its way through the gateway: what it takes in memory, and whether streams beside it notice."""

import dataclasses
import json
import socket
from collections.abc import Collection

from bench.answers import Script
from bench.processes import LoadProcess
from bench.stage import Stage
from bench.table import Row, megabytes, percentile

NAMES = ("file",)
SIZE = 2 * 2**30
PIECE = 2**20
MOST_MEMORY = 20 * 10**6
MOST_DELAY = 0.02
OTHERS = 50
EVENTS = Script(events=400, gap=0.05, size=200)


def measure(stage: Stage, _: Collection[str], size: int = SIZE) -> list[Row]:
    """One upload of `size` bytes among fifty streams, after the same streams without it."""
    what = f"{size / 2**30:g} GiB file uploaded"
    with stage.another("file", api_accounts=1) as gateway, LoadProcess() as others:
        work = dataclasses.replace(stage.streams(gateway, EVENTS, OTHERS, OTHERS), every=True)
        upload(gateway.port, gateway.key, PIECE)
        quiet = others.perform(work)
        before = gateway.memory()
        gateway.forget_peak()
        others.begin(work)
        upload(gateway.port, gateway.key, size)
        growth = gateway.memory("VmHWM") - before
        delay = percentile(others.result().late or [], 0.99) - percentile(quiet.late or [], 0.99)
    return [
        Row(f"{what}: memory", f"<= {megabytes(MOST_MEMORY)}", megabytes(growth), growth <= MOST_MEMORY),
        Row(
            f"{what}: others' events delayed, p99",
            f"<= {MOST_DELAY * 1000:.0f} ms",
            f"{delay * 1000:.0f} ms",
            delay <= MOST_DELAY,
        ),
    ]


def upload(port: int, key: str, size: int) -> None:
    """One raw upload. Raises RuntimeError for any answer but a 200."""
    lines = (
        *("POST /upload/v1beta/files HTTP/1.1", "Host: 127.0.0.1", f"x-goog-api-key: {key}"),
        *("X-Goog-Upload-Protocol: raw", "Content-Type: video/mp4", f"Content-Length: {size}", "Connection: close"),
    )
    piece = bytes(PIECE)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        for _ in range(size // PIECE):
            client.sendall(piece)
        answer = client.makefile("rb").read()
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the upload failed: {head.decode('latin-1')}")
    json.loads(body)
