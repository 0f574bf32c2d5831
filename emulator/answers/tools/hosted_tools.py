"""The tools that Google runs itself, played with results: search, pages, maps, code."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from emulator.answers.conversation import Conversation
from emulator.answers.tokens import count_text
from emulator.answers.words.arithmetic import solve
from emulator.wire.replies import Json

_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_PRIMES = re.compile(r"\bsum\b.*?\bfirst (\d{1,4}) prime", re.IGNORECASE | re.DOTALL)
_WORDS_NEEDED = 3
_LONGEST_QUERY = 80


@dataclass(slots=True)
class Played:
    """What the tools did: parts before the text, a sentence that begins it, fields of the candidate, tokens spent."""

    parts: list[Json] = field(default_factory=list)
    said: str = ""
    extra: Json = field(default_factory=dict)
    tokens: int = 0


def play_tools(talk: Conversation) -> Played:
    """Every tool of the request that the prompt gives something to do."""
    played = Played()
    for name, play in _TOOLS:
        if talk.has_tool(name):
            play(talk.prompt, played)
    return played


def supported(played: Played, text: str) -> None:
    """Says which words of the answer the grounding is for, which can only be told when they are there."""
    grounding = played.extra.get("groundingMetadata")
    if grounding is not None:
        segment = {"endIndex": len(text.encode()), "text": text}
        grounding["groundingSupports"] = [{"segment": segment, "groundingChunkIndices": [0]}]


def _search(prompt: str, played: Played) -> None:
    query = _query(prompt)
    if len(query.split()) < _WORDS_NEEDED or "groundingMetadata" in played.extra:
        return
    address = hashlib.sha256(query.encode()).hexdigest()[:24]
    uri = f"https://vertexaisearch.cloud.google.com/grounding-api-redirect/{address}"
    played.extra["groundingMetadata"] = {
        "searchEntryPoint": {"renderedContent": f'<div class="container"><a class="chip">{query}</a></div>'},
        "groundingChunks": [{"web": {"uri": uri, "title": "example.org"}}],
        "webSearchQueries": [query],
    }
    played.said += f"I searched for “{query}” and found example.org. "
    played.tokens += count_text(query)


def _read_pages(prompt: str, played: Played) -> None:
    pages = _URL.findall(prompt)
    if not pages:
        return
    status = "URL_RETRIEVAL_STATUS_SUCCESS"
    played.extra["urlContextMetadata"] = {
        "urlMetadata": [{"retrievedUrl": page, "urlRetrievalStatus": status} for page in pages]
    }
    played.said += f"I read {' and '.join(pages)}. "
    played.tokens += 100 * len(pages)


def _look_at_maps(prompt: str, played: Played) -> None:
    query = _query(prompt)
    if len(query.split()) < _WORDS_NEEDED:
        return
    number = int(hashlib.sha256(query.encode()).hexdigest()[:12], 16)
    place = {"uri": f"https://maps.google.com/?cid={number}", "title": "Café Emulator", "placeId": f"places/{number:x}"}
    grounding = played.extra.setdefault("groundingMetadata", {"groundingChunks": []})
    grounding["groundingChunks"].append({"maps": place})
    played.said += "On the map I found Café Emulator. "
    played.tokens += count_text(query)


def _run_code(prompt: str, played: Played) -> None:
    if match := _PRIMES.search(prompt):
        count = int(match[1])
        code = "primes = [n for n in range(2, 100_000) if all(n % d for d in range(2, int(n**0.5) + 1))]\n"
        code, output = f"{code}print(sum(primes[:{count}]))", str(sum(_first_primes(count)))
    elif told := solve(prompt):
        expression, _, output = told.rpartition(" = ")
        code = f"print({expression})"
    else:
        return
    played.parts += [
        {"executableCode": {"language": "PYTHON", "code": code}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": f"{output}\n"}},
    ]
    played.said += f"I ran the code; its output is {output}. "
    played.tokens += count_text(json.dumps(played.parts))


def _first_primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found if prime * prime <= number):
            found.append(number)
        number += 1
    return found


def _query(prompt: str) -> str:
    return " ".join(prompt.split())[:_LONGEST_QUERY].strip(" ?.!")


_TOOLS: Sequence[tuple[str, Callable[[str, Played], None]]] = (
    ("googleSearch", _search),
    ("googleSearchRetrieval", _search),
    ("urlContext", _read_pages),
    ("googleMaps", _look_at_maps),
    ("codeExecution", _run_code),
)
