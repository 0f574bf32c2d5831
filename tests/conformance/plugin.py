"""For pytest in the SDK's environment: the suite's client calls the gateway, what it lacks is made, outcomes are noted.

Its replay client takes no address from the environment; the wheels leave out the media files that the tests send.
"""

import json
import os
import re
import socket
import sys
import time
import wave
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pytest
from google import genai
from google.genai import _replay_api_client
from PIL import Image

GOOGLE = re.compile(r"https://(?:autopush-)?generativelanguage(?:\.sandbox)?\.googleapis\.com")
SUITE = Path(genai.__file__).parent / "tests"
PICTURES = (
    *("google.png", "google.jpg", "google_homepage.png", "bridge1.png", "checkerboard.png", "a-man-and-a-dog.png"),
    *("dog.jpg", "man.jpg", "segmentation_scribble.jpg", "skateboard_stop_sign.jpg"),
)
# What the SDK makes of its environment is tested without the gateway: these tests set what they need. Those of live
# sessions are older than the SDK's `v1`.
BARE = {"client": {}, "live": {"GOOGLE_GENAI_API_VERSION": "beta"}}
LONGEST_PAUSE = 0.3  # seconds
THIS_MACHINE = (None, *("localhost", "127.0.0.1", "::1"), *(b"localhost", b"127.0.0.1", b"::1"))

_calls: list[object] = []  # of the test that is running: the connections to the gateway


def pytest_configure() -> None:
    url = os.environ["GOOGLE_GEMINI_BASE_URL"]
    make_media(SUITE / "data")
    call_the_gateway(url)
    watch_calls(urlsplit(url))


@pytest.fixture(autouse=True)
def bare_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = request.path.relative_to(SUITE).parts[0]
    if folder in BARE:
        for name in ("GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"):
            monkeypatch.delenv(name)
        for name, value in BARE[folder].items():
            monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def short_pauses(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its polls for a video the suite sleeps 20 s: Google takes minutes for one, the emulator a moment."""
    if request.path.name == "test_generate_videos.py":
        sleep = time.sleep
        monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, LONGEST_PAUSE)))


def pytest_runtest_setup() -> None:
    _calls.clear()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test is noted once, and once more if a fixture of it fails."""
    if report.when == "call" or not report.passed:
        note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if not report.passed:
        note(report)


def note(report: pytest.TestReport | pytest.CollectReport) -> None:
    """One line of JSON: pytest's name for the test, its outcome, why, and whether it called the gateway."""
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr or "")[-2_000:]
    told = {"test": report.nodeid, "outcome": report.outcome, "why": why, "called": bool(_calls)}
    with Path(os.environ["OUTCOMES"]).open("a") as outcomes:
        outcomes.write(json.dumps(told) + "\n")


def watch_calls(url: SplitResult) -> None:
    """Connections to the gateway are noted; no name of another machine is looked up, so that Google is never called."""

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.connect" and arguments[1] == (url.hostname, url.port):
            _calls.append(arguments[1])
        elif event == "socket.getaddrinfo" and arguments[0] not in THIS_MACHINE:
            raise socket.gaierror(socket.EAI_NONAME, f"{arguments[0]} is another machine")

    sys.addaudithook(audit)


def call_the_gateway(url: str) -> None:
    """Whatever the suite's client would send to Google goes to this address."""
    client = _replay_api_client.ReplayApiClient
    built = client._build_request

    def build(self: _replay_api_client.ReplayApiClient, *arguments: object, **options: object) -> object:
        request = built(self, *arguments, **options)
        request.url = GOOGLE.sub(url, request.url, count=1)
        return request

    client._build_request = build


def make_media(folder: Path) -> None:
    """Small files of the right kinds: no test looks into them."""
    folder.mkdir(exist_ok=True)
    for name in PICTURES:
        Image.new("RGB", (64, 64), (200, 30, 30)).save(folder / name)
    Image.new("RGB", (64, 64), (255, 255, 255)).save(folder / "story.pdf")
    (folder / "story.txt").write_text("Once upon a time there was a magic backpack.\n")
    for name, brand in (("animal.mp4", b"isom"), ("pixel.m4a", b"M4A ")):
        head = (24).to_bytes(4, "big") + b"ftyp" + brand + bytes(4) + b"isommp42"
        (folder / name).write_bytes(head + (1032).to_bytes(4, "big") + b"mdat" + bytes(1024))
    with wave.open(str(folder / "voice_sample.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(32_000))
