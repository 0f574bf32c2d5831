"""The public API's environments and the files in them: create, list, get, delete; list, read and upload files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from emulator.apis.interactions.related.naming import check_credentials
from emulator.apis.resources.files import bytes_of
from emulator.apis.resources.paging import page_of
from emulator.apis.uploads.sessions import Target
from emulator.state.resources.interactions.environments import Environment, clean_path
from emulator.wire.public.interaction_bodies import read_body, refuse_value
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google
    from emulator.state.resources.uploads import Upload

_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000
_MODES = frozenset({"on_demand", "self_hosted"})


def environment_for(call: Call, asked: Any) -> Environment | None:
    """The environment that an interaction or an agent asks for: an id, "remote" for a new one, or an object.

    Raises Refused for one that is not the project's, or has expired.
    """
    environments = call.project.environments
    if not asked:
        return None
    if isinstance(asked, str):
        known = asked.removeprefix("environments/")
        return environments.add({}, call.now) if asked == "remote" else environments.alive(known, call.now)
    read = read_body("InteractionEnvironment", asked)
    if read.get("type") != "remote":
        raise refuse_value(read.get("type"), "environment.type")
    if id := read.get("environment_id"):
        environment = environments.alive(id.removeprefix("environments/"), call.now)
        environment.mount(read.get("sources", ()), call.now)
        return environment
    return environments.add(read, call.now)


# -- environments ---------------------------------------------------------------------------------------------------


def _create(google: Google, call: Call) -> Json:
    asked = read_body("Environment", call.json_body())
    check_credentials(call, asked.get("network"))
    if asked.get("mode", "on_demand") not in _MODES:
        raise refuse_value(asked["mode"], "mode")
    if asked.get("from_environment") and asked.get("sources"):
        raise refuse_in_words(400, "'sources' cannot be used with 'from_environment'.")
    for name in ("custom_config", "system_instruction"):
        if name in asked and asked.get("mode") != "self_hosted":
            raise refuse_in_words(400, f"'{name}' is only supported for self_hosted environments.")
    return call.project.environments.add(asked, call.now).resource(call.now, new=True)


def _list(google: Google, call: Call) -> Json:
    mode = call.request.query.get("mode", "")
    found = [one for one in call.project.environments.all() if not mode or one.mode == mode]
    shown, following = page_of(call, found, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"environments": [one.resource(call.now) for one in shown], **following} if shown else {}


def _get(google: Google, call: Call) -> Json:
    return _named(call)[0].resource(call.now)


def _delete(google: Google, call: Call) -> Json:
    call.project.environments.delete(_named(call)[0].id)
    return {}


def _named(call: Call) -> tuple[Environment, str]:
    """The environment of the path, and what is behind its `files/`; raises Refused."""
    id, _, behind = call.route.resource.removeprefix("environments/").partition("/")
    return call.project.environments.get(id), behind.removeprefix("files").strip("/")


# -- files ----------------------------------------------------------------------------------------------------------


def _files(google: Google, call: Call) -> Reply | Json:
    """A file's bytes with `alt=media`, else what there is to say of a file, or of all that is in a folder."""
    environment, asked = _named(call)
    path, query = clean_path(asked) if asked.strip("./") else "", call.request.query
    file = environment.files.get(path)
    if query.get("alt") == "media":
        if file is None:
            raise refuse_in_words(404, "Requested entity was not found.")
        return bytes_of(call, file.blob, file.mime_type)
    if file is not None:
        return {"files": [file.entry()]}
    entries = environment.entries(path, recursive=query.get("recursive") == "true")
    if not entries and path:
        raise refuse_in_words(404, "Requested entity was not found.")
    shown, following = page_of(call, entries, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"files": list(shown), **following} if shown else {}


def _check(google: Google, call: Call, metadata: Json, size: int) -> Json:
    """Where an upload goes; raises Refused for a path that is taken and may not be overwritten."""
    environment, asked = _named(call)
    query = call.request.query
    wanted = {name: query.get(name) == "true" for name in ("extract", "overwrite")}
    path = "" if wanted["extract"] and not asked.strip("./") else clean_path(asked)
    if not wanted["extract"] and not wanted["overwrite"] and path in environment.files:
        raise refuse_in_words(409, f"The file '{path}' already exists.")
    return {"path": path, **wanted}


def _finish(google: Google, call: Call, upload: Upload) -> Json:
    environment, path = _named(call)[0], upload.metadata["path"]
    if upload.metadata["extract"]:
        written = environment.unpack(path, upload.blob.kept(), call.now)
    else:
        written = [environment.write(path, upload.blob, call.now, upload.mime_type)]
    return {"files": [file.entry() for file in written]}


TARGET = Target(_check, _finish)

METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "createEnvironment": _create,
    "listEnvironments": _list,
    "getEnvironment": _get,
    "deleteEnvironment": _delete,
    "getEnvironmentFiles": _files,
}
