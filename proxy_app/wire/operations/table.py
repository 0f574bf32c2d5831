"""The operations: one row for each method of the API. `columns` says what the columns mean.

A row does not say which upstreams serve it: each dialect names its operations.
"""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Gives, Made, Metered, Operation, Takes

HOUR = 3600.0

LIST_MODELS = Operation("models.list", "GET", "models")
GET_MODEL = Operation(
    "models.get",
    "GET",
    "{name=models/*}",
    named_by="GetModelRequest.name",
    not_there=(
        "models/{name} is not found for API version {version}, or is not supported for generateContent. "
        "Call ListModels to see the list of available models and their supported methods."
    ),
)
GENERATE = Operation(
    "models.generateContent",
    "POST",
    "{model=models/*}:generateContent",
    takes=Takes.FIELDS,
    cools=Cools.MODEL,
    metered=Metered.TOKENS,
    named_by="GenerateContentRequest.model",
    takes_config=True,
    advertised="generateContent",
)
STREAM = Operation(
    "models.streamGenerateContent",
    "POST",
    "{model=models/*}:streamGenerateContent",
    takes=Takes.FIELDS,
    gives=Gives.EVENTS,
    cools=Cools.MODEL,
    metered=Metered.TOKENS,
    named_by="GenerateContentRequest.model",  # Google's name for it also where it streams
    takes_config=True,
)
COUNT = Operation(
    "models.countTokens",
    "POST",
    "{model=models/*}:countTokens",
    takes=Takes.FIELDS,
    cools=Cools.MODEL,
    named_by="CountTokensRequest.model",
    also=("{model=models/*}/countTokens",),
    wrappers=("generateContentRequest", "generate_content_request"),
    advertised="countTokens",
)


def _on_a_model(
    verb: str,
    *,
    gives: Gives = Gives.ANSWER,
    makes: tuple[Made, ...] = (),
    metered: Metered = Metered.NOTHING,
    advertised: str = "",
) -> Operation:
    """A verb on models. One that creates something is not sent twice: it may have done so before it failed."""
    return Operation(
        f"models.{verb}",
        "POST",
        f"{{model=models/*}}:{verb}",
        takes=Takes.FIELDS,
        gives=gives,
        repeat=Repeat.UNTIL_SENT if makes else Repeat.ALWAYS,
        belongs=Belongs.HOME if makes else Belongs.ANYBODY,
        makes=makes,
        cools=Cools.MODEL,
        metered=metered,
        named_by=f"{verb[0].upper()}{verb[1:]}Request.model",
        advertised=advertised,
    )


OPERATIONS: tuple[Operation, ...] = (
    LIST_MODELS,
    GET_MODEL,
    GENERATE,
    STREAM,
    COUNT,
    Operation("cachedContents.list", "GET", "cachedContents", belongs=Belongs.HOME),
    Operation(
        "cachedContents.create",
        "POST",
        "cachedContents",
        takes=Takes.FIELDS,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.HOME,
        makes=(Made("name", HOUR),),
        advertised="createCachedContent",
    ),
    _on_a_model("embedContent", metered=Metered.TEXTS),
    _on_a_model("batchEmbedContents", metered=Metered.TEXTS),
    _on_a_model("asyncBatchEmbedContent", makes=(Made("name", 48 * HOUR),)),
    _on_a_model("batchGenerateContent", makes=(Made("name", 48 * HOUR),), advertised="batchGenerateContent"),
    _on_a_model("predict"),
    _on_a_model("predictLongRunning", makes=(Made("name", 48 * HOUR),)),
    _on_a_model("generateAnswer"),
    _on_a_model("generateMessage"),
    _on_a_model("generateText"),
    _on_a_model("bidiGenerateContent", gives=Gives.SOCKET, metered=Metered.TOKENS),
)

# The ends of the paths that are answered by events.
STREAMED = tuple(f":{each.verb}" for each in OPERATIONS if each.gives is Gives.EVENTS)
