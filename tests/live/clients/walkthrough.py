"""The clients, the steps that each of them takes, and the outcomes that it reports."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator import Emulator, ErrorForm, Style
from tests.live.clients.install import JAVA_PROGRAMS

HERE = Path(__file__).resolve().parent
PATIENCE = 60.0

PLAIN, SLOW, SIGNING = "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-flash-preview"
# The slow model's answer, piece by piece, and the seconds between two pieces.
PIECES = ("One, ", "two, ", "three, ", "four, ", "five, ", "six.")
GAP = 0.1
# Long enough for one heartbeat of the gateway's between two events, too short for two; see `settings.py` beside.
PAUSE = 0.3
# A client that gets any piece of this gets it long before upstream has finished.
ENDLESS = Style(texts=PIECES, gap=600.0)
# With characters that some SDKs' line readers take for line ends.
SEPARATED = ("before\u2028", "between\u2029", "after\u0085", "it all")
# 2 x 2 pixels, red.
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP8zwACTGCSAQANHQEDgslx/wAAAABJRU5ErkJggg=="


@dataclass(frozen=True, slots=True)
class Client:
    """One SDK in one manner of use.

    sdk        the directory it is installed in
    command    a script in this folder and its arguments, or the name of what was compiled
    errors     which row of the tests' table of exceptions is its own
    without    the steps that it does not take
    deadlines  whether it takes the step of a call whose time runs out
    """

    name: str
    sdk: str
    command: Sequence[str]
    errors: str
    without: frozenset[str] = frozenset()
    deadlines: bool = False

    def __str__(self) -> str:
        return self.name

    def model(self, what: str) -> str:
        """The name of a model that no other client calls."""
        return f"{self}-{what}".replace(" ", "-")


NO_LISTS = frozenset({"list_models", "get_model"})
READS_AHEAD = frozenset({"leave"})  # its user gets an event only when the next one has arrived
CLIENTS = (
    Client("google-genai-3", "google-genai-3", ("python/genai_sync.py",), "google-genai"),
    Client("google-genai-3-aiohttp", "google-genai-3", ("python/genai_async.py", "aiohttp"), "google-genai"),
    Client("google-genai-3-httpx", "google-genai-3", ("python/genai_async.py", "httpx"), "google-genai"),
    Client("google-genai-2", "google-genai-2", ("python/genai_sync.py",), "google-genai"),
    Client("google-genai-2-aiohttp", "google-genai-2", ("python/genai_async.py", "aiohttp"), "google-genai"),
    Client("google-genai-2-httpx", "google-genai-2", ("python/genai_async.py", "httpx"), "google-genai"),
    Client(
        "google-generativeai", "google-generativeai", ("python/generativeai.py",), "google-generativeai", READS_AHEAD
    ),
    Client("js-genai", "node", ("genai.mjs",), "js-genai"),
    Client("js-generative-ai", "node", ("generative-ai.mjs",), "js-generative-ai", NO_LISTS),
    Client("go-genai-1.36", "go-genai-1.36", ("walk",), "go-genai", deadlines=True),
    Client("go-genai-1.77", "go-genai-1.77", ("walk",), "go-genai", deadlines=True),
    Client("java-genai-1", "java-genai-1", ("Genai",), "java-genai", deadlines=True),
    Client("java-genai-2", "java-genai-2", ("Genai",), "java-genai", deadlines=True),
    Client("langchain4j", "langchain4j", ("LangChain",), "langchain4j", frozenset({"get_model"}), deadlines=True),
)
SDKS = sorted({client.sdk for client in CLIENTS})


@dataclass(frozen=True, slots=True)
class Trial:
    """What upstream does in the calls of a model (None: the key is wrong), in plain calls too if `unary`."""

    upstream: str | Style | None
    unary: bool = True

    @property
    def says(self) -> Sequence[str]:
        """The pieces that a reader gets."""
        assert isinstance(self.upstream, Style) and self.upstream.texts
        return self.upstream.texts


# A broken stream breaks after two events.
HEARD_BEFORE_THE_BREAK = 2
FAILURES: Mapping[str, Trial] = {
    "wrong key": Trial(None),
    "invalid": Trial("invalid_argument"),
    "spent": Trial("quota_exhausted"),
    "overloaded": Trial("overloaded"),
    "cut": Trial(Style(texts=PIECES, cut_after=HEARD_BEFORE_THE_BREAK), unary=False),
    "error inside": Trial(
        Style(texts=PIECES, error_after=HEARD_BEFORE_THE_BREAK, error_form=ErrorForm.DATA), unary=False
    ),
    "bare error inside": Trial(Style(texts=PIECES, error_after=HEARD_BEFORE_THE_BREAK), unary=False),
    "unfinished": Trial(Style(texts=PIECES[:HEARD_BEFORE_THE_BREAK], finish=False), unary=False),
}
# Seen from upstreams. The first two break most SDKs that get them directly.
ODDITIES: Mapping[str, Trial] = {
    "done mark": Trial(Style(texts=PIECES, done=True), unary=False),
    "line separators": Trial(Style(texts=SEPARATED), unary=False),
    "bare newlines": Trial(Style(texts=PIECES, newline="\n"), unary=False),
    "torn events": Trial(Style(texts=PIECES, chunk_size=7), unary=False),
    "gzip": Trial(Style(texts=PIECES, gzip=True), unary=False),
    "pauses": Trial(Style(texts=PIECES[:3], gap=PAUSE), unary=False),
    "empty finish": Trial(Style(texts=PIECES, last="no_content"), unary=False),
}
TRIALS: Mapping[str, Trial] = {**FAILURES, **ODDITIES}


@dataclass(frozen=True, slots=True)
class Call:
    """A unary or streaming call of a trial, with a model of its own, as some make a model cool down."""

    trial: str
    stream: bool

    def __str__(self) -> str:
        return f"{self.trial} {'stream' if self.stream else 'generate'}"

    def model(self, client: Client) -> str:
        return PLAIN if TRIALS[self.trial].upstream is None else client.model(str(self))


CALLS = tuple(Call(name, stream) for name, trial in TRIALS.items() for stream in (False, True) if stream or trial.unary)
ENDLESS_MODEL = "a-model-that-goes-on"  # for those who call without an SDK
SCRIPTED_MODELS = (
    ENDLESS_MODEL,
    *(call.model(client) for client in CLIENTS for call in CALLS),
    *(client.model(step) for client in CLIENTS for step in ("leave", "late")),
)


def script(upstream: Emulator) -> None:
    """Prepares the emulator for all clients."""
    upstream.script(Style(texts=PIECES, gap=GAP), model=SLOW, times=None)
    upstream.script(ENDLESS, model=ENDLESS_MODEL, times=None)
    for client in CLIENTS:
        upstream.script(ENDLESS, model=client.model("leave"), times=None)
        upstream.script(Style(delay=PATIENCE), model=client.model("late"), times=None)
        for call in CALLS:
            if (what := TRIALS[call.trial].upstream) is not None:
                upstream.script(what, model=call.model(client), times=None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step returned, or what it raised (`type`, `code`, `message`, `traceback`), and the pieces before that."""

    pieces: Sequence[str]
    at: Sequence[float] = field(repr=False)
    gave: Any = None
    raised: Mapping[str, Any] | None = None

    def result(self) -> dict[str, Any]:
        """What the step returned; fails with the SDK's own traceback if it raised."""
        assert self.raised is None, self.raised["traceback"] if self.raised else ""
        assert isinstance(self.gave, dict)
        return self.gave

    def spread(self) -> float:
        """Seconds from the first piece to the last."""
        return self.at[-1] - self.at[0]


