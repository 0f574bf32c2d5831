"""File search stores, and the documents in them, which are a store's own: whoever has the store has them."""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Gives, Made, Operation, Takes

UPLOAD_TO_STORE = Operation(
    "media.uploadToFileSearchStore",
    "POST",
    "{file_search_store_name=fileSearchStores/*}:uploadToFileSearchStore",
    root="upload",
    takes=Takes.STREAM,
    gives=Gives.BYTES,
    repeat=Repeat.UNTIL_SENT,
    belongs=Belongs.OWNER,
    cools=Cools.STORES,
)


def _get(id_: str, template: str) -> Operation:
    return Operation(id_, "GET", template, belongs=Belongs.OWNER)


STORE_ROWS: tuple[Operation, ...] = (
    Operation(
        "fileSearchStores.list",
        "GET",
        "fileSearchStores",
        belongs=Belongs.HOME,
        lists="fileSearchStores",
        default_page=10,
        max_page=20,
    ),
    Operation(
        "fileSearchStores.create",
        "POST",
        "fileSearchStores",
        takes=Takes.FIELDS,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.HOME,
        makes=(Made("name"),),
    ),
    _get("fileSearchStores.get", "{name=fileSearchStores/*}"),
    Operation("fileSearchStores.delete", "DELETE", "{name=fileSearchStores/*}", belongs=Belongs.OWNER),
    UPLOAD_TO_STORE,
    Operation(
        "fileSearchStores.importFile",
        "POST",
        "{file_search_store_name=fileSearchStores/*}:importFile",
        takes=Takes.FIELDS,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.OWNER,
        cools=Cools.STORES,
    ),
    Operation(
        "fileSearchStores.documents.list",
        "GET",
        "{parent=fileSearchStores/*}/documents",
        belongs=Belongs.OWNER,
        default_page=10,
        max_page=20,
    ),
    _get("fileSearchStores.documents.get", "{name=fileSearchStores/*/documents/*}"),
    Operation(
        "fileSearchStores.documents.delete",
        "DELETE",
        "{name=fileSearchStores/*/documents/*}",
        belongs=Belongs.OWNER,
    ),
    _get("fileSearchStores.operations.get", "{name=fileSearchStores/*/operations/*}"),
    _get("fileSearchStores.upload.operations.get", "{name=fileSearchStores/*/upload/operations/*}"),
)
