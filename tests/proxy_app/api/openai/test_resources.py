"""Pictures, videos and batches in OpenAI's form: in one project, and nobody else's."""

import json

import pytest

from accounts_app import roster
from accounts_app.models import ApiKey, ModelRoute
from tests.proxy_app.api.openai.conftest import FILE, KEYS, MODEL, form
from tests.proxy_app.written import log, rows_of

VIDEO, PICTURE = "veo-3.1-generate-preview", "gemini-2.5-flash-image"


async def test_pictures_are_made(post, red, upstream):
    reply = await post("images/generations", {"model": PICTURE, "prompt": "A cat", "n": 2}, red)

    assert reply.status == 200
    assert len([each["b64_json"] for each in reply.json()["data"]]) == 2


@pytest.mark.parametrize("is_form", [True, False])
async def test_a_video_is_asked_for_by_json_or_by_a_form_and_is_its_groups(is_form, call, red, blue, upstream):
    await ModelRoute.objects.acreate(pattern="film", target=VIDEO)
    await roster.refresh()
    body, kind = form(("prompt", b"A cat"), ("model", b"film"), ("seconds", b"4"))
    if not is_form:
        body, kind = json.dumps({"model": "film", "prompt": "A cat", "seconds": "4"}).encode(), "application/json"

    made = await call("POST", "videos", red, body, content_type=kind)

    assert made.status == 200, made.body
    id_ = made.json()["id"]
    shown = await call("GET", f"videos/{id_.replace('/', '%2F')}", red)
    foreign = await call("GET", f"videos/{id_}", blue)
    unknown = await call("GET", f"videos/models/{VIDEO}/operations/nobodys", blue)
    assert shown.json()["id"] == id_
    assert shown.json()["object"] == "video"
    assert (foreign.status, foreign.body) == (404, unknown.body)
    assert foreign.json()["error"].keys() == KEYS
    (row,) = await rows_of("operations")
    assert (row.name, row.state) == (id_, "RUNNING")
    assert {record.model for record in await log() if record.method == "openai.videos.create"} == {"film"}


async def test_the_address_of_a_video_leads_to_the_gateway(call, post, red, upstream):
    made = (await post("videos", {"model": VIDEO, "prompt": "A cat"}, red)).json()
    upstream.advance(3600)

    shown = (await call("GET", f"videos/{made['id']}", red)).json()

    assert shown["status"] == "completed"
    assert shown["url"].startswith("http://127.0.0.1:8045/v1beta/files/")
    assert len(await rows_of("files")) == 1


async def test_a_batch_runs_where_its_file_is_and_its_results_are_read(upload, call, post, red, blue, upstream):
    file = (await upload(red, *FILE)).json()["id"]
    asked = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}

    made = await post("batches", asked, red)
    foreign = await post("batches", asked, blue)

    assert made.status == 200, made.body
    batch = made.json()
    assert batch["id"].startswith("batches/")
    assert foreign.status == 403
    for path in (f"batches/{batch['id']}", f"batches/{batch['id'].replace('/', '%2F')}", batch["id"]):
        assert (await call("GET", path, red)).json()["id"] == batch["id"]
        assert (await call("GET", path, blue)).status == 404
    cancelled = await call("POST", f"batches/{batch['id']}/cancel", red)
    assert cancelled.json()["id"] == batch["id"]
    (row,) = await rows_of("batches")
    assert row.project_id == (await rows_of("files"))[0].project_id
    assert row.last_json == ""


async def test_a_key_with_some_models_uses_no_batches_whose_models_stand_in_a_file(upload, post, red, upstream):
    file = (await upload(red, *FILE)).json()["id"]
    await ApiKey.objects.filter(name="red").aupdate(allowed_models=[MODEL])
    await roster.refresh()

    reply = await post("batches", {"input_file_id": file, "endpoint": "/v1/chat/completions"}, red)

    assert (reply.status, reply.json()["error"]["type"]) == (403, "permission_error")


async def test_a_key_with_some_models_sends_no_form_in_which_no_model_can_be_read(call, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(allowed_models=[MODEL])
    await roster.refresh()
    body, kind = form(("model", b"veo-3.1-generate-preview"), ("prompt", b"A cat"))

    reply = await call("POST", "videos", red, body.replace(b'"model"', b"model"), content_type=kind)

    assert (reply.status, reply.json()["error"]["type"]) == (403, "permission_error")
    assert not upstream.requests
