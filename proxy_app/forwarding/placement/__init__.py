"""Where a call may go: to any account, or to those of the one Google project that has what it names. Which of these
accounts gets it is decided later, in `forwarding.attempts`.

A name that nobody here knows and one that is somebody else's are answered alike, by the same code.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

from django.db import Error as DatabaseError

from accounts_app import leasing
from accounts_app.leasing import continuations, owners
from accounts_app.leasing.owners import Found
from accounts_app.pool.outcomes import Outcome
from proxy_app import errors
from proxy_app.forwarding.failures import cannot
from proxy_app.forwarding.placement import unknown_names
from proxy_app.forwarding.placement.files import NO_FILES, Files, files_of, may_move
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.names.resource_names import Name
from proxy_app.wire.operations import Belongs, Cools, Operation, not_there

_SHARED = "The operator of this gateway shares {name} for use only: it can be read, and not changed."
_EXISTS = "Requested entity already exists: {name}."
_NOT_ALONE = (
    "{operation} makes what hears of all that happens in a Google project, so it needs one that is exclusive to the "
    "group of this API key: the operator of this gateway can make one so. A webhook_config in a request needs none."
)
_NO_HOME = "No account of this gateway that may take this is ready. The admin says under Accounts what each one needs."
NO_DATABASE = "The gateway cannot look up names while its database is away. Please try again."


@dataclass(frozen=True, slots=True)
class Place:
    """`owner` is the number of the project whose accounts alone may answer, None for any account.

    `found` are the resources that the call names, the one in its path first, `files` what there is to do about those of
    them that are files. `is_lost` says that the resource to be deleted went with the last account of its project: there
    is nobody to ask, and it counts as deleted.
    """

    owner: int | None = None
    found: Sequence[Found] = ()
    files: Files = NO_FILES
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class _Named:
    """A name in the call, and the project that has it, or (`is_lost`) had it when it had accounts."""

    name: Name
    owner: int
    found: Found | None = None
    is_lost: bool = False


ANYWHERE = Place()


async def place(call: Call, attempt_log: AttemptLog, avoid: Collection[int] = ()) -> Place:
    """Where `call` may go. Looks up the names that this process has not met, and the home of the call's tenant.

    Names that nobody here knows are asked for in the tenant's exclusive projects, with an entry in `attempt_log` each.
    What the call makes does not go to the projects in `avoid`.

    Raises ResourceNotThere, AlreadyExists, PermissionDenied, Unimplemented, FailedPrecondition, Unavailable.
    """
    named, operation = call.named, call.operation
    if operation.belongs is Belongs.ANYBODY and not (named.names or named.unsure or named.tokens):
        return ANYWHERE
    if not leasing.is_supported(operation.id):
        raise cannot(call)
    try:
        avoid = {*avoid, *await _taken(call)}
        known = [await _of_name(call, name, attempt_log) for name in named.names]
        known += await _unsure(call)
        if known:
            found = [each.found for each in known if each.found is not None]
            files = files_of(call, {each.name: each.found for each in known if each.found is not None})
            return Place(await _owner(call, known, files, avoid), found, files, is_lost=known[0].is_lost)
        if (owner := await continuations.owner_of(named.tokens, call.tenant)) is not None:
            return Place(owner)
        return Place(await _home(call, avoid)) if operation.belongs is not Belongs.ANYBODY else ANYWHERE
    except DatabaseError as error:
        raise errors.Unavailable(NO_DATABASE, outcome=Outcome.GATEWAY_ERROR) from error


async def _of_name(call: Call, name: Name, attempt_log: AttemptLog) -> _Named:
    """The tenant's resource of this name. Raises ResourceNotThere, PermissionDenied."""
    found = await owners.find(str(name), call.tenant)
    if found is not None:
        if name == call.name and not found.can_write and _changes(call.operation):
            raise errors.PermissionDenied(_SHARED.format(name=name))
        is_lost = not leasing.has_accounts(found.project_owner)
        if not is_lost or (name == call.name and call.operation.deletes):
            return _Named(name, found.project_owner, found, is_lost)
        if name in call.named.uris.values() and may_move(found):
            return _Named(name, found.project_owner, found)
    owner = await unknown_names.owner_of(call, name, attempt_log)
    if owner is None:
        raise _not_there(call, name)
    return _Named(name, owner, await owners.find(str(name), call.tenant))


