"""The table of operations: what each method of the API is, in one row.

Routing, retries, cooldowns, the request log's method, the list of models and the texts for what is not served all read
this table. `addresses` reads root and version of a client's path, `paths` finds the row that the rest stands for,
`made_names` the names that an answer makes; `not_there` has the errors for names that are not there.
"""

from proxy_app.wire.operations.columns import Belongs, Cools, Family, Gives, Made, Metered, Operation, Takes
from proxy_app.wire.operations.table import (
    COUNT,
    FORWARDED,
    GENERATE,
    GET_MODEL,
    LIST_MODELS,
    OPERATIONS,
    STREAM,
    STREAMED,
)

__all__ = [
    "COUNT",
    "FORWARDED",
    "GENERATE",
    "GET_MODEL",
    "LIST_MODELS",
    "OPERATIONS",
    "STREAM",
    "STREAMED",
    "Belongs",
    "Cools",
    "Family",
    "Gives",
    "Made",
    "Metered",
    "Operation",
    "Takes",
]
