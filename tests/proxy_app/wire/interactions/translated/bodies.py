"""Requests as clients write them, and what they become."""

import json
from typing import Any

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.interactions.translated.to_generate.request import translated


def translate(**fields: Any) -> Any:
    """The request of generateContent, decoded, for an interaction with these fields besides what it needs."""
    body = {"model": "gemini-3-flash", "input": "Hello", "store": False, **fields}
    made = translated(read_body(json.dumps(body).encode(), keeps_model=True))
    return {name: json.loads(bytes(value)) for name, value in made.items()}


def parts_of(*items: Any) -> Any:
    """The contents of a list of items, as (role, parts)."""
    return [(content["role"], content["parts"]) for content in translate(input=list(items))["contents"]]