async def _unsure(call: Call) -> list[_Named]:
    """Addresses of other hosts that name a resource of the tenant's."""
    known = []
    for name in call.named.unsure.values():
        if (found := await owners.find(str(name), call.tenant)) is not None:
            known.append(_Named(name, found.project_owner, found))
    return known


def _changes(operation: Operation) -> bool:
    """Whether it changes what its path names; using a model does not."""
    return not operation.read_only and not operation.on_model


def _not_there(call: Call, name: Name) -> errors.ResourceNotThere:
    told = not_there.of(name)
    return errors.ResourceNotThere(told.status, told.told(name.id, call.version, call.operation.verb))


async def _owner(call: Call, known: Sequence[_Named], files: Files, avoid: Collection[int]) -> int | None:
    """The project to go to with what is known, None for any: files whose bytes can be had go along.

    What is made of a file stays with it where it can. Raises ResourceNotThere, AlreadyExists, FailedPrecondition.
    """
    if bound := [each for each in known if each.name not in files.movable]:
        return _common_owner(call, bound)
    if files.needs and not leasing.is_supported(files.needs):
        raise _not_there(call, known[0].name)
    if call.operation.belongs is Belongs.ANYBODY:
        return None
    owner = known[0].owner
    return owner if leasing.has_accounts(owner) and owner not in avoid else await _home(call, avoid)


def _common_owner(call: Call, known: Sequence[_Named]) -> int:
    """The project that has all that binds the call. Raises ResourceNotThere, in the name of the second one's kind."""
    first = known[0]
    for each in known[1:]:
        if each.owner != first.owner:
            raise _not_there(call, each.name)
    return first.owner


async def _taken(call: Call) -> Collection[int]:
    """The projects in which others hold the name that the client has chosen. Raises AlreadyExists.

    One that could be Google's is nobody's to choose: all who are in its project could ask for it.
    """
    if (chosen := call.named.chosen) is None:
        return ()
    held = await owners.held(str(chosen), call.tenant)
    if held.by_tenant or chosen.is_everybodys:
        raise errors.AlreadyExists(_EXISTS.format(name=chosen))
    return held.by_others


async def _home(call: Call, avoid: Collection[int]) -> int:
    """The project that what the call makes goes to, which is none of `avoid`.

    Raises AlreadyExists, FailedPrecondition.
    """
    model = leasing.routed(call.model) if call.model != call.agent else call.model
    over = leasing.over_own_limits(monotonic()) if call.operation.cools is Cools.MODEL else set()
    find = partial(owners.home, call.tenant, model, operation=call.operation.id, storage=call.operation.cools.storage)
    home = await find(avoid=over.union(avoid))
    if home is None and over:  # all are over: the client hears when the one that it is for is not
        home = await find(avoid=avoid)
    if home is None and call.named.chosen and avoid:
        raise errors.AlreadyExists(_EXISTS.format(name=call.named.chosen))
    if home is None:
        raise errors.FailedPrecondition(_NO_HOME)
    return _exclusive(call, home) if call.operation.exclusive else home


def _exclusive(call: Call, home: int) -> int:
    """The home, or another project, where it is the tenant's alone. Raises FailedPrecondition."""
    alone = owners.exclusive(call.tenant)
    if not alone:
        raise errors.FailedPrecondition(_NOT_ALONE.format(operation=call.operation.name))
    return home if home in alone else alone[0]
