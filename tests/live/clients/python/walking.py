"""What all Python clients share: reading the plan, taking its steps, and reporting the outcome of each.

The plan comes as JSON on standard input: `url`, `key`, `models` by part, `image` (a PNG in base64) and `trials`, by
name the `key` and `model` of a call that goes wrong and whether it is a `stream`. The outcomes go as JSON to standard
output, by step: `gave` what the step returned, or `raised` the exception that the SDK's user got, and in both cases the
`pieces` a stream had given until then, with the seconds (monotonic) of their arrival.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

INSTRUCTION = "You are a terse assistant."
PROMPT = "Count to 20, please."
FIRST_TURN = "Hello, my name is Zoe."
SECOND_TURN = "What is my name?"
WEATHER = "What is the weather in Paris right now?"
RECIPE = "Write down a recipe for pancakes."


class Heard:
    """The pieces of one stream, with the times of their arrival."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.at: list[float] = []

    def piece(self, text: str | None) -> None:
        """Keeps a piece of text; events without text do not count."""
        if text:
            self.pieces.append(text)
            self.at.append(time.monotonic())


Step = Callable[[Heard], Any]


def read_plan() -> dict[str, Any]:
    plan: dict[str, Any] = json.load(sys.stdin)
    return plan


def walk(ordinary: Sequence[Step], trials: Mapping[str, Step]) -> None:
    outcomes = {}
    for name, step in {**{step.__name__: step for step in ordinary}, **trials}.items():
        heard = Heard()
        try:
            outcome = {"gave": step(heard)}
        except Exception as error:  # any exception is what the SDK's user would get
            outcome = {"raised": described(error)}
        outcomes[name] = {**outcome, "pieces": heard.pieces, "at": heard.at}
    print(json.dumps(outcomes))


async def walk_async(steps: Mapping[str, Callable[[Heard], Awaitable[Any]]]) -> None:
    outcomes = {}
    for name, step in steps.items():
        heard = Heard()
        try:
            outcome = {"gave": await step(heard)}
        except Exception as error:
            outcome = {"raised": described(error)}
        outcomes[name] = {**outcome, "pieces": heard.pieces, "at": heard.at}
    print(json.dumps(outcomes))


def described(error: Exception) -> dict[str, Any]:
    code = getattr(error, "code", None)
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "code": int(code) if isinstance(code, int) else None,
        "status": getattr(error, "status", None),
        "message": str(error)[:2_000],
        "traceback": traceback.format_exc()[-4_000:],
    }
