"""A user of google-genai who uploads a file, by the `sync` client or the asynchronous one over `aiohttp` or `httpx`.

The plan comes as JSON on standard input: `url`, `key` and `path` of the file. What the SDK returned goes to standard
output.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from typing import Any

from google import genai
from google.genai import types

plan = json.load(sys.stdin)
options = types.HttpOptions(base_url=plan["url"], timeout=60_000)
config = types.UploadFileConfig(mime_type="application/octet-stream", display_name="twenty megabytes")


async def upload_async() -> Any:
    if sys.argv[1] == "httpx":
        library = importlib.import_module("httpx2" if genai.__version__.startswith("3.") else "httpx")
        options.httpx_async_client = library.AsyncClient(timeout=60)
    client = genai.Client(api_key=plan["key"], http_options=options).aio
    file = await client.files.upload(file=plan["path"], config=config)
    return await client.files.get(name=file.name or "")


def upload() -> Any:
    client = genai.Client(api_key=plan["key"], http_options=options)
    file = client.files.upload(file=plan["path"], config=config)
    return client.files.get(name=file.name or "")


found = upload() if sys.argv[1] == "sync" else asyncio.run(upload_async())
print(json.dumps({"name": found.name, "size": found.size_bytes, "sha256": found.sha256_hash, "uri": found.uri}))
