"""The WebSockets of the API, and what Google's host says of itself. None of it is served yet."""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Cools, Family, Gives, Made, Metered, Operation, Takes


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
    Operation("discovery.rest", "GET", "rest", root="$discovery"),
    Operation("jwks.get", "GET", "jwks.json", root=".well-known"),
)
