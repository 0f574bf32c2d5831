import json

import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.calls import Call
from proxy_app.wire.malformed import Malformed, NotAnAnswer
from proxy_app.wire.names import resource_names
from proxy_app.wire.openai.translated import others
from proxy_app.wire.operations.rows.openai import EMBEDDINGS, GET_BATCH, GET_VIDEO


def body(**fields):
    return read_body(json.dumps(fields).encode())


def plain(made):
    return {name: json.loads(bytes(value)) for name, value in made.items()}


def told(tell, answer, operation=EMBEDDINGS, **more):
    return json.loads(tell(Call(operation, "m", more.pop("body", {}), "id", **more), json.dumps(answer).encode()))


def test_each_text_of_an_embedding_is_a_request():
    one = {"model": "models/m", "content": {"parts": [{"text": "a"}]}}

    assert plain(others.embeddings(body(input="a"), "m")) == {"requests": [one]}
    assert plain(others.embeddings(body(input=["a", "a"], dimensions=8), "m")) == {
        "requests": [{**one, "outputDimensionality": 8}] * 2
    }


def test_a_list_of_embeddings_tells_its_model_and_its_counts():
    answer = {"embeddings": [{"values": [1]}, {"values": ["x"]}, {}], "usageMetadata": {"promptTokenCount": 3}}

    assert told(others.told_embeddings, answer) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [1.0]},
            {"object": "embedding", "index": 1, "embedding": []},
            {"object": "embedding", "index": 2, "embedding": []},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    for uncounted in ({}, {"usageMetadata": {}}, {"usageMetadata": 7}):
        assert told(others.told_embeddings, uncounted)["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


def test_vectors_are_numbers_or_packed():
    answer = {"embeddings": [{"values": [0.5, 1]}]}

    assert told(others.told_embeddings, answer)["data"] == [
        {"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}
    ]
    packed = told(others.told_embeddings, answer, body=body(encoding_format="base64"))
    assert packed["data"][0]["embedding"] == "AAAAPwAAgD8="


def test_pictures_are_asked_for_as_the_model_wants():
    assert plain(others.predicted_images(body(prompt="cat", n=2, size="1024x1792"))) == {
        "instances": [{"prompt": "cat"}],
        "parameters": {"sampleCount": 2, "aspectRatio": "9:16"},
    }
    assert plain(others.prompted_image(body(prompt="cat", size="auto")))["generationConfig"] == {
        "responseModalities": ["TEXT", "IMAGE"]
    }
    inline = {"candidates": [{"content": {"parts": [{"text": "a"}, {"inlineData": {"data": "AA=="}}]}}]}
    predicted = {"predictions": [{"bytesBase64Encoded": "AA=="}]}
    assert (
        told(others.told_images, inline)["data"]
        == told(others.told_images, predicted)["data"]
        == [{"b64_json": "AA=="}]
    )


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ("1024x1024", "1:1"),
        ("768x1024", "3:4"),
        ("1024x768", "4:3"),
        ("720x1280", "9:16"),
        ("1280x720", "16:9"),
        *(("650x1000", "9:16"), ("660x1000", "3:4"), ("870x1000", "3:4"), ("880x1000", "1:1")),
        *(("1160x1000", "1:1"), ("1170x1000", "4:3"), ("1550x1000", "4:3"), ("1560x1000", "16:9")),
        ("1x999999", "9:16"),
        ("999999x1", "16:9"),
    ],
)
def test_a_size_becomes_the_ratio_that_is_nearest(size, ratio):
    asked = body(prompt="cat", size=size)

    assert plain(others.video(asked))["parameters"] == {"aspectRatio": ratio}
    assert plain(others.predicted_images(asked))["parameters"] == {"sampleCount": 1, "aspectRatio": ratio}
    assert plain(others.prompted_image(asked)) == {
        "contents": [{"role": "user", "parts": [{"text": "cat"}]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": ratio}},
    }


@pytest.mark.parametrize("number", [0, 1, 999])
def test_numbers_may_be_texts(number):
    for written in (number, str(number)):
        assert plain(others.video(body(prompt="cat", seconds=written)))["parameters"] == {"durationSeconds": number}


def test_pictures_are_told_without_what_is_none():
    parts = [{"inlineData": {"data": 7}}, {"inlineData": {"data": "AA=="}}]

    assert told(others.told_images, {"candidates": [{"content": {"parts": parts}}]}) == {
        "created": 0,
        "data": [{"b64_json": "AA=="}],
    }


def test_a_video_is_an_operation():
    assert plain(others.video(body(prompt="cat", seconds="4", size="1280x720"))) == {
        "instances": [{"prompt": "cat"}],
        "parameters": {"aspectRatio": "16:9", "durationSeconds": 4},
    }
    name = "models/m/operations/o"
    made = {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": "u"}}]}}
    running = told(others.told_video, {"name": name}, GET_VIDEO)
    done = told(others.told_video, {"name": name, "done": True, "response": made}, GET_VIDEO)
    failed = told(others.told_video, {"name": name, "done": True, "error": {"message": "no"}}, GET_VIDEO)
    about = {"id": name, "object": "video", "model": "m", "created_at": 0}
    assert running == {**about, "status": "in_progress", "progress": 0}
    assert done == {**about, "status": "completed", "progress": 100, "url": "u"}
    assert failed == {**about, "status": "failed", "progress": 100, "error": {"code": "failed", "message": "no"}}
    nothing = told(others.told_video, {"done": True}, GET_VIDEO)
    assert (nothing["id"], nothing["error"]["message"]) == ("", "No video was made.")
    begun = told(others.told_video, {"metadata": {"createTime": "2026-11-28T06:00:00Z"}}, GET_VIDEO)
    assert begun["created_at"] == 1795845600
    assert told(others.told_video, {"metadata": {"createTime": "soon"}}, GET_VIDEO)["created_at"] == 0


def test_a_batch_is_told_and_a_cancel_says_nothing():
    metadata = {"state": "BATCH_STATE_SUCCEEDED", "batchStats": {"requestCount": "2", "successfulRequestCount": "1"}}
    answer = {"name": "batches/b", "metadata": metadata, "response": {"responsesFile": "files/batch-b"}}

    batch = told(others.told_batch, answer, GET_BATCH)
    cancelled = told(others.told_batch, {}, GET_BATCH, name=resource_names.parse("batches/b"))

    assert (batch["id"], batch["status"], batch["output_file_id"]) == ("batches/b", "completed", "files/batch-b")
    assert batch["request_counts"] == {"total": 2, "completed": 1, "failed": 0}
    assert (cancelled["id"], cancelled["status"]) == ("batches/b", "cancelling")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("PENDING", "validating"),
        ("RUNNING", "in_progress"),
        ("SUCCEEDED", "completed"),
        ("FAILED", "failed"),
        ("CANCELLED", "cancelled"),
        ("EXPIRED", "expired"),
        ("NEW", "in_progress"),
    ],
)
def test_a_batch_is_told_whole(state, status):
    metadata = {
        "state": f"BATCH_STATE_{state}",
        "createTime": "2026-11-28T06:00:00Z",
        "inputConfig": {"fileName": "files/in"},
        "output": {"responsesFile": "files/out"},
        "batchStats": {"requestCount": "3", "successfulRequestCount": "2", "failedRequestCount": "1"},
    }

    assert told(others.told_batch, {"name": "batches/b", "metadata": metadata}, GET_BATCH) == {
        "id": "batches/b",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": "files/in",
        "completion_window": "24h",
        "status": status,
        "output_file_id": "files/out",
        "created_at": 1795845600,
        "request_counts": {"total": 3, "completed": 2, "failed": 1},
    }


def test_of_a_batch_that_tells_nothing_nothing_is_told():
    told_of = told(others.told_batch, {"metadata": {"batchStats": {"requestCount": "many"}}}, GET_BATCH)

    assert (told_of["id"], told_of["input_file_id"], told_of["output_file_id"]) == ("", "", None)
    assert told_of["request_counts"] == {"total": 0, "completed": 0, "failed": 0}


@pytest.mark.parametrize(
    ("translate", "fields", "message"),
    [
        (others.prompted_image, {"prompt": "cat", "n": 2}, "'n' has to be 1 for this model on this account."),
        (others.predicted_images, {"prompt": "cat", "n": 1000}, "Invalid value at 'n': it is out of range."),
        (others.predicted_images, {"prompt": "cat", "n": "x"}, "Invalid value at 'n': Expected `int`, got `str`."),
        (others.predicted_images, {"prompt": 7}, "Invalid value at 'prompt': Expected `str`, got `int`."),
        (others.predicted_images, {"prompt": ""}, "'prompt' is required."),
        (others.video, {"prompt": "cat", "size": "x"}, "Invalid value at 'size': a size is written as 1024x1024."),
        (others.video, {"prompt": "cat", "size": 7}, "Invalid value at 'size': Expected `str`, got `int`."),
        (
            others.video,
            {"prompt": "cat", "input_reference": "x"},
            "'input_reference' is not translated for this account.",
        ),
        (lambda asked: others.embeddings(asked, "m"), {}, "'input' is required."),
    ],
)
def test_a_refusal_says_what_would_be_right(translate, fields, message):
    with pytest.raises(Malformed) as refused:
        translate(body(**fields))

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("translate", "fields"),
    [
        (others.prompted_image, {"prompt": "cat", "n": 2}),
        (others.prompted_image, {}),
        (others.predicted_images, {"prompt": 7}),
        (others.predicted_images, {"prompt": "cat", "n": -1}),
        (others.predicted_images, {"prompt": "cat", "size": "large"}),
        *((others.predicted_images, {"prompt": "cat", "size": size}) for size in ("1x0", "0x1", "1x1000000", "1x-1")),
        (others.video, {"prompt": "cat", "seconds": "long"}),
        (others.video, {"prompt": "cat", "input_reference": "x"}),
    ],
)
def test_what_is_wrong_is_refused(translate, fields):
    with pytest.raises(Malformed):
        translate(body(**fields))


@pytest.mark.parametrize("fields", [{}, {"input": 7}, {"input": [1, 2]}])
def test_only_texts_are_embedded(fields):
    with pytest.raises(Malformed, match="'input"):
        others.embeddings(body(**fields), "m")


@pytest.mark.parametrize("tell", [others.told_embeddings, others.told_images, others.told_video, others.told_batch])
def test_what_is_no_object_is_no_answer(tell):
    with pytest.raises(NotAnAnswer):
        told(tell, [])
    told(tell, {"embeddings": 7, "candidates": [7], "predictions": {}, "metadata": 7, "response": [], "name": 7})
