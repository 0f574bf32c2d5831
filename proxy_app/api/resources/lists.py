"""Lists of a tenant's resources: from their rows, refreshed by what upstream lists.

1. Where all that a tenant has is in one project, and this project is the tenant's alone, upstream's list is the answer,
   without what others are known to have made there.
2. Else the answer is a page of the rows. Every project with rows on the page is asked for its list, and for the first
   page every project that is the tenant's alone. What these have that nobody here knew gets a row.
3. A row is shown as its project lists it. If the project does not answer in time, it is shown as it was last seen; if
   the project's whole list does not have it, it is left out.
4. What every project has (voices of Google's) comes last.
"""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlencode

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import QueryDict

from accounts_app import leasing
from accounts_app.leasing import owners
from accounts_app.leasing.owner_news import MadeRow
from accounts_app.leasing.owners import Listed, Tenant
from accounts_app.pool.outcomes import Outcome
from proxy_app import errors
from proxy_app.forwarding import forward
from proxy_app.forwarding.failures import cannot
from proxy_app.forwarding.placement import NO_DATABASE, Place, on_behalf
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.framing import page_tokens
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.resource_names import VOICES, BadName, Name
from proxy_app.wire.operations import Belongs, Operation, listed
from proxy_app.wire.operations.shown import shown_in

REFRESH_SECONDS = 2.0
# What was made so lately may not be in upstream's lists yet.
YOUNG_SECONDS = 60.0
# In a page's token, when the rows have come to an end.
_END = 0

# The kinds of which every project has some.
_EVERYBODYS = (VOICES,)

_BAD_TOKEN = "* {request}.page_token: page token is invalid"
_BAD_SIZE = "Invalid value at 'page_size' (TYPE_INT32), \"{text}\""
_NEGATIVE = "* {request}.page_size: page_size must not be negative"


Filters = Sequence[tuple[str, str]]


@dataclass(slots=True)
class _Upstream:
    """What one project lists, as far as it has been asked; `is_whole` says that there is no more."""

    items: dict[str, bytes] = field(default_factory=dict)
    account: int = 0
    is_whole: bool = False


async def answer(call: Call, query: QueryDict, attempt_log: AttemptLog) -> bytes:
    """The answer to a call that lists what the gateway keeps rows of. Raises GatewayError."""
    if not leasing.is_supported(call.operation.id):
        raise cannot(call)
    kind = call.operation.lists
    try:
        alone = owners.exclusive(call.tenant)
        if len(alone) == 1 and {*filter(leasing.has_accounts, await owners.projects(kind, call.tenant))} <= {*alone}:
            return await _passed(call, alone[0], attempt_log)
        return await _page(call, query, alone, attempt_log)
    except DatabaseError as error:
        raise errors.Unavailable(NO_DATABASE, outcome=Outcome.GATEWAY_ERROR) from error


async def only_own(call: Call, place: Place, body: bytes) -> bytes:
    """`body`, where it is a list from the tenant's home project that is not made of rows: without what others have.

    Of a project that others use too, that is what the tenant has made. Every other answer is as it came.
    """
    operation, tenant = call.operation, call.tenant
    if operation.belongs is not Belongs.HOME or not operation.read_only:
        return body
    try:
        if place.owner in owners.exclusive(tenant):
            return await _without_others(operation, body, tenant)
        return listed.only(operation, body, await owners.own(listed.names_in(operation, body), tenant))
    except DatabaseError as error:
        raise errors.Unavailable(NO_DATABASE, outcome=Outcome.GATEWAY_ERROR) from error


async def _without_others(operation: Operation, body: bytes, tenant: Tenant) -> bytes:
    """A list of a project that is a tenant's alone, without what others have made there before it was.

    Raises Django's database errors.
    """
    names = listed.names_in(operation, body)
    theirs = await owners.of_others(names, tenant)
    return listed.only(operation, body, {*names} - theirs) if theirs else body


async def _passed(call: Call, owner: int, attempt_log: AttemptLog) -> bytes:
    relay = await forward.forward(call, attempt_log, owner=owner)
    try:
        (body,) = await anext(relay)
        known = _Upstream(listed.page_in(call.operation, body).items, relay.account.id)
        await _write_down(call, [known])
        return await _without_others(call.operation, body, call.tenant)
    finally:
        await relay.aclose()


async def _page(call: Call, query: QueryDict, alone: Sequence[int], attempt_log: AttemptLog) -> bytes:
    size, scope = _size(call, query), f"{_under(call)} of {call.tenant.text}"
    after = None
    if token := query.get(listed.form(call.operation).token, ""):
        after = page_tokens.read(token, scope, settings.SECRET_KEY.encode())
        if after is None:
            raise errors.InvalidArgument(_BAD_TOKEN.format(request=_request(call)))
    kind, under = call.operation.lists, _under(call) if call.name else ""
    rows = await owners.rows(kind, call.tenant, after, size + 1, under=under)
    asked: dict[int, Collection[str] | None] = {} if after else dict.fromkeys(alone)
    asked |= {owner: names for owner, names in _names(rows).items() if owner not in asked}
    if kind in _EVERYBODYS and len(rows) <= size and (home := await _any(call, asked)) is not None:
        asked[home] = None
    filters = [(name, value) for name in call.operation.filters for value in query.getlist(name) if value]
    told = await _refreshed(call, asked, filters, attempt_log)
    if await _write_down(call, [told[owner] for owner in alone if owner in told]):
        rows = await owners.rows(kind, call.tenant, after, size + 1, under=under)
    page = rows[:size]
    items = [item for row in page if (item := _item(call, row, told, only_listed=bool(filters))) is not None]
    position = page[-1].position if len(rows) > size else None
    if position is None:
        begin = -after[1] if after is not None and after[0] == _END else 0
        common = _everybodys(told)
        items += common[begin : begin + size - len(page)]
        reached = begin + size - len(page)
        position = (_END, -reached) if len(common) > reached else None
    more = page_tokens.written(position, scope, settings.SECRET_KEY.encode()) if position else ""
    return listed.told(call.operation, items, more)


