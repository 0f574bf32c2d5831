"""Models, and what is asked of them; dynamic models beside them."""

from dataclasses import replace

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Family, Gives, Made, Metered, Operation, Takes

HOUR = 3600.0

LIST_MODELS = Operation("models.list", "GET", "models", default_page=50, max_page=1000)
GET_MODEL = Operation("models.get", "GET", "{name=models/*}", named_by="GetModelRequest.name")
GENERATE = Operation(
    "models.generateContent",
    "POST",
    "{model=models/*}:generateContent",
    takes=Takes.FIELDS,
    cools=Cools.MODEL,
    metered=Metered.TOKENS,
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
    also=("{model=models/*}/countTokens",),
    wrappers=("generateContentRequest", "generate_content_request"),
    advertised="countTokens",
)


def on_model(
    verb: str,
    collection: str = "models",
    *,
    belongs: Belongs = Belongs.ANYBODY,
    makes: tuple[Made, ...] = (),
    metered: Metered = Metered.NOTHING,
    advertised: str = "",
) -> Operation:
    """A verb on models. One that creates something is not sent twice: it may have done so before it failed."""
    return Operation(
        f"{collection}.{verb}",
        "POST",
        f"{{model={collection}/*}}:{verb}",
        takes=Takes.FIELDS,
        names_models=True,
        repeat=Repeat.UNTIL_SENT if makes else Repeat.ALWAYS,
        belongs=Belongs.HOME if makes and belongs is Belongs.ANYBODY else belongs,
        makes=makes,
        cools=Cools.MODEL,
        metered=metered,
        advertised=advertised,
    )


def generating(collection: str) -> tuple[Operation, Operation]:
    """generateContent and streamGenerateContent on models that one project has and no other."""
    generate, stream = (
        replace(
            row,
            id=f"{collection}.{row.verb}",
            template=f"{{model={collection}/*}}:{row.verb}",
            belongs=Belongs.OWNER,
            advertised="",
        )
        for row in (GENERATE, STREAM)
    )
    return generate, stream


# The files of a finished video, whose addresses its operation tells.
_VIDEOS = (
    Made("response.generateVideoResponse.generatedSamples[].video.uri", 48 * HOUR),
    Made("response.generatedVideos[].video.uri", 48 * HOUR),
)

MODEL_ROWS: tuple[Operation, ...] = (
    LIST_MODELS,
    GET_MODEL,
    GENERATE,
    STREAM,
    COUNT,
)

VERB_ROWS: tuple[Operation, ...] = (
    on_model("embedContent", metered=Metered.TEXTS),
    on_model("batchEmbedContents", metered=Metered.TEXTS),
    on_model("asyncBatchEmbedContent", makes=(Made("name"),)),
    on_model("batchGenerateContent", makes=(Made("name"),), advertised="batchGenerateContent"),
    on_model("predict"),
    on_model("predictLongRunning", makes=(Made("name", 48 * HOUR),)),
    Operation("models.operations.get", "GET", "{name=models/*/operations/*}", belongs=Belongs.OWNER, tells=_VIDEOS),
    Operation(
        "models.operations.list",
        "GET",
        "{name=models/*}/operations",
        belongs=Belongs.HOME,
        lists="operations",
        default_page=50,
        max_page=1000,
    ),
    on_model("generateAnswer"),
    on_model("generateMessage"),
    on_model("generateText"),
    on_model("embedText", metered=Metered.TEXTS),
    on_model("batchEmbedText", metered=Metered.TEXTS),
    on_model("countTextTokens"),
    on_model("countMessageTokens"),
    *generating("dynamic"),
    # Models are advertised with it; it is a WebSocket, whose path is another.
    Operation(
        "models.bidiGenerateContent",
        "POST",
        "{model=models/*}:bidiGenerateContent",
        family=Family.SOCKET,
        served=False,
        gives=Gives.SOCKET,
        repeat=Repeat.NEVER,
        cools=Cools.MODEL,
        metered=Metered.TOKENS,
    ),
)
