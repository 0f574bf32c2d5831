"""Tuned models, corpora and permissions: the older resources, as far as clients still ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.generation import find_model
from emulator.apis.resources.paging import page_of
from emulator.state.resources.jobs import Job, type_url
from emulator.state.resources.names import random_id, slugged
from emulator.wire import faults
from emulator.wire.errors import Refused, bad_request, refuse
from emulator.wire.fields import camel, read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_PAGE_SIZE, _LARGEST_PAGES = 10, {"tunedModels": 1_000, "permissions": 1_000, "corpora": 20}
_SHAPES = {"tunedModels": "TunedModel", "permissions": "Permission", "corpora": "Corpus"}
_STEPS = 100


def _create_tuned_model(google: Google, call: Call) -> Json:
    """An operation; the model is CREATING until it ends."""
    asked = read_message("TunedModel", call.json_body())
    base = find_model(call.owner, asked.get("baseModel", ""))
    if base is None:
        raise Refused(faults.model_not_found(call.scene(asked.get("baseModel", "").removeprefix("models/"))))
    name = f"tunedModels/{call.request.query.get('tunedModelId') or slugged(asked.get('displayName', ''))}"
    call.project.older.add(name, {**asked, "name": name, "state": "CREATING"}, call.now)

    def finished() -> Json:
        return call.project.older.update(name, {"state": "ACTIVE"}, call.now)

    def metadata(job: Job, now: float, whole: bool) -> Json:
        done = _STEPS if job.result(now) else 0
        percent = {"completedSteps": done, "completedPercent": 100 * done / _STEPS} if done else {}
        return {"@type": type_url("CreateTunedModelMetadata"), "totalSteps": _STEPS, "tunedModel": name, **percent}

    operation = f"{name}/operations/{random_id(12)}"
    job = Job(operation, call.now, google.job_seconds, finished, "TunedModel", metadata)
    return call.project.jobs.add(job).resource(call.now)


def _create_corpus(google: Google, call: Call) -> Json:
    asked = read_message("Corpus", call.json_body())
    name = asked.get("name") or f"corpora/{slugged(asked.get('displayName', ''))}"
    return call.project.older.add(name, {**asked, "name": name}, call.now)


def _create_permission(google: Google, call: Call) -> Json:
    parent = call.route.resource.rpartition("/")[0]
    call.project.older.get(parent)
    asked = read_message("Permission", call.json_body())
    if not asked.get("role"):
        raise refuse(400, "* CreatePermissionRequest.permission.role: role is not specified\n")
    id = "everyone" if asked.get("granteeType") == "EVERYONE" else random_id(12)
    name = f"{parent}/permissions/{id}"
    return call.project.older.add(name, {**asked, "name": name}, call.now, dated=False)


def _list(google: Google, call: Call) -> Json:
    """What is below the collection that the path ends with."""
    parent, _, kind = f"/{call.route.resource}".rpartition("/")
    if parent:
        call.project.older.get(parent[1:])
    _settle(call)
    listed = call.project.older.below(call.route.resource)
    shown, following = page_of(call, listed, usual=_PAGE_SIZE, largest=_LARGEST_PAGES[kind])
    return {kind: list(shown), **following} if shown else {}


def _get(google: Google, call: Call) -> Json:
    _settle(call)
    return call.project.older.get(call.route.resource)


def _update(google: Google, call: Call) -> Json:
    """The fields of the mask, without one those of the body."""
    name, kind = call.route.resource, call.route.resource.split("/")[-2]
    call.project.older.get(name)
    asked = read_message(_SHAPES[kind], call.json_body())
    mask = call.request.query.get("updateMask") or call.request.query.get("update_mask", "")
    masked = {camel(one.strip()) for one in mask.split(",")} if mask else set(asked)
    if "name" in masked:
        raise refuse(400, "Update mask contains immutable field: name", bad_request([("update_mask", "immutable")]))
    return call.project.older.update(name, {field: asked[field] for field in masked & set(asked)}, call.now)


def _delete(google: Google, call: Call) -> Json:
    call.project.older.delete(call.route.resource)
    return {}


def _transfer(google: Google, call: Call) -> Json:
    """To somebody by e-mail: that is all that is looked at."""
    call.project.older.get(call.route.resource)
    if not read_message("TransferRequest", call.json_body()).get("emailAddress"):
        raise refuse(400, "* TransferOwnershipRequest.email_address: email_address is not specified\n")
    return {}


def _settle(call: Call) -> None:
    """Tuning that is over by now has its effect."""
    for job in call.project.jobs.under("tunedModels/"):
        job.result(call.now)


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "createTunedModel": _create_tuned_model,
    "createCorpus": _create_corpus,
    "createPermission": _create_permission,
    "transferOwnership": _transfer,
    **{f"list{kind}": _list for kind in ("TunedModels", "Corpora", "Permissions")},
    **{f"get{kind}": _get for kind in ("TunedModel", "Corpus", "Permission")},
    **{f"update{kind}": _update for kind in ("TunedModel", "Permission")},
    **{f"delete{kind}": _delete for kind in ("TunedModel", "Corpus", "Permission")},
}
