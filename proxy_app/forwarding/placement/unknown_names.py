"""Names that nobody here knows, in projects that are one tenant's alone: made in AI Studio, or before the gateway.

A GET of the resource says which of these projects has it. Nobody else's projects are asked, so that the answer is the
same for a name of others and for one that is not there. What was found has a row from then on; what was not is
remembered for a moment.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

from accounts_app.leasing import owners
from accounts_app.leasing.owners import Tenant
from proxy_app import errors
from proxy_app.forwarding.placement import on_behalf
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects import SERVED
from proxy_app.wire.operations import Belongs, paths
from proxy_app.wire.operations.paths import Target
from proxy_app.wire.operations.shown import shown_in
from proxy_app.wire.resource_names import Name

MOST_PROJECTS = 16  # asked for one name
ASK_SECONDS = 2.0  # for each
KEPT_SECONDS, KEPT_NAMES = 30.0, 10_000

_MISSING = (403, 404)

_nowhere: OrderedDict[tuple[Tenant, str], float] = OrderedDict()  # until when not to ask again
reset = _nowhere.clear


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one project says of a name; without an answer it is neither there nor missing."""

    owner: int
    is_there: bool = False
    is_missing: bool = False


async def owner_of(call: Call, name: Name, attempt_log: AttemptLog) -> int | None:
    """The exclusive project of the tenant's to ask for `name`; None when none has it.

    1. Where there is one only it is that one; where there is nothing to ask by, it is the home. One in which others
       hold the name, from before it was the tenant's alone, does not count.
    2. The home is asked, then the others at once; the one that has it is written down.
    3. Where one could not be asked it may be the one.

    Raises Django's database errors.
    """
    name = name.owner
    projects = owners.exclusive(call.tenant)
    if projects:
        taken = (await owners.held(str(name), call.tenant)).by_others
        projects = [each for each in projects if each not in taken]
    get = paths.find("GET", str(name))
    if len(projects) < 2 or get is None or not _can_be_asked(get):
        return projects[0] if projects else None
    key = call.tenant, str(name)
    if _nowhere.get(key, 0.0) > monotonic():
        return None
    asked = [await _asked(call, name, get, projects[0], attempt_log)]
    if not asked[0].is_there:
        others = projects[1:MOST_PROJECTS]
        asked += await asyncio.gather(*(_asked(call, name, get, each, attempt_log) for each in others))
    if at := next((each.owner for each in asked if each.is_there), None):
        return at
    if at := next((each.owner for each in asked if not each.is_missing), None):
        return at
    _nowhere[key] = monotonic() + KEPT_SECONDS
    while len(_nowhere) > KEPT_NAMES:
        _nowhere.popitem(last=False)
    return None


def _can_be_asked(get: Target) -> bool:
    return get.operation in SERVED and get.operation.belongs is Belongs.OWNER


async def _asked(call: Call, name: Name, get: Target, owner: int, attempt_log: AttemptLog) -> _Asked:
    try:
        answer = await on_behalf.ask_for(call, get.operation, owner, attempt_log, within=ASK_SECONDS, name=name)
    except errors.UpstreamError as error:
        return _Asked(owner, is_missing=error.code in _MISSING)
    except (errors.GatewayError, errors.BrokenStream):
        return _Asked(owner)
    new = shown_in(answer.body)
    await owners.made(
        str(name),
        answer.account,
        call.tenant,
        kind=name.kind,
        state=new.state,
        size_bytes=new.size_bytes,
        expires_at=new.expires_at,
        last_json=new.json,
    )
    return _Asked(owner, is_there=True)
