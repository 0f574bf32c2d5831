"""Google's own SDKs have interactions that are not stored answered by an account of Gemini Code Assist."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from proxy_app.wire.calls import StreamForm
from tests.live.clients.install import NotInstalled, install
from tests.live.clients.walkthrough import SIGNING
from tests.live.running import Gateway
from tests.proxy_app.wire.interactions.translated.from_generate import test_readers as readers

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

PROGRAM = Path(__file__).parent / "clients" / "python" / "genai_stateless.py"
PAGES = {"urlMetadata": [{"retrievedUrl": "https://a.example", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}]}
# Everything that an answer can say.
PARTS = (
    {"text": "Hm.", "thought": True},
    {"text": "Hello"},
    {"executableCode": {"language": "PYTHON", "code": "1"}},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
    {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
    {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AAA="}},
    {"inlineData": {"mimeType": "video/mp4", "data": "AAA="}},
    {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://a/b"}},
    {"functionCall": {"name": "look_up", "args": {"word": "a"}}, "thoughtSignature": "c2ln"},
    {"text": "", "thoughtSignature": "c2ln"},
)
SAID = readers.response(*PARTS, finish="STOP", counts=readers.COUNTS, urlContextMetadata=PAGES, **readers.GROUNDED)
FAILED = readers.response(finish="SAFETY", counts=readers.COUNTS)
EVENT_TYPES = [
    *("interaction.created", "interaction.status_update", "step.start", "step.delta", "step.stop"),
    *("step.start", "step.delta", "step.stop", "interaction.completed"),
]


def events_of(made: dict) -> list:
    read = readers.Read(readers.events_of(made), StreamForm.BLOCKS)
    lines = [line for frame in read.frames for line in frame.decode().split("\n")]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]


@pytest.mark.parametrize("sdk", ["google-genai-2", "google-genai-3"])
def test_googles_sdk_reads_every_translated_answer(gateway: Gateway, sdk: str):
    try:
        python = install(sdk) / "bin" / "python"
    except NotInstalled as reason:
        pytest.skip(str(reason))
    plan = {
        "url": gateway.url,
        "key": gateway.key,
        "model": SIGNING,
        "interactions": [readers.plain(SAID), readers.plain(FAILED)],
        "events": [*events_of(SAID), *events_of(FAILED)],
    }

    done = subprocess.run([python, PROGRAM], input=json.dumps(plan), capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr[-2000:]
    got = json.loads(done.stdout)
    assert got["unknown"] == []
    status, has_text, tokens = got["plain"]
    assert (status, has_text, tokens > 0) == ("completed", True, True)
    assert got["streamed"][:3] == EVENT_TYPES[:3]
    assert got["streamed"][-2:] == EVENT_TYPES[-2:]
    assert got["said"]
    assert got["called"] == ["requires_action", ["thought", "function_call"]]
    kinds, final = got["answered"]
    assert (kinds[-1], final) == ("interaction.completed", "completed")
    code, message = got["refused"]
    assert code == 400
    assert "AI Studio key" in message
