"""File search stores and their documents: what is uploaded or imported is taken in by a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.resources.files import active_file
from emulator.apis.resources.paging import page_of
from emulator.apis.uploads.sessions import Target
from emulator.state.resources.blobs import Blob
from emulator.state.resources.jobs import Job
from emulator.state.resources.names import random_id, slugged
from emulator.state.resources.stores import Store
from emulator.wire.errors import refuse
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google
    from emulator.state.resources.uploads import Upload

_PAGE_SIZE, _LARGEST_PAGE = 10, 20


def _create(google: Google, call: Call) -> Json:
    asked = read_message("FileSearchStore", call.json_body())
    return call.project.stores.add(asked.get("displayName", ""), call.now).resource(call.now)


def _list(google: Google, call: Call) -> Json:
    shown, following = page_of(call, call.project.stores.all(), usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"fileSearchStores": [store.resource(call.now) for store in shown], **following} if shown else {}


def _get(google: Google, call: Call) -> Json:
    return call.project.stores.get(call.route.resource).resource(call.now)


def _delete(google: Google, call: Call) -> Json:
    call.project.stores.delete(call.route.resource, force=_forced(call))
    return {}


def _list_documents(google: Google, call: Call) -> Json:
    documents = list(_store_of(call).documents.values())
    shown, following = page_of(call, documents, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"documents": [document.resource(call.now) for document in shown], **following} if shown else {}


def _get_document(google: Google, call: Call) -> Json:
    return _store_of(call).document(call.route.resource).resource(call.now)


def _delete_document(google: Google, call: Call) -> Json:
    _store_of(call).delete(call.route.resource, call.now, force=_forced(call))
    return {}


def _import(google: Google, call: Call) -> Json:
    call.project.stores.get(call.route.resource)
    asked = read_message("ImportFileRequest", call.json_body())
    if not asked.get("fileName"):
        raise refuse(400, "* ImportFileRequest.file_name: file_name is not specified\n")
    file = active_file(call, asked["fileName"])
    taken = {**asked, "displayName": file.display_name or file.id, "mimeType": file.mime_type}
    return _take_in(google, call, f"operations/{file.id}-{random_id(12)}", "ImportFileResponse", taken, file.blob)


def _check_upload(google: Google, call: Call, metadata: Json, size: int) -> Json:
    call.project.stores.get(call.route.resource)
    call.project.stores.check_room(size)
    return read_message("UploadToStoreRequest", metadata)


def _finish_upload(google: Google, call: Call, upload: Upload) -> Json:
    name = upload.metadata.get("displayName") or upload.file_name
    taken = {**upload.metadata, "displayName": name, "mimeType": upload.mime_type}
    operation = f"upload/operations/{slugged(name)}"
    return _take_in(google, call, operation, "UploadToFileSearchStoreResponse", taken, upload.blob)


def _take_in(google: Google, call: Call, operation: str, kind: str, taken: Json, blob: Blob) -> Json:
    """The operation of a job that takes a document into the call's store; `taken` is what `Store.add` wants."""
    store, takes = call.project.stores.get(call.route.resource), google.job_seconds
    call.project.stores.check_room(blob.size)
    document = store.add(taken, blob, call.now, call.now + takes)
    response = {"parent": store.name, "documentName": document.name}
    job = Job(f"{store.name}/{operation}", call.now, takes, lambda: response, kind)
    return call.project.jobs.add(job).resource(call.now)


def _store_of(call: Call) -> Store:
    return call.project.stores.get("/".join(call.route.resource.split("/")[:2]))


def _forced(call: Call) -> bool:
    """Python sends `True`, JavaScript `true`."""
    return call.request.query.get("force", "").lower() == "true"


TARGET = Target(_check_upload, _finish_upload)

METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "createFileSearchStore": _create,
    "listFileSearchStores": _list,
    "getFileSearchStore": _get,
    "deleteFileSearchStore": _delete,
    "importFile": _import,
    "listDocuments": _list_documents,
    "getDocument": _get_document,
    "deleteDocument": _delete_document,
}
