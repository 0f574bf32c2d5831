"""The snippets on the console's page for clients work as they are, against a running gateway."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from emulator import Emulator
from proxy_app.admin.interaction_snippets import INTERACTION_SNIPPETS
from proxy_app.admin.resource_snippets import RESOURCE_SNIPPETS
from proxy_app.admin.snippets import SNIPPETS, Language, Snippet
from tests.live.clients.install import NotInstalled, install
from tests.live.clients.walkthrough import SLOW
from tests.live.running import Gateway

# The first of each language also waits for its installation.
pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

PATIENCE = 60.0
# Of what Google keeps for its clients.
KEEPING = (*INTERACTION_SNIPPETS, *RESOURCE_SNIPPETS)
# The SDK in whose directory a snippet runs; curl needs none.
HOMES: Mapping[str, str] = {
    "google-genai": "google-genai-3",
    "google-generativeai": "google-generativeai",
    "js-genai": "node",
    "gemini-cli": "gemini-cli",
    "langchain": "langchain",
    "ai-sdk": "ai-sdk",
    "litellm": "litellm",
    "openai": "openai",
    "turns-js": "node",
    "background-js": "node",
    **{snippet.slug: "google-genai-3" for snippet in KEEPING if snippet.language is Language.PYTHON},
}
# What a snippet of these prints.
SAYS: Mapping[str, str] = {
    "turns": r"(?s)Paris.*42.*[Hh]ello",
    "background": r"(?s)completed.*Paris",
    "files": "two years",
    "embeddings": r"0\.\d+",
    "cache": r'cachedContentTokenCount": \d{4}|\d{4} tokens from the cache',
    "batch": "The capital of France is Paris",
    "store": "two years",
}
TO_RUN = [snippet for snippet in SNIPPETS if snippet.code]


@pytest.mark.parametrize("snippet", TO_RUN, ids=lambda snippet: snippet.slug)
def test_a_snippet_is_answered_when_it_is_run_as_it_stands(snippet: Snippet, gateway: Gateway, tmp_path: Path):
    said = run(snippet, snippet.filled(gateway.url, SLOW, gateway.key), tmp_path)

    assert "six." in said


def test_the_only_client_without_a_snippet_is_the_one_that_has_no_setting_for_an_address():
    assert [snippet.slug for snippet in SNIPPETS if not snippet.code] == ["llm"]


@pytest.fixture(scope="module")
def demo(google: Emulator) -> Iterator[Gateway]:
    """A gateway to which no account has been connected."""
    with Gateway(google) as serving:
        yield serving.start()


@pytest.mark.parametrize("snippet", KEEPING, ids=lambda snippet: snippet.slug)
def test_a_snippet_with_what_is_kept_works_before_any_account_is_connected(
    snippet: Snippet, demo: Gateway, tmp_path: Path
):
    said = run(snippet, snippet.filled(demo.url, "gemini-2.5-flash", demo.key), tmp_path)

    assert re.search(SAYS[snippet.slug.partition("-")[0]], said), said


def run(snippet: Snippet, code: str, directory: Path) -> str:
    """What the snippet prints, with a home directory of its own and without this machine's keys and proxies."""
    place = None
    if home := HOMES.get(snippet.slug):
        try:
            place = install(home)
        except NotInstalled as reason:
            pytest.skip(f"{home} cannot be installed: {reason}")
    script = (place if snippet.language is Language.JAVASCRIPT and place else directory) / f"snippet.{snippet.language}"
    script.write_text(code)
    path = os.environ["PATH"] if place is None else f"{place / 'node_modules' / '.bin'}:{os.environ['PATH']}"
    match snippet.language:
        case Language.SHELL:
            command = ["bash", "-eu", str(script)]
        case Language.PYTHON:
            command = [str(place / "bin" / "python"), "-W", "ignore", str(script)] if place else []
        case Language.JAVASCRIPT:
            command = ["node", str(script)]
    done = subprocess.run(
        command,
        env={"PATH": path, "HOME": str(directory), "LANG": "C.UTF-8"},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout
