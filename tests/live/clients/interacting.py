"""The clients that use interactions: their programs, what each can do, and the errors that it raises.

A program gets its plan as the first line of standard input, and tells in one line of JSON what came of it; after
another line of input what came of going on (`python/interacting.py`). One program may be several clients.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.live.clients.keepers import Keeper


@dataclass(frozen=True, slots=True)
class Raised:
    """The classes of what a client raises.

    broken     for a stream that breaks off
    not_there  for the status 404 of a get, and of a turn that follows on what is not there
    spent      for the status 429
    expired    for the status 401; none where the client does not come to it
    """

    broken: str
    not_there: tuple[str, ...]
    spent: str
    expired: str


@dataclass(frozen=True, slots=True)
class Client:
    """A client in one manner of use: the `program` that it is a part of, and its name there.

    retries   it sends again what was answered with a status of the server's
    resumes   it goes on by itself after a checkpoint and when the answer requires it
    connects  it knows how to connect again to a stream, by the id of the last event
    listens   it listens to a job and connects again by itself where that breaks off
    """

    program: Keeper
    name: str
    raises: Raised
    retries: bool = True
    resumes: bool = True
    connects: bool = True
    listens: bool = False

    def __str__(self) -> str:
        return f"{self.program}-{self.name}" if self.name else self.program.name


_PYTHON = [Keeper(f"google-genai-{major}", f"google-genai-{major}", ("interacting.py",)) for major in (2, 3)]
_NODE = [Keeper("js-genai-2", "node", ("interacting.mjs",)), Keeper("js-genai-3", "node-22", ("interacting.mjs",))]
_JAVA = Keeper("java-genai-2", "java-genai-2", ("Interacting",))
_AI = Keeper("ai-sdk", "node-22", ("interacting_ai.mjs",))
_CURL = Keeper("curl", "", ("curl/interacting.sh",))

_GOOGLES = Raised("APIConnectionError", ("NotFoundError", "NotFoundError"), "RateLimitError", "AuthenticationError")
_CREATING, _GETTING = "CreateInteractionClientError", "GetInteractionByIdClientError"
_JAVAS = Raised("UncheckedIOException", (_GETTING, _CREATING), _CREATING, _GETTING)
_AIS = Raised("AI_APICallError", ("AI_APICallError",), "AI_APICallError", "")
# curl has no errors, but ends with status 18 when a body breaks off.
_CURLS = Raised("18", ("", ""), "", "")

CLIENTS = (
    *(Client(program, name, _GOOGLES) for program in _PYTHON for name in ("sync", "aiohttp", "httpx")),
    *(Client(program, "", _GOOGLES) for program in _NODE),
    Client(_JAVA, "", _JAVAS),
    Client(_AI, "", _AIS, retries=False, resumes=False, connects=False, listens=True),
    Client(_CURL, "", _CURLS, retries=False, resumes=False),
)
PROGRAMS = tuple(dict.fromkeys(client.program for client in CLIENTS))
