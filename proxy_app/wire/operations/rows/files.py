"""Files: taken in, listed, handed out; and the ones that models have made."""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Cools, Gives, Made, Operation, Takes

LIVES = 48 * 3600.0

UPLOAD = Operation(
    "media.upload",
    "POST",
    "files",
    root="upload",
    takes=Takes.STREAM,
    gives=Gives.BYTES,
    repeat=Repeat.UNTIL_SENT,
    belongs=Belongs.HOME,
    makes=(Made("file.name", LIVES),),
    chooses=Made("file.name", of="files"),
    cools=Cools.FILES,
)
LIST = Operation("files.list", "GET", "files", belongs=Belongs.HOME, lists="files", default_page=10, max_page=100)
GET = Operation("files.get", "GET", "{name=files/*}", belongs=Belongs.OWNER)
DOWNLOAD = Operation(
    "files.download",
    "GET",
    "{name=files/*}:download",
    other_roots=("download",),
    gives=Gives.BYTES,
    belongs=Belongs.OWNER,
)

DELETE = Operation("files.delete", "DELETE", "{name=files/*}", belongs=Belongs.OWNER)

FILE_ROWS: tuple[Operation, ...] = (
    UPLOAD,
    Operation(
        "files.create",  # without bytes
        "POST",
        "files",
        takes=Takes.FIELDS,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.HOME,
        makes=(Made("file.name", LIVES),),
        chooses=Made("file.name", of="files"),
        cools=Cools.FILES,
    ),
    LIST,
    GET,
    DELETE,
    DOWNLOAD,
    Operation(
        "files.register",
        "POST",
        "files:register",
        served=False,
        advice="It registers files for the caller's own Google token, in whose project no account of a pool can read "
        "them. Upload the files instead.",
        takes=Takes.FIELDS,
        repeat=Repeat.NEVER,
    ),
    Operation("generatedFiles.list", "GET", "generatedFiles", belongs=Belongs.HOME, default_page=10, max_page=50),
    Operation("generatedFiles.operations.get", "GET", "{name=generatedFiles/*/operations/*}", belongs=Belongs.OWNER),
)
