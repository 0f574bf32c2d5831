"""Models that make media: pictures at once (`predict`), videos as a job with a file at its end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.answers.media.pictures import draw
from emulator.apis.models import named_model, spend
from emulator.apis.resources.files import generated_file
from emulator.state.models import Model
from emulator.state.resources.jobs import Job
from emulator.state.resources.names import random_id
from emulator.wire.errors import bad_request, refuse
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

MOST_SAMPLES = 4
_FILM_BYTES = 64 * 1024
FILTERED = "We encountered an issue with your prompt, which could not be submitted: it may violate our policies."


def _predict(google: Google, call: Call) -> Json:
    model = named_model(call)
    prompt, samples = _asked(call)
    spend(call, model)
    if is_refused(prompt):
        return {}
    pictures = (draw(f"{prompt}{number}") for number in range(samples))
    return {"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": picture} for picture in pictures]}


def _predict_long_running(google: Google, call: Call) -> Json:
    model = named_model(call)
    prompt, samples = _asked(call)
    spend(call, model)
    return filming(google, call, model, prompt, samples).resource(call.now)


def is_refused(prompt: str) -> bool:
    """Whether a prompt makes nothing, for those who want to see that."""
    return "[[safety]]" in prompt


def filming(google: Google, call: Call, model: Model, prompt: str, samples: int, asked: Json | None = None) -> Job:
    """The job that makes videos, whose files are there at its end."""

    def films() -> Json:
        if is_refused(prompt):
            return {"generateVideoResponse": {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [FILTERED]}}
        made = [generated_file(call, _film(f"{prompt}{one}"), "video/mp4") for one in range(samples)]
        uris = [file.resource(call.now)["downloadUri"] for file in made]
        return {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": uri}} for uri in uris]}}

    name = f"models/{model.id}/operations/{random_id(12)}"
    job = Job(name, call.now, google.job_seconds, films, "PredictLongRunningResponse", asked=asked or {})
    return call.project.jobs.add(job)


def _asked(call: Call) -> tuple[str, int]:
    """The prompt and how many samples; raises Refused for neither prompt nor picture, and for too many samples."""
    body = read_message("PredictRequest", call.json_body())
    instances = body.get("instances") or [{}]
    first = instances[0] if isinstance(instances, list) and isinstance(instances[0], dict) else {}
    prompt = first.get("prompt", "")
    if not prompt and not first.get("image"):
        text = "* PredictRequest.instances: a prompt is not specified\n"
        raise refuse(400, text, bad_request([("instances", "a prompt is not specified")]))
    parameters = body.get("parameters") or {}
    samples = parameters.get("sampleCount", 1)
    if not isinstance(samples, int) or not 1 <= samples <= MOST_SAMPLES:
        text = f"sampleCount must be in the range [1, {MOST_SAMPLES}]"
        raise refuse(400, f"* PredictRequest.parameters: {text}\n", bad_request([("parameters", text)]))
    return str(prompt), samples


def _film(prompt: str) -> bytes:
    """What begins like an MP4 file and goes on with noise, the same for the same prompt."""
    head = bytes.fromhex("0000001c667479706d703432000000006d70343269736f6d61766331")
    noise = hashlib.shake_256(prompt.encode("utf-8", "replace")).digest(_FILM_BYTES)
    return head + (len(noise) + 8).to_bytes(4, "big") + b"mdat" + noise


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "predict": _predict,
    "predictLongRunning": _predict_long_running,
}
