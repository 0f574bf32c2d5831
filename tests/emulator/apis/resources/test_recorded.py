"""Resources with the names of recordings: every project has them, also after they were deleted."""

import httpx
import pytest

from emulator import Emulator

NAMES = {
    "files/s0pa54alni6w": "text/plain",
    "batches/0yew7plxupyybd7appsrq5vw7w0lp3l79lab": "",
    "cachedContents/2164089915711684608": "",
    "fileSearchStores/mine-5en07ei3kojo": "",
    "fileSearchStores/mine-5en07ei3kojo/documents/a-01zyb2rig5gu": "",
    "tunedModels/generate-num-1896": "",
    "models/veo-3.1-generate-preview/operations/vz341u0pmdlc": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_was_recorded_is_there_again_after_it_was_deleted(name: str):
    with Emulator(recorded=NAMES) as google:
        key = google.add_account("alice@example.com").api_key
        with httpx.Client(base_url=google.url, headers={"x-goog-api-key": key}, trust_env=False) as http:
            for _ in range(2):
                assert http.get(f"/v1beta/{name}").json()["name"] == name
                if not name.startswith("models/"):
                    assert http.delete(f"/v1beta/{name}?force=true").status_code == 200
            assert http.get("/v1beta/files/unknown").status_code == 403
