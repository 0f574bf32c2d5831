"""Voices: Google's own, those a project keeps, and keys that clients carry."""

import base64
from typing import Any

import pytest

from emulator import Emulator
from tests.emulator.apis.interactions.conftest import Talker

AUDIO = {"data": base64.b64encode(b"RIFF").decode(), "mime_type": "audio/wav"}
PROMPTED = {"type": "prompted", "display_name": "Ogre", "gender": "male", "prompted": {"input": "A deep, booming one"}}
REPLICATED = {"type": "replicated", "replicated": {"source_audio": AUDIO, "consent_audio": AUDIO}}
NOT_BASE64 = {"source_audio": {**AUDIO, "data": "!"}, "consent_audio": AUDIO}
YEAR = 365 * 86_400


def made(talker: Talker, voice: dict = PROMPTED, store: bool = True) -> dict[str, Any]:
    answered = talker.public("voices", {"voice": voice, "store": store})
    assert answered.status_code == 200, answered.text
    return answered.json()


def test_a_stored_voice_has_an_id_and_expires_a_year_after_its_last_use(google: Emulator, talker: Talker):
    voice = made(talker)
    assert voice["id"].startswith("voice_")
    assert (voice["expire_time"], "key" in voice) == ("2028-01-15T12:00:00Z", False)
    assert voice["prompted"] == PROMPTED["prompted"]
    assert voice["usage"]["total_tokens"] > 0

    google.advance(YEAR - 1)
    made(talker, {"type": "prompted", "prompted": {"input": "Higher", "base_voice": voice["id"]}})
    google.advance(YEAR - 1)
    kept = talker.public(f"voices/{voice['id']}")
    google.advance(1)

    assert kept.status_code == 200
    assert talker.public(f"voices/{voice['id']}").status_code == 404


def test_a_voice_that_is_not_stored_is_a_key_for_the_client(talker: Talker):
    voice = made(talker, REPLICATED, store=False)

    assert voice["key"].startswith("voicekey_")
    assert "id" not in voice
    assert "replicated" not in voice
    assert {one["type"] for one in talker.public("voices").json()["voices"]} == {"prebuilt"}


def test_lists_hold_googles_own_too_and_take_repeated_filters(talker: Talker):
    mine = made(talker)["id"]

    listed = talker.public("voices").json()["voices"]
    two = talker.public("voices?accent=british&accent=indian&gender=female").json()["voices"]
    found = talker.public("voices?search=ogr").json()["voices"]

    assert [one["id"] for one in listed][:2] == [mine, "Puck"]
    assert sorted(one["id"] for one in two) == ["Aoede", "Leda"]
    assert [one["id"] for one in found] == [mine]
    assert talker.public("voices/Puck").json()["type"] == "prebuilt"
    assert talker.public("voices?type=replicated").json() == {}


@pytest.mark.parametrize(
    ("voice", "store", "message"),
    [
        (PROMPTED, False, "'store' must be true"),
        ({"type": "prebuilt"}, True, "prebuilt"),
        ({"type": "prompted"}, True, "'prompted' is required"),
        ({"type": "replicated", "replicated": {"source_audio": AUDIO}}, True, "'consent_audio' is required"),
        ({"type": "replicated", "replicated": NOT_BASE64}, True, "base64"),
        ({"type": "prompted", "prompted": {"input": "x", "base_voice": "voice_none"}}, True, "not found"),
    ],
)
def test_a_voice_that_cannot_be_is_refused(talker: Talker, voice: dict, store: bool, message: str):
    answered = talker.public("voices", {"voice": voice, "store": store})

    assert answered.status_code in {400, 404}
    assert message in answered.json()["error"]["message"]


def test_another_projects_voice_is_not_there_and_may_not_speak(talker: Talker, stranger: Talker):
    id = made(talker)["id"]
    speaking = {"generation_config": {"speech_config": [{"voice": id}]}}

    assert talker.create(**speaking).status_code == 200
    assert stranger.create(**speaking).json()["error"]["code"] == "not_found"
    assert stranger.public(f"voices/{id}").content == talker.public("voices/voice_none").content
    assert stranger.send("DELETE", f"voices/{id}").status_code == 404


def test_ones_own_voice_can_be_deleted_and_googles_cannot(talker: Talker):
    assert talker.send("DELETE", f"voices/{made(talker)['id']}").json() == {}
    assert talker.send("DELETE", "voices/Puck").status_code == 400
