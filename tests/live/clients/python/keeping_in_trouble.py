"""A user of google-genai's ordinary client, who goes on while the gateway loses its node, its accounts, and storage.

At each `wait` the test makes the next trouble. A refused call is told by its status.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.genai import errors
from keeping import CAPITAL, QUESTION, new_client, plan, searching, tell, text_file, wait

CHUNK = 8 * 1024 * 1024
client = new_client("")
model = plan["model"]


class Halting(io.BytesIO):
    """A file that the test lets go on after its first chunk has been sent."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() == CHUNK:
            tell({})
            wait()
        return super().read(size)


def outcome_of(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except errors.APIError as error:
        return error.code


def cached() -> int:
    answer = client.models.generate_content(model=model, contents=CAPITAL, config={"cached_content": cache.name})
    return answer.usage_metadata.cached_content_token_count


def found() -> str:
    return client.models.generate_content(model=model, contents=QUESTION, config=searching(store.name)).text


def seen() -> str:
    return client.models.generate_content(model=model, contents=[file, QUESTION]).text


def read() -> str:
    return client.files.download(file=client.batches.get(name=batch.name).dest.file_name).decode()


def upload() -> str:
    return client.files.upload(file=plan["files"][0], config=text_file()).name


def outcomes() -> dict[str, Any]:
    return {
        "large": outcome_of(lambda: client.files.get(name=large.name).size_bytes),
        "file": outcome_of(lambda: client.files.get(name=file.name).state.name),
        "seen": outcome_of(seen),
        "cache": outcome_of(lambda: client.caches.get(name=cache.name).name),
        "cached": outcome_of(cached),
        "batch": outcome_of(read),
        "store": outcome_of(found),
        "listed": sorted(one.name for one in client.files.list()),
    }


binary = {"mime_type": "application/octet-stream"}
large = client.files.upload(file=Halting(Path(plan["large"]).read_bytes()), config=binary)
file = client.files.upload(file=plan["files"][0], config=text_file())
cache = client.caches.create(model=model, config={"contents": plan["manual"], "ttl": "600s"})
requests = client.files.upload(file=plan["requests"], config={"mime_type": "application/jsonl"})
batch = client.batches.create(model=model, src=requests.name)
store = client.file_search_stores.create(config={"display_name": "manuals"})
operation = client.file_search_stores.import_file(file_search_store_name=store.name, file_name=file.name)
while not (operation.done and batch.done):
    time.sleep(0.1)
    operation, batch = client.operations.get(operation), client.batches.get(name=batch.name)
tell({"names": [large.name, file.name, cache.name, batch.name, store.name], **outcomes()})
wait()

tell(outcomes())
wait()

gone = outcomes()
client.files.delete(name=large.name)
client.caches.delete(name=cache.name)
client.file_search_stores.delete(name=store.name, config={"force": True})
new = upload()
tell({**gone, "new": new})
wait()

tell({"newer": outcome_of(upload), "new": outcome_of(lambda: client.files.get(name=new).state.name)})
wait()

tell({"newest": outcome_of(upload)})
