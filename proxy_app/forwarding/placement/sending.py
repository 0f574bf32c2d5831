"""Sends a call to its place, and what it makes to another one if need be.

A create goes to another project where somebody else holds the name that the client has chosen, or where the storage is
full. Files that the call names are prepared for each account that it goes to.
"""

from accounts_app.leasing import homes
from accounts_app.pool.outcomes import Outcome
from proxy_app import errors
from proxy_app.forwarding import forward, placement
from proxy_app.forwarding.placement import Place
from proxy_app.forwarding.placement.copies import Copies
from proxy_app.forwarding.relay import Relay
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import Cools

MOST_PROJECTS = 16  # asked to make one thing


async def send(call: Call, place: Place, attempt_log: AttemptLog) -> tuple[Place, Relay]:
    """The relay of the answer to a call, and the place that it came from. Raises GatewayError.

    Where no other project is left, the refusal of the last one is the client's answer.
    """
    tried: set[int] = set()
    while True:
        try:
            return place, await _forwarded(call, place, attempt_log)
        except errors.GatewayError as error:
            if place.owner is None or not await _is_taken(call, place.owner, error, attempt_log):
                raise
            tried.add(place.owner)
            if len(tried) >= MOST_PROJECTS:
                raise
            try:
                other = await placement.place(call, attempt_log, tried)
            except errors.GatewayError:
                raise error from None
            if other.owner in tried:
                raise
            place = other


async def _forwarded(call: Call, place: Place, attempt_log: AttemptLog) -> Relay:
    """The relay of the answer of one place. What a call without files takes is the first branch."""
    files = place.files
    if files.is_plain:
        return await forward.forward(call, attempt_log, owner=place.owner)
    call = files.bound(call)
    async with Copies(files, attempt_log, is_bound=bool(call.named.names)) as copies:
        return await forward.forward(call, attempt_log, owner=place.owner, files=copies)


async def _is_taken(call: Call, owner: int, error: errors.GatewayError, attempt_log: AttemptLog) -> bool:
    """Whether a project has refused to make what another may make."""
    if not call.operation.makes or (call.content is not None and not call.content.replayable):
        return False
    if isinstance(error, errors.UpstreamError) and error.code == 409:
        return call.named.chosen is not None
    is_full = bool(attempt_log.entries) and attempt_log.entries[-1].fault.outcome is Outcome.QUOTA_EXHAUSTED
    if is_full and call.operation.cools is Cools.FILES:
        await homes.storage_is_full(owner, call.operation.cools.storage, "files")
        return True
    return False
