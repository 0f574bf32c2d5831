"""OpenAI's dialect of the API, its WebSockets, and what Google's host says of itself. None of it is served yet."""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Family, Gives, Made, Metered, Operation, Takes


def _openai(
    id_: str,
    http: str,
    path: str,
    *,
    belongs: Belongs = Belongs.ANYBODY,
    makes: tuple[Made, ...] = (),
    metered: Metered = Metered.NOTHING,
    on_model: bool = False,
) -> Operation:
    return Operation(
        f"openai.{id_}",
        http,
        f"openai/{path}",
        family=Family.OPENAI,
        served=False,
        takes=Takes.FIELDS if http == "POST" else Takes.NOTHING,
        repeat=Repeat.UNTIL_SENT if makes else Repeat.ALWAYS,
        belongs=belongs,
        makes=makes,
        names_models=http == "POST",
        cools=Cools.MODEL if on_model else Cools.ACCOUNT,
        metered=metered,
    )


OPENAI_ROWS: tuple[Operation, ...] = (
    _openai("chat.completions", "POST", "chat/completions", metered=Metered.TOKENS, on_model=True),
    _openai("embeddings", "POST", "embeddings", metered=Metered.TEXTS, on_model=True),
    _openai("models.list", "GET", "models"),
    _openai("models.get", "GET", "models/{id=**}"),
    _openai("images.generations", "POST", "images/generations", on_model=True),
    _openai("videos.create", "POST", "videos", belongs=Belongs.HOME, makes=(Made("id"),), on_model=True),
    _openai("videos.get", "GET", "videos/{id=**}", belongs=Belongs.OWNER),
    _openai("batches.create", "POST", "batches", belongs=Belongs.HOME, makes=(Made("id"),)),
    _openai("batches.get", "GET", "batches/{id=**}", belongs=Belongs.OWNER),
    _openai("batches.cancel", "POST", "batches/{id=**}/cancel", belongs=Belongs.OWNER),
    # Google has none of these: they will be answered from its own files.
    _openai("files.create", "POST", "files", belongs=Belongs.HOME, makes=(Made("id"),)),
    _openai("files.get", "GET", "files/{id=**}", belongs=Belongs.OWNER),
    _openai("files.content", "GET", "files/{id=**}/content", belongs=Belongs.OWNER),
    _openai("files.delete", "DELETE", "files/{id=**}", belongs=Belongs.OWNER),
)


def _socket(id_: str, *also: str) -> Operation:
    """A WebSocket, by the last word of its path: `/ws/google.ai.generativelanguage.{v}.GenerativeService.{word}`."""
    word = f"{id_[:1].upper()}{id_[1:]}"
    return Operation(
        f"live.{id_}",
        "GET",
        word,
        family=Family.SOCKET,
        served=False,
        gives=Gives.SOCKET,
        repeat=Repeat.NEVER,
        cools=Cools.MODEL,
        metered=Metered.TOKENS,
        root="ws",
        also=also,
    )


LIVE_ROWS: tuple[Operation, ...] = (
    _socket("bidiGenerateContent", "BidiGenerateContentConstrained"),
    _socket("bidiGenerateMusic"),
    Operation(
        "auth_tokens.create",
        "POST",
        "auth_tokens",
        served=False,
        takes=Takes.FIELDS,
        names_models=True,
        repeat=Repeat.UNTIL_SENT,
        makes=(Made("name", 1800.0),),
    ),
)

# Below no version.
HOST_ROWS: tuple[Operation, ...] = (
    Operation("discovery.rest", "GET", "rest", root="$discovery", served=False),
    Operation("jwks.get", "GET", "jwks.json", root=".well-known", served=False),
)
