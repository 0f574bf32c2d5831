"""Google's layer for OpenAI's clients.

Ids are Google's own names, which clients write in paths with an encoded slash or without their collection. The layer
has no files and lists its models without a key's limits: both are answered by the gateway.
"""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Family, Gives, Made, Metered, Operation, Takes


def _row(
    id_: str,
    http: str,
    path: str,
    *,
    served: bool = True,
    gives: Gives = Gives.ANSWER,
    belongs: Belongs = Belongs.ANYBODY,
    makes: tuple[Made, ...] = (),
    metered: Metered = Metered.NOTHING,
    on_model: bool = False,
    also: tuple[str, ...] = (),
) -> Operation:
    return Operation(
        f"openai.{id_}",
        http,
        f"openai/{path}",
        family=Family.OPENAI,
        served=served,
        takes=Takes.FIELDS if http == "POST" and "{" not in path else Takes.NOTHING,
        gives=gives,
        repeat=Repeat.UNTIL_SENT if makes else Repeat.ALWAYS,
        belongs=belongs,
        makes=makes,
        names_models=http == "POST" and "{" not in path,
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
IMAGES = _row("images.generations", "POST", "images/generations", on_model=True, served=False)

OPENAI_ROWS: tuple[Operation, ...] = (
    CHAT,
    EMBEDDINGS,
    MODELS,
    MODEL,
    IMAGES,
    _row("videos.create", "POST", "videos", belongs=Belongs.HOME, makes=(Made("id"),), on_model=True, served=False),
    _row("videos.get", "GET", "videos/{id=models/*/operations/*}", belongs=Belongs.OWNER, served=False),
    _row("batches.create", "POST", "batches", belongs=Belongs.HOME, makes=(Made("id"),), served=False),
    _row(
        "batches.get",
        "GET",
        "batches/{id=batches/*}",
        belongs=Belongs.OWNER,
        also=("{id=batches/*}",),
        served=False,
    ),
    _row(
        "batches.cancel",
        "POST",
        "batches/{id=batches/*}/cancel",
        belongs=Belongs.OWNER,
        also=("{id=batches/*}/cancel",),
        served=False,
    ),
    _row("files.create", "POST", "files", belongs=Belongs.HOME, makes=(Made("id"),), served=False),
    _row("files.list", "GET", "files", belongs=Belongs.HOME, served=False),
    _row("files.get", "GET", "files/{id=files/*}", belongs=Belongs.OWNER, also=("{id=files/*}",), served=False),
    _row(
        "files.content",
        "GET",
        "files/{id=files/*}/content",
        belongs=Belongs.OWNER,
        also=("{id=files/*}/content",),
        served=False,
    ),
    _row(
        "files.delete",
        "DELETE",
        "files/{id=files/*}",
        belongs=Belongs.OWNER,
        also=("{id=files/*}",),
        served=False,
    ),
)
