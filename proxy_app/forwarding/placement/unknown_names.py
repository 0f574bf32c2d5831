"""Names that nobody here knows, in projects that are one tenant's alone: made in AI Studio, or before the gateway.

A GET of the resource says which of these projects has it. Nobody else's projects are asked, so that the answer is the
same for a name of others and for one that is not there. What was found has a row from then on; what was not is
remembered for a moment.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from accounts_app.leasing import owners
from accounts_app.leasing.owners import Tenant
from proxy_app import errors
from proxy_app.forwarding.placement import on_behalf
from proxy_app.forwarding.placement.on_behalf import Answer
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects import SERVED
from proxy_app.wire.names.resource_names import Name
from proxy_app.wire.operations import Belongs, paths
from proxy_app.wire.operations.paths import Target
from proxy_app.wire.operations.shown import shown_in

MOST_PROJECTS = 16  # asked for one name
ASK_SECONDS = 2.0  # for each
KEPT_SECONDS, KEPT_NAMES = 30.0, 10_000

_MISSING = (403, 404)

_nowhere: OrderedDict[tuple[Tenant, str], float] = OrderedDict()  # until when not to ask again
reset = _nowhere.clear


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one project says of a name: its answer where it has it; nothing, and not missing, where it does not say."""

    owner: int
    answer: Answer | None = None
    is_missing: bool = False


async def owner_of(call: Call, name: Name, attempt_log: AttemptLog) -> int | None:
    """The exclusive project of the tenant's to ask for `name`; None when none has it.

    1. A single project is not asked: it is the answer. Of several, where no GET shows such a resource, the home (the
       first) is. Neither is, where others hold the name in it, from before it was the tenant's alone.
    2. Else the home is asked, then all others at once. The one that has the name is the answer and gets a row, unless
       others hold the name: two projects may be one, as long as nobody knows.
    3. Where none has it, one that could not be asked is the answer: it may be there.

    Raises Django's database errors.
    """
    name = name.owner
    projects = owners.exclusive(call.tenant)
    if not projects:
        return None
    get = paths.find("GET", str(name))
    if len(projects) == 1 or get is None or not _can_be_asked(get):
        held = await owners.held(str(name), call.tenant)
        return None if projects[0] in held.by_others else projects[0]
    if _nowhere.get((call.tenant, str(name)), 0.0) > monotonic():
        return None
    asked = await _all_asked(call, name, get, projects, attempt_log)
    there = next((each for each in asked if each.answer is not None), None)
    if there is not None and not (await owners.held(str(name), call.tenant)).by_others:
        await _write_down(call, name, there)
        return there.owner
    if there is None and (unsaid := next((each.owner for each in asked if not each.is_missing), None)):
        return unsaid
    _nowhere[call.tenant, str(name)] = monotonic() + KEPT_SECONDS
    while len(_nowhere) > KEPT_NAMES:
        _nowhere.popitem(last=False)
    return None


def _can_be_asked(get: Target) -> bool:
    return get.operation in SERVED and get.operation.belongs is Belongs.OWNER


async def _all_asked(
    call: Call, name: Name, get: Target, projects: Sequence[int], attempt_log: AttemptLog
) -> list[_Asked]:
    home, *others = projects[:MOST_PROJECTS]
    asked = [await _asked(call, name, get, home, attempt_log)]
    if asked[0].answer is None:
        asked += await asyncio.gather(*(_asked(call, name, get, each, attempt_log) for each in others))
    return asked


async def _asked(call: Call, name: Name, get: Target, owner: int, attempt_log: AttemptLog) -> _Asked:
    try:
        answer = await on_behalf.ask_for(call, get.operation, owner, attempt_log, within=ASK_SECONDS, name=name)
    except errors.UpstreamError as error:
        return _Asked(owner, is_missing=error.code in _MISSING)
    except (errors.GatewayError, errors.BrokenStream):
        return _Asked(owner)
    return _Asked(owner, answer)


async def _write_down(call: Call, name: Name, there: _Asked) -> None:
    assert there.answer is not None
    new = shown_in(there.answer.body)
    await owners.made(
        str(name),
        there.answer.account,
        call.tenant,
        kind=name.kind,
        state=new.state,
        size_bytes=new.size_bytes,
        expires_at=new.expires_at,
        last_json=new.json,
    )
