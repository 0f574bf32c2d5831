"""Resources with names of somebody else's: what recorded tests ask for is there, again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.state.resources.blobs import Blob
from emulator.state.resources.jobs import Job, type_url
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.state.projects import Project

_MODEL = "models/gemini-2.5-flash"
_LONG_AGO, _LONG = 3_600.0, 10 * 365 * 86_400.0
_FILMS: Json = {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": "https://example.com/film.mp4"}}]}}
_CACHED: Json = {"contents": [{"role": "user", "parts": [{"text": "recorded"}]}]}
_CONTENT = {
    "application/jsonl": b'{"key": "one", "request": {"contents": [{"parts": [{"text": "Hello"}]}]}}\n',
    "application/x-embeddings": b'{"key": "one", "request": {"content": {"parts": [{"text": "Hello"}]}}}\n',
    "text/plain": b"Once upon a time there was a magic backpack.\n" * 400,
}


def provide(project: Project, names: Mapping[str, str], now: float) -> None:
    """Make in a project what it lacks of `names`; with a file's goes its type, with a batch's where its output is."""
    for name, mime_type in names.items():
        collection, _, id = name.partition("/")
        match collection:
            case "files" if project.files.get(id, now) is None:
                content = Blob.of(_CONTENT.get(mime_type, b"recorded"))
                project.files.add(content, now - 60.0, id=id, mime_type=mime_type, display_name="recorded")
            case "cachedContents" if not project.caches.has(name, now):
                project.caches.add(_CACHED, _MODEL, 1_024, "recorded", now, now + _LONG, name=name)
            case "fileSearchStores" if "/documents/" in name:
                store = project.stores.named(name.partition("/documents/")[0], now)
                if name not in store.documents:
                    taken = {"displayName": "recorded", "mimeType": "text/plain"}
                    store.add(taken, Blob.of(_CONTENT["text/plain"]), now, now, name=name)
            case "fileSearchStores":
                project.stores.named(name, now)
            case "tunedModels" if not project.older.has(name):
                project.older.add(name, {"baseModel": _MODEL, "displayName": "recorded", "state": "ACTIVE"}, now)
            case "batches" | "models" if not project.jobs.has(name):
                project.jobs.add(_job(name, mime_type, now))


def _job(name: str, output: str, now: float) -> Job:
    """One that was over long ago."""
    if not name.startswith("batches/"):
        return Job(name, now - _LONG_AGO, 0.0, lambda: _FILMS, "PredictLongRunningResponse")
    held: Json = {"responsesFile": f"files/{name.replace('batches/', 'batch-')}"}
    if output != "responsesFile":
        held = {output or "inlinedResponses": {"inlinedResponses": []}}

    def metadata(job: Job, now: float, whole: bool) -> Json:
        told = {"@type": type_url("GenerateContentBatch"), "model": _MODEL, "displayName": "recorded", "output": held}
        return {**told, **job.times(now), "state": f"BATCH_STATE_{job.state(now).value}", "name": job.name}

    return Job(name, now - _LONG_AGO, 0.0, lambda: held, "GenerateContentBatchOutput", metadata)
