"""The dialects of upstreams, by kind of account. A new one is a module beside these and an entry in `DIALECTS`."""

from collections.abc import Mapping

from proxy_app.wire.dialects.cloud_code import CloudCode
from proxy_app.wire.dialects.dialect import Dialect, UpstreamRequest
from proxy_app.wire.dialects.gemini_api import GeminiApi
from proxy_app.wire.dialects.readers import Reader, ReportedError
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.operations import Operation

__all__ = ["DIALECTS", "SERVED", "Dialect", "NotAnAnswer", "Reader", "ReportedError", "UpstreamRequest"]

DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (CloudCode(), GeminiApi())}

# The operations that some kind of account can answer; all others are answered with 501.
SERVED: frozenset[Operation] = frozenset().union(*(dialect.operations for dialect in DIALECTS.values()))
