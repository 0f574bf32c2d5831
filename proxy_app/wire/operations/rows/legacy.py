"""Tuned models and corpora, which Google still serves to those who have some."""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Made, Operation, Takes
from proxy_app.wire.operations.rows.models import generating, on_model


def _get(id_: str, template: str) -> Operation:
    return Operation(id_, "GET", template, belongs=Belongs.OWNER)


def _delete(id_: str, template: str) -> Operation:
    return Operation(id_, "DELETE", template, belongs=Belongs.OWNER)


def _change(id_: str, template: str, http: str = "PATCH") -> Operation:
    return Operation(id_, http, template, takes=Takes.FIELDS, repeat=Repeat.UNTIL_SENT, belongs=Belongs.OWNER)


def _permissions(collection: str) -> tuple[Operation, ...]:
    one, of = f"{{name={collection}/*/permissions/*}}", f"{collection}.permissions"
    return (
        Operation(
            f"{of}.list",
            "GET",
            f"{{parent={collection}/*}}/permissions",
            belongs=Belongs.OWNER,
            default_page=10,
            max_page=1000,
        ),
        _change(f"{of}.create", f"{{parent={collection}/*}}/permissions", "POST"),
        _get(f"{of}.get", one),
        _change(f"{of}.patch", one),
        _delete(f"{of}.delete", one),
    )


LEGACY_ROWS: tuple[Operation, ...] = (
    # Listed as the home project has them: nobody makes new ones.
    Operation("tunedModels.list", "GET", "tunedModels", belongs=Belongs.HOME, default_page=10, max_page=1000),
    Operation(
        "tunedModels.create",
        "POST",
        "tunedModels",
        takes=Takes.FIELDS,
        names_models=True,
        chooses=Made("tunedModelId", of="tunedModels"),
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.HOME,
        makes=(Made("name"),),
    ),
    _get("tunedModels.get", "{name=tunedModels/*}"),
    _change("tunedModels.patch", "{name=tunedModels/*}"),
    _delete("tunedModels.delete", "{name=tunedModels/*}"),
    _change("tunedModels.transferOwnership", "{name=tunedModels/*}:transferOwnership", "POST"),
    on_model("generateText", "tunedModels", belongs=Belongs.OWNER),
    *generating("tunedModels"),
    on_model("batchGenerateContent", "tunedModels", belongs=Belongs.OWNER, makes=(Made("name"),)),
    on_model("asyncBatchEmbedContent", "tunedModels", belongs=Belongs.OWNER, makes=(Made("name"),)),
    _get("tunedModels.operations.get", "{name=tunedModels/*/operations/*}"),
    _get("tunedModels.operations.list", "{name=tunedModels/*}/operations"),
    Operation(
        "tunedModels.operations.cancel", "POST", "{name=tunedModels/*/operations/*}:cancel", belongs=Belongs.OWNER
    ),
    *_permissions("tunedModels"),
    Operation("corpora.list", "GET", "corpora", belongs=Belongs.HOME, lists="corpora", default_page=10, max_page=20),
    Operation(
        "corpora.create",
        "POST",
        "corpora",
        takes=Takes.FIELDS,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.HOME,
        makes=(Made("name"),),
    ),
    _get("corpora.get", "{name=corpora/*}"),
    _delete("corpora.delete", "{name=corpora/*}"),
    _get("corpora.operations.get", "{name=corpora/*/operations/*}"),
    *_permissions("corpora"),
)
