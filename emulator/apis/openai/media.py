"""`images/generations`, and `videos`: a job that takes a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.answers.media.pictures import draw
from emulator.apis.models import spend
from emulator.apis.openai.access import model_for
from emulator.apis.resources.predictions import FILTERED, MOST_SAMPLES, filming, is_refused
from emulator.state.resources.jobs import Job, State, not_there
from emulator.wire.errors import Refused, bad_request, refuse
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_STATUSES = {State.PENDING: "queued", State.RUNNING: "in_progress", State.SUCCEEDED: "completed"}


def _images(google: Google, call: Call) -> Json:
    """Always in base64, whether `b64_json` is asked for or nothing."""
    asked = read_message("ImagesRequest", call.json_body())
    name = asked.get("model", "")
    model = model_for(call, name, "")
    if not model.draws:
        model_for(call, name, "predict")
    prompt, count = _prompt(asked), asked.get("n", 1)
    if asked.get("responseFormat", "b64_json") != "b64_json":
        raise _invalid("response_format", "only b64_json is supported")
    if not 1 <= count <= MOST_SAMPLES:
        raise _invalid("n", f"must be in the range [1, {MOST_SAMPLES}]")
    spend(call, model)
    pictures = [] if is_refused(prompt) else [draw(f"{prompt}{number}") for number in range(count)]
    return {"created": int(call.now), "data": [{"b64_json": picture} for picture in pictures]}


def _create_video(google: Google, call: Call) -> Json:
    """By JSON or by a form."""
    asked = read_message("VideoRequest", call.json_body())
    model = model_for(call, asked.get("model", ""), "predictLongRunning")
    prompt = _prompt(asked)
    spend(call, model)
    told: Json = {name: str(asked[name]) for name in ("seconds", "size") if name in asked}
    return _video(filming(google, call, model, prompt, 1, told), call.now)


def _get_video(google: Google, call: Call) -> Json:
    job = call.project.jobs.get(call.route.resource)
    if not job.name.startswith("models/"):
        raise not_there()
    return _video(job, call.now)


def _video(job: Job, now: float) -> Json:
    """The operation as OpenAI's video, by its own name."""
    told: Json = {
        "id": job.name,
        "object": "video",
        "model": job.name.split("/")[1],
        "created_at": int(job.created),
        **job.asked,
    }
    state = job.state(now)
    made = (job.result(now) or {}).get("generateVideoResponse", {})
    if state.over and "generatedSamples" not in made:
        return {**told, "status": "failed", "error": {"code": "content_filter", "message": FILTERED}}
    told |= {"status": _STATUSES[state], "progress": 100 if state.over else 0}
    if state.over:
        told |= {"completed_at": int(job.ends), "url": made["generatedSamples"][0]["video"]["uri"]}
    return told


def _prompt(asked: Json) -> str:
    if not asked.get("prompt"):
        raise _invalid("prompt", "a prompt is not specified")
    return str(asked["prompt"])


def _invalid(field: str, text: str) -> Refused:
    return refuse(400, f"* {field}: {text}\n", bad_request([(field, text)]))


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "openaiImages": _images,
    "openaiCreateVideo": _create_video,
    "openaiGetVideo": _get_video,
}
