"""The operations: one row for each method of the API, family by family in `rows`. `columns` says what the
columns mean.

A row does not say which upstreams serve it: each dialect names its operations.
"""

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations.columns import Belongs, Gives, Operation, Takes
from proxy_app.wire.operations.rows.caches_and_batches import BATCH_ROWS, CACHE_ROWS
from proxy_app.wire.operations.rows.files import FILE_ROWS
from proxy_app.wire.operations.rows.interactions import INTERACTION_ROWS
from proxy_app.wire.operations.rows.legacy import LEGACY_ROWS
from proxy_app.wire.operations.rows.models import COUNT, GENERATE, GET_MODEL, LIST_MODELS, MODEL_ROWS, STREAM, VERB_ROWS
from proxy_app.wire.operations.rows.openai import OPENAI_ROWS
from proxy_app.wire.operations.rows.others import HOST_ROWS, LIVE_ROWS
from proxy_app.wire.operations.rows.stores import STORE_ROWS

__all__ = ["COUNT", "FORWARDED", "GENERATE", "GET_MODEL", "LIST_MODELS", "OPERATIONS", "STREAM", "STREAMED"]

OPERATIONS: tuple[Operation, ...] = (
    *MODEL_ROWS,
    *CACHE_ROWS,
    *VERB_ROWS,
    *FILE_ROWS,
    *BATCH_ROWS,
    *STORE_ROWS,
    *LEGACY_ROWS,
    *INTERACTION_ROWS,
    *OPENAI_ROWS,
    *LIVE_ROWS,
    *HOST_ROWS,
)

# What has no row: a method of Google's that is newer than this table. It goes as it came, once, and is not understood.
FORWARDED = Operation(
    "forwarded",
    "*",
    "{path=**}",
    takes=Takes.OPAQUE,
    gives=Gives.BYTES,
    repeat=Repeat.NEVER,
    belongs=Belongs.HOME,
)

# The ends of the paths that are answered by events.
STREAMED = tuple({f":{each.verb}" for each in OPERATIONS if each.gives is Gives.EVENTS})
