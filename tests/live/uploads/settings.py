"""The gateway's own settings, and one more row in the table of operations, which `gemini_api` accounts can answer.

The table is read when the dialects and the gateway's own modules are imported, after its settings.
"""

from accounts_app.pool.outcomes import Repeat
from gateway_project.settings import *  # noqa: F403
from proxy_app.wire.operations import Cools, Operation, Takes, table

UPLOAD = Operation(
    "models.takeIn",
    "POST",
    "{model=models/*}:takeIn",
    takes=Takes.STREAM,
    repeat=Repeat.UNTIL_SENT,
    cools=Cools.MODEL,
)

table.OPERATIONS = (*table.OPERATIONS, UPLOAD)

from proxy_app.wire import dialects  # noqa: E402

dialects.GeminiApi.operations |= {UPLOAD}
dialects.SERVED |= {UPLOAD}
