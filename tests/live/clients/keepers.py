"""The clients that keep resources: what each can do, and its program, which goes on line by line.

A program gets its plan as the first line of standard input, and tells in one line of JSON what it has made; after
another line of input what came of using that, and after a third what came of deleting a part (`python/keeping.py`).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.clients.install import JAVA_PROGRAMS, node_of
from tests.live.clients.walkthrough import HERE
from tests.live.running import PATIENCE

# large     one file of 20 MB: its size, digest and address
# chosen    the name of a file for which it chose one that another tenant has
# both      what is said of two files in one call
# vectors   the lengths of two embeddings
# file      name and state of the first file, after the restart
# cached    the tokens that a cache saved
# batch     the answer in the results of a batch, whose requests are in a file
# store     what is said of what a store has found
# listed    the names of all files
# deleted   the status of a GET of a file that it has deleted
# video     the bytes of a video
_FRAMEWORK = frozenset({"both", "vectors", "cached"})  # what such a library cannot make it is given
_LEGACY = _FRAMEWORK | {"file", "listed", "deleted"}
_ALL = _LEGACY | {"large", "chosen", "batch", "store"}


@dataclass(frozen=True, slots=True)
class Keeper:
    """A client in one manner of use.

    sdk      the directory it is installed in; none for what is on the machine
    command  the program in this folder, and its arguments
    does     the steps that it takes
    """

    name: str
    sdk: str
    command: tuple[str, ...]
    does: frozenset[str] = _ALL

    def __str__(self) -> str:
        return self.name

    def line(self, place: Path) -> list[str]:
        """The command line."""
        program, *arguments = self.command
        match Path(program).suffix:
            case ".sh":
                return ["bash", str(HERE / program)]
            case ".mjs":
                return [node_of(place), str(place / program)]
            case ".py":
                return [str(place / "bin" / "python"), "-W", "ignore", str(HERE / "python" / program), *arguments]
        if self.sdk in JAVA_PROGRAMS:
            java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
            return [*java, "-cp", f"{place}/classes:{place}/lib/*", program]
        return [str(place / program), *arguments]


KEEPERS = (
    Keeper("google-genai-3", "google-genai-3", ("keeping_sync.py",)),
    Keeper("google-genai-3-aiohttp", "google-genai-3", ("keeping_async.py", "aiohttp")),
    Keeper("google-genai-3-httpx", "google-genai-3", ("keeping_async.py", "httpx")),
    Keeper("google-genai-2", "google-genai-2", ("keeping_sync.py",)),
    Keeper("google-genai-2-aiohttp", "google-genai-2", ("keeping_async.py", "aiohttp")),
    Keeper("google-genai-2-httpx", "google-genai-2", ("keeping_async.py", "httpx")),
    Keeper("js-genai-2", "node", ("keeping.mjs",)),
    Keeper("js-genai-3", "node-22", ("keeping.mjs",)),
    Keeper("go-genai-1.36", "go-genai-1.36", ("walk", "keep")),
    Keeper("go-genai-1.77", "go-genai-1.77", ("walk", "keep")),
    Keeper("java-genai-1", "java-genai-1", ("Keeping",)),
    Keeper("java-genai-2", "java-genai-2", ("Keeping",)),
    Keeper("curl", "", ("curl/keeping.sh",)),
    # Google's SDKs of before know no batches and no stores. The one for Python uploads to Google's own host, whatever
    # address it is given, and first gets a description of the API from there: its files are made by another client.
    Keeper("google-generativeai", "google-generativeai", ("keeping_legacy.py",), _LEGACY),
    Keeper("js-generative-ai", "node", ("keeping_legacy.mjs",), _LEGACY | {"large", "chosen"}),
    Keeper("langchain", "langchain", ("keeping_langchain.py",), _FRAMEWORK),
    Keeper("js-langchain", "node-langchain", ("keeping_langchain.mjs",), _FRAMEWORK),
    Keeper("llama-index", "llama-index", ("keeping_llama_index.py",), _FRAMEWORK),
    Keeper("ai-sdk", "node-22", ("keeping_ai.mjs",), _FRAMEWORK | {"large", "batch", "store", "video"}),
)


def started(keeper: Keeper, place: Path, plan: Mapping[str, Any]) -> subprocess.Popen[str]:
    """Its program, which has its plan."""
    # Without this machine's keys and proxies, which SDKs read from the environment.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    pipe = subprocess.PIPE
    process = subprocess.Popen(keeper.line(place), env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    _say(process, json.dumps(plan))
    return process


def told(process: subprocess.Popen[str]) -> Mapping[str, Any]:
    """What the program tells next; nothing where it has ended."""
    assert process.stdout is not None
    line = process.stdout.readline()
    outcome: Mapping[str, Any] = json.loads(line) if line else {}
    return outcome


def told_next(process: subprocess.Popen[str]) -> Mapping[str, Any]:
    """What it tells after it was let go on."""
    _say(process, "")
    return told(process)


def ended(process: subprocess.Popen[str]) -> str:
    """The end of its standard error."""
    try:
        return process.communicate(timeout=PATIENCE)[1][-3_000:]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[1][-3_000:] + "\nIt did not come to an end."


def _say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
