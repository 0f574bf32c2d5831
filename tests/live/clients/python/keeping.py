"""What the Python clients share that make resources, and use them after the gateway's node has been restarted.

The plan comes as one line of JSON on standard input: `url`, `key`, `model`, `embedding`, `video`, `files` (two paths of
texts), `large` (a path), `chosen` (a file's name that another tenant has), `manual` (a text that is long enough for a
cache), `requests` (the path of a batch's requests), `results` (a path for its answers), `given` (`files`, a `cache` and
a `store` for clients that cannot make them), `own` (two files that nobody else uses).
What was made goes as one line to standard output; after another line of input, what came of using it, and after a
third, what came of deleting a part.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

from google import genai
from google.genai import types

QUESTION = "How long does the warranty last?"
CAPITAL = "What is the capital of France?"

plan: dict[str, Any] = json.loads(sys.stdin.readline())


def new_client(transport: str, url: str = "", key: str = "") -> genai.Client:
    options = types.HttpOptions(base_url=url or plan["url"], timeout=60_000)
    if transport == "httpx":
        # Google's SDK prefers aiohttp wherever it is installed; users who want httpx pass a client of their own.
        library = importlib.import_module("httpx2" if genai.__version__.startswith("3.") else "httpx")
        options.httpx_async_client = library.AsyncClient(timeout=60)
    return genai.Client(api_key=key or plan["key"], http_options=options)


def tell(outcome: dict[str, Any]) -> None:
    print(json.dumps(outcome), flush=True)


def wait() -> None:
    """Until the test says that all clients have come as far, and the node runs again."""
    sys.stdin.readline()


def text_file(name: str | None = None) -> types.UploadFileConfig:
    return types.UploadFileConfig(mime_type="text/plain", name=name)


def searching(store: str) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        tools=[types.Tool(file_search=types.FileSearch(file_search_store_names=[store]))]
    )
