"""The table of operations: what each method of the API is, in one row.

Routing, retries, cooldowns, the request log's method, the list of models and the texts for what is not served all read
this table. `paths` finds the row that a client's path stands for, `made_names` the names that an answer makes.

Columns that no served operation fills (`belongs`, `makes`, some values of `takes`, `gives` and `metered`) are not acted
on by the gateway so far.
"""

from proxy_app.wire.operations.columns import Belongs, Cools, Gives, Made, Metered, Operation, Takes
from proxy_app.wire.operations.table import COUNT, GENERATE, GET_MODEL, LIST_MODELS, OPERATIONS, STREAM, STREAMED

__all__ = [
    "COUNT",
    "GENERATE",
    "GET_MODEL",
    "LIST_MODELS",
    "OPERATIONS",
    "STREAM",
    "STREAMED",
    "Belongs",
    "Cools",
    "Gives",
    "Made",
    "Metered",
    "Operation",
    "Takes",
]
