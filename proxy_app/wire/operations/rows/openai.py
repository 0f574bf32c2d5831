"""Google's layer for OpenAI's clients.

Ids are Google's own names, which clients write in paths with an encoded slash or without their collection. The layer
has no files and lists its models without a key's limits: both are answered by the gateway.
"""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Family, Gives, Made, Metered, Operation, Takes
from proxy_app.wire.operations.rows.models import HOUR


def _row(
    id_: str,
    http: str,
    path: str,
    *,
    takes: Takes = Takes.FIELDS,
    gives: Gives = Gives.ANSWER,
    belongs: Belongs = Belongs.ANYBODY,
    makes: tuple[Made, ...] = (),
    tells: tuple[Made, ...] = (),
    metered: Metered = Metered.NOTHING,
    on_model: bool = False,
    also: tuple[str, ...] = (),
) -> Operation:
    has_body = http == "POST" and "{" not in path
    return Operation(
        f"openai.{id_}",
        http,
        f"openai/{path}",
        family=Family.OPENAI,
        takes=takes if has_body else Takes.NOTHING,
        gives=gives,
        repeat=Repeat.UNTIL_SENT if makes else Repeat.ALWAYS,
        belongs=belongs,
        makes=makes,
        tells=tells,
        names_models=has_body and takes is not Takes.STREAM,
        cools=Cools.MODEL if on_model else Cools.ACCOUNT,
        metered=metered,
        also=tuple(f"openai/{each}" for each in also),
    )


CHAT = _row(
    "chat.completions",
    "POST",
    "chat/completions",
    gives=Gives.CHUNKS,  # or one object: the body says which
    metered=Metered.TOKENS,
    on_model=True,
)
EMBEDDINGS = _row("embeddings", "POST", "embeddings", metered=Metered.TEXTS, on_model=True)
MODELS = _row("models.list", "GET", "models")
MODEL = _row("models.get", "GET", "models/{id=models/*}", also=("{id=models/*}",))
IMAGES = _row("images.generations", "POST", "images/generations", on_model=True)
VIDEO = _row(
    "videos.create",
    "POST",
    "videos",
    takes=Takes.FORM,
    belongs=Belongs.HOME,
    makes=(Made("id", 48 * HOUR),),
    on_model=True,
)
GET_VIDEO = _row(
    "videos.get",
    "GET",
    "videos/{id=models/*/operations/*}",
    belongs=Belongs.OWNER,
    tells=(Made("url", 48 * HOUR),),
)
BATCH = _row("batches.create", "POST", "batches", belongs=Belongs.HOME, makes=(Made("id", of="batches"),))
GET_BATCH = _row("batches.get", "GET", "batches/{id=batches/*}", belongs=Belongs.OWNER, also=("{id=batches/*}",))
CANCEL_BATCH = _row(
    "batches.cancel",
    "POST",
    "batches/{id=batches/*}/cancel",
    belongs=Belongs.OWNER,
    also=("{id=batches/*}/cancel",),
)
# Answered by Google's own methods on files.
CREATE_FILE = _row("files.create", "POST", "files", takes=Takes.STREAM, belongs=Belongs.HOME)
LIST_FILES = _row("files.list", "GET", "files", belongs=Belongs.HOME)
GET_FILE = _row("files.get", "GET", "files/{id=files/*}", belongs=Belongs.OWNER, also=("{id=files/*}",))
FILE_CONTENT = _row(
    "files.content",
    "GET",
    "files/{id=files/*}/content",
    belongs=Belongs.OWNER,
    also=("{id=files/*}/content",),
)
DELETE_FILE = _row("files.delete", "DELETE", "files/{id=files/*}", belongs=Belongs.OWNER, also=("{id=files/*}",))

# The gateway answers these itself.
OWN: tuple[Operation, ...] = (MODELS, MODEL, CREATE_FILE, LIST_FILES, GET_FILE, FILE_CONTENT, DELETE_FILE)

OPENAI_ROWS: tuple[Operation, ...] = (
    CHAT,
    EMBEDDINGS,
    IMAGES,
    VIDEO,
    GET_VIDEO,
    BATCH,
    GET_BATCH,
    CANCEL_BATCH,
    *OWN,
)
