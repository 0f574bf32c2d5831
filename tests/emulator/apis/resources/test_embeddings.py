"""embedContent and batchEmbedContents of the public API."""

import pytest

from emulator import Emulator
from tests.emulator.conftest import Caller, error_of

MODEL = "models/gemini-embedding-001"


def content(text: str) -> dict:
    return {"content": {"parts": [{"text": text}]}}


def test_one_text_and_many_give_the_same_vectors(caller: Caller):
    single = caller.public(f"{MODEL}:embedContent", {**content("bees"), "outputDimensionality": 16}).json()
    both = [{"model": MODEL, **content("bees"), "outputDimensionality": 16}, {"model": MODEL, **content("glass jars")}]

    batch = caller.public(f"{MODEL}:batchEmbedContents", {"requests": both}).json()

    assert batch["embeddings"][0] == single["embedding"]
    assert [len(one["values"]) for one in batch["embeddings"]] == [16, 3072]
    assert single["usageMetadata"]["promptTokenCount"] == 1
    assert batch["usageMetadata"]["promptTokenCount"] == 3


def test_a_title_and_a_task_count(caller: Caller):
    plain = caller.public(f"{MODEL}:embedContent", content("bees")).json()["embedding"]
    titled = {**content("bees"), "title": "Honey", "taskType": "RETRIEVAL_DOCUMENT"}

    assert caller.public(f"{MODEL}:embedContent", titled).json()["embedding"] != plain


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"model": "models/text-embedding-004"},
            "does not match the model of the request, models/gemini-embedding-001",
        ),
        ({"content": {"parts": []}}, "* BatchEmbedContentsRequest.requests[0].content: contents is not specified"),
        ({"taskType": "GUESSING"}, "Invalid value at 'task_type'"),
        ({"outputDimensionality": 4000}, "output_dimensionality must be in the range [1, 3072]"),
    ],
)
def test_a_request_that_is_wrong_is_refused(caller: Caller, change: dict, message: str):
    answered = caller.public(f"{MODEL}:batchEmbedContents", {"requests": [{**content("bees"), **change}]})

    assert answered.status_code == 400
    assert message in error_of(answered)["message"]


def test_quota_is_counted_by_the_text_and_shared_by_the_keys_of_a_project(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", project="shared", quota=3)
    texts = {"requests": [content("one"), content("two")]}
    assert caller.public(f"{MODEL}:batchEmbedContents", texts).status_code == 200
    caller.account = google.add_account("carol@example.com", project="shared")

    refused = caller.public(f"{MODEL}:batchEmbedContents", texts)

    violation = error_of(refused)["details"][0]["violations"][0]
    assert (refused.status_code, violation["quotaValue"]) == (429, "3")
    assert violation["quotaId"] == "EmbedContentRequestsPerDayPerUserPerProjectPerModel-FreeTier"
    assert caller.public(f"{MODEL}:embedContent", content("three")).status_code == 200