async def _any(call: Call, asked: Mapping[int, Collection[str] | None]) -> int | None:
    """A project to ask for what every project has: one that is asked anyway, or the tenant's home."""
    for owner in asked:
        return owner
    return await owners.home(call.tenant, operation=call.operation.id)


def _everybodys(told: Mapping[int, _Upstream]) -> list[bytes]:
    """What every project has, as one of them lists it."""
    for known in told.values():
        if common := [item for text, item in known.items.items() if _is_everybodys(text)]:
            return common
    return []


def _names(rows: Sequence[Listed]) -> dict[int, set[str]]:
    """The names on a page, by owner."""
    names: dict[int, set[str]] = {}
    for row in rows:
        names.setdefault(row.found.project_owner, set()).add(row.found.name)
    return {owner: those for owner, those in names.items() if leasing.has_accounts(owner)}


async def _refreshed(
    call: Call, asked: Mapping[int, Collection[str] | None], filters: Filters, attempt_log: AttemptLog
) -> dict[int, _Upstream]:
    """What these projects list, as far as they say so in time; of some only certain names are wanted."""
    form = listed.form(call.operation)
    until = monotonic() + REFRESH_SECONDS
    told = {owner: _Upstream() for owner in asked}

    async def walk(owner: int, names: Collection[str] | None) -> None:
        known, token = told[owner], ""
        while (left := until - monotonic()) > 0:
            sizes = [(form.size, call.operation.max_page), *([(form.token, token)] if token else ())]
            encoded = urlencode([*sizes, *filters])
            try:
                got = await on_behalf.ask_for(
                    call, call.operation, owner, attempt_log, within=left, name=call.name, query=encoded
                )
            except (errors.GatewayError, errors.BrokenStream):
                return
            page = listed.page_in(call.operation, got.body)
            known.account = got.account
            known.items |= page.items
            token = page.token
            if not token or (names is not None and known.items.keys() >= set(names)):
                known.is_whole = not token
                return

    await asyncio.gather(*(walk(owner, names) for owner, names in asked.items()))
    return told


def _item(call: Call, row: Listed, told: Mapping[int, _Upstream], *, only_listed: bool) -> bytes | None:
    """A resource as it is told; None for one that is not."""
    found = row.found
    if not leasing.has_accounts(found.project_owner):  # the last one of its project is gone
        return None
    upstream = told.get(found.project_owner) or _Upstream()  # its project may have got its row only now
    item = upstream.items.get(found.name)
    if item is not None:
        new = shown_in(item)
        if new.json != row.last_json:
            owners.seen(
                found, state=new.state, size_bytes=new.size_bytes, expires_at=new.expires_at, last_json=new.json
            )
        return item
    if upstream.is_whole and not only_listed and row.created_at < time.time() - YOUNG_SECONDS:
        owners.not_there(found)
        return None
    if only_listed and upstream.account:
        return None
    return row.last_json.encode() or listed.bare(call.operation, found.name)


async def _write_down(call: Call, projects: Sequence[_Upstream]) -> int:
    """Give the tenant what its own projects list and nobody here knows; how much that was."""
    count = 0
    for known in projects:
        rows = [_discovered(call, known.account, name, item) for name, item in known.items.items() if _is_own(name)]
        count += await owners.discovered(rows)
    return count


def _is_own(text: str) -> bool:
    """Whether it is the name of something that a client can make."""
    return (name := _name(text)) is not None and not name.is_everybodys


def _is_everybodys(text: str) -> bool:
    return (name := _name(text)) is not None and name.is_everybodys


def _name(text: str) -> Name | None:
    try:
        return resource_names.parse(text)
    except BadName:
        return None


def _discovered(call: Call, account: int, name: str, item: bytes) -> MadeRow:
    new = shown_in(item)
    return MadeRow(
        name,
        resource_names.parse(name).kind,
        account,
        call.tenant,
        new.created_at or time.time(),
        "",
        new.state,
        new.size_bytes,
        new.expires_at,
        new.json,
    )


def _under(call: Call) -> str:
    """What the names of all that is listed begin with."""
    return f"{call.name}/{call.operation.lists}/" if call.name else call.operation.lists


def _size(call: Call, query: QueryDict) -> int:
    """How many are asked for. Raises InvalidArgument."""
    operation, text = call.operation, query.get(listed.form(call.operation).size, "")
    try:
        size = int(text or 0)
    except ValueError:
        raise errors.InvalidArgument(_BAD_SIZE.format(text=text)) from None
    if size < 0:
        raise errors.InvalidArgument(_NEGATIVE.format(request=_request(call)))
    return min(size or operation.default_page, operation.max_page)


def _request(call: Call) -> str:
    """Google's name for the request: `ListFilesRequest`."""
    kind = call.operation.lists
    return f"List{kind[:1].upper()}{kind[1:]}Request"
