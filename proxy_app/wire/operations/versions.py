"""Which version of the API upstream is asked for: the client's, or v1beta where only that has the operation."""

from proxy_app.wire.faults.error_bodies import error_object
from proxy_app.wire.operations.columns import Family, Operation, Takes

FULLEST = "v1beta"

_REMEMBERED = 24 * 3600.0
_MOST = 1024


def is_missing(version: str, status: int, body: bytes) -> bool:
    """Whether an answer says that `version` does not have the operation, and v1beta may: a 404 of a web server, which
    is not in Google's JSON.
    """
    return version != FULLEST and status == 404 and error_object(body) is None


class Versions:
    """What upstream was found not to have. `now` is a clock's that only goes forward, in seconds."""

    def __init__(self) -> None:
        self._missing: dict[tuple[str, str], float] = {}

    def __repr__(self) -> str:
        return f"<Versions {sorted(self._missing)}>"

    def asked(self, version: str, operation: Operation, now: float) -> str:
        """The version to ask upstream for. What is streamed cannot be sent again: v1beta takes it for sure. OpenAI's
        layer is there alone.
        """
        if operation.takes is Takes.STREAM or operation.family is Family.OPENAI:
            return FULLEST
        return FULLEST if self._missing.get((version, operation.id), 0.0) > now else version

    def missing(self, version: str, operation: Operation, now: float) -> None:
        """Ask for v1beta instead, for a day."""
        if len(self._missing) >= _MOST:
            self._missing.clear()
        self._missing[version, operation.id] = now + _REMEMBERED
