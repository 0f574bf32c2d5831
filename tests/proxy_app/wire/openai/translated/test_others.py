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
    assert (running["id"], running["model"], running["status"]) == (name, "m", "in_progress")
    assert (done["status"], done["url"]) == ("completed", "u")
    assert (failed["status"], failed["error"]["message"]) == ("failed", "no")


def test_a_batch_is_told_and_a_cancel_says_nothing():
    metadata = {"state": "BATCH_STATE_SUCCEEDED", "batchStats": {"requestCount": "2", "successfulRequestCount": "1"}}
    answer = {"name": "batches/b", "metadata": metadata, "response": {"responsesFile": "files/batch-b"}}

    batch = told(others.told_batch, answer, GET_BATCH)
    cancelled = told(others.told_batch, {}, GET_BATCH, name=resource_names.parse("batches/b"))

    assert (batch["id"], batch["status"], batch["output_file_id"]) == ("batches/b", "completed", "files/batch-b")
    assert batch["request_counts"] == {"total": 2, "completed": 1, "failed": 0}
    assert (cancelled["id"], cancelled["status"]) == ("batches/b", "cancelling")


@pytest.mark.parametrize(
    ("translate", "fields"),
    [
        (others.prompted_image, {"prompt": "cat", "n": 2}),
        (others.prompted_image, {}),
        (others.predicted_images, {"prompt": 7}),
        (others.predicted_images, {"prompt": "cat", "n": -1}),
        (others.predicted_images, {"prompt": "cat", "size": "large"}),
        (others.predicted_images, {"prompt": "cat", "size": "1x0"}),
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
