"""Cached contents, batches, and the long-running operations that belong to no model."""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Made, Operation, Takes

_HOUR = 3600.0


def _update(verb: str) -> Operation:
    return Operation(
        f"batches.{verb}",
        "PATCH",
        f"{{name=batches/*}}:{verb}",
        takes=Takes.FIELDS,
        names_models=True,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.OWNER,
    )


CACHE_ROWS: tuple[Operation, ...] = (
    Operation(
        "cachedContents.list",
        "GET",
        "cachedContents",
        belongs=Belongs.HOME,
        lists="cachedContents",
        default_page=50,  # Google does not say
        max_page=1000,
    ),
    Operation(
        "cachedContents.create",
        "POST",
        "cachedContents",
        takes=Takes.FIELDS,
        names_models=True,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.HOME,
        makes=(Made("name", _HOUR),),
        cools=Cools.MODEL,
        advertised="createCachedContent",
    ),
    Operation("cachedContents.get", "GET", "{name=cachedContents/*}", belongs=Belongs.OWNER),
    Operation(
        "cachedContents.patch",
        "PATCH",
        "{name=cachedContents/*}",
        takes=Takes.FIELDS,
        names_models=True,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.OWNER,
    ),
    Operation("cachedContents.delete", "DELETE", "{name=cachedContents/*}", belongs=Belongs.OWNER),
)

BATCH_ROWS: tuple[Operation, ...] = (
    Operation(
        "batches.list",
        "GET",
        "batches",
        belongs=Belongs.HOME,
        lists="batches",
        default_page=50,  # Google does not say
        max_page=1000,
    ),
    Operation("batches.get", "GET", "{name=batches/*}", belongs=Belongs.OWNER),
    Operation("batches.cancel", "POST", "{name=batches/*}:cancel", belongs=Belongs.OWNER),
    Operation("batches.delete", "DELETE", "{name=batches/*}", belongs=Belongs.OWNER),
    _update("updateGenerateContentBatch"),
    _update("updateEmbedContentBatch"),
    # As the home project has them.
    Operation("operations.list", "GET", "operations", belongs=Belongs.HOME),
    Operation("operations.delete", "DELETE", "{name=operations/*}", belongs=Belongs.OWNER),
)