class Lost(Exception):
    """A client's process crashed or hung; an exception of the SDK alone does neither."""


def walk_through(client: Client, place: Path, url: str, key: str) -> dict[str, Outcome]:
    """Runs the client's process through its plan. Raises Lost if it does not finish."""
    trials = {
        str(call): {
            "key": key if TRIALS[call.trial].upstream is not None else "not-a-key",
            "model": call.model(client),
            "stream": call.stream,
        }
        for call in CALLS
    }
    models = {
        "plain": PLAIN,
        "slow": SLOW,
        "signing": SIGNING,
        **{step: client.model(step) for step in ("leave", "late")},
    }
    plan = {"url": url, "key": key, "models": models, "trials": trials, "image": IMAGE}
    # Without this machine's keys and proxies, which SDKs read from the environment.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    try:
        done = subprocess.run(
            command_of(client, place),
            input=json.dumps(plan),
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Lost(f"{client} did not come to an end in {PATIENCE:.0f} s") from None
    if done.returncode:
        raise Lost(f"{client} ended with {done.returncode}: {done.stderr[-4_000:]}")
    # Not splitlines(): it splits at the line separators in the pieces, too.
    last_line = done.stdout.strip("\n").rpartition("\n")[2]
    return {step: Outcome(**reported) for step, reported in json.loads(last_line).items()}


def command_of(client: Client, place: Path) -> list[str]:
    first, *arguments = client.command
    if client.sdk == "node":
        return ["node", str(place / first)]
    if client.sdk in JAVA_PROGRAMS:
        # The process takes seconds: the optimising compiler would not pay.
        return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{place}/classes:{place}/lib/*", first]
    if first.endswith(".py"):
        return [str(place / "bin" / "python"), str(HERE / first), *arguments]
    return [str(place / first)]
