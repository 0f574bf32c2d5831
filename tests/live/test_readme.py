"""The README's examples, as a new user would paste them, run against a gateway and are answered."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from emulator import Emulator
from tests.documents import Block, blocks
from tests.live.running import ROOT, Gateway

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

PATIENCE = 60.0
COUNTED = ", ".join(str(number) for number in range(1, 21))
CAPITAL = "The capital of France is Paris."
EXAMPLES = blocks("README.md")
CURL = [block for block in EXAMPLES if block.language == "sh" and "curl -s" in block.code]
PYTHON = [block for block in EXAMPLES if block.language == "python"]
# Of the curl examples by what they call, what stands in the answer.
ANSWERS = {
    "/interactions": '"status"',
    "/upload/": '"finishReason": "STOP"',
    ":generateContent": CAPITAL,
    ":streamGenerateContent": "data: ",
    ":embedContent": '"values"',
    "/chat/completions": CAPITAL,
    "/cachedContents": '"cachedContents/',
    ":batchGenerateContent": '"BATCH_STATE_PENDING"',
    "/fileSearchStores": '"fileSearchStores/manuals-',
}
CHATS = [block for block in PYTHON if "files.upload" not in block.code and "interactions" not in block.code]
NODE = [block for block in EXAMPLES if block.language == "js"]


@pytest.fixture(scope="module")
def new_users() -> Iterator[Gateway]:
    """A gateway as its first start leaves it: no account is connected, and the demo accounts answer."""
    with Emulator() as google, Gateway(google) as serving:
        yield serving.start()


def test_there_are_examples():
    assert (len(CURL), len(PYTHON), len(NODE)) == (len(ANSWERS), 4, 1)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on this machine")
@pytest.mark.parametrize("example", CURL, ids=str)
def test_a_curl_example_gets_its_answer(example: Block, new_users: Gateway):
    command = example.filled_in(new_users.url, new_users.key).replace("curl ", "curl --fail --max-time 30 ")

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert next(answer for call, answer in ANSWERS.items() if call in command.split(" -d ")[0]) in done.stdout


def test_the_example_with_everything_that_is_kept_runs(new_users: Gateway, sdks: Mapping[str, Path | str]):
    place = _place(sdks, "google-genai-3")
    (example,) = [block for block in PYTHON if "files.upload" in block.code]

    done = _run([str(place / "bin" / "python"), "-W", "ignore", "-"], example, new_users, cwd=ROOT)

    assert done.splitlines().count(CAPITAL) >= 1
    assert len(done.splitlines()) >= 4


def test_the_example_with_interactions_has_three_turns_and_a_job(new_users: Gateway, sdks: Mapping[str, Path | str]):
    place = _place(sdks, "google-genai-3")
    (example,) = [block for block in PYTHON if "interactions" in block.code]

    done = _run([str(place / "bin" / "python"), "-W", "ignore", "-"], example, new_users)

    first, _, third, job = done.splitlines()
    assert (first, job) == (CAPITAL, f"completed {CAPITAL}")
    assert "ello" in third


@pytest.mark.parametrize("sdk", ["google-genai-3", "google-genai-2", "google-generativeai"])
def test_a_python_example_prints_its_answer(sdk: str, new_users: Gateway, sdks: Mapping[str, Path | str]):
    place = _place(sdks, sdk)
    example = next(block for block in CHATS if ("generativeai" in block.code) == (sdk == "google-generativeai"))

    done = _run([str(place / "bin" / "python"), "-W", "ignore", "-"], example, new_users)

    assert done == COUNTED


def test_the_node_example_prints_its_answer(new_users: Gateway, sdks: Mapping[str, Path | str]):
    place = _place(sdks, "node")

    assert _run(["node", "--input-type=module", "-"], NODE[0], new_users, cwd=place) == COUNTED


def _place(sdks: Mapping[str, Path | str], name: str) -> Path:
    place = sdks[name]
    if isinstance(place, str):
        pytest.skip(place)
    return place


def _run(command: list[str], example: Block, gateway: Gateway, cwd: Path | None = None) -> str:
    code = example.filled_in(gateway.url, gateway.key)
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=PATIENCE, cwd=cwd)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout.strip()
