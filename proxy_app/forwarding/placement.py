"""Where a call may go: to any account, or to those of the one Google project that has what it names.

A name that nobody here knows and one that is somebody else's are answered alike, by the same code.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.db import Error as DatabaseError

from accounts_app import leasing
from accounts_app.leasing import owners
from accounts_app.leasing.owners import Found
from accounts_app.pool.outcomes import Outcome
from proxy_app import errors
from proxy_app.wire import resource_names, uris
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import Belongs, Operation, not_there
from proxy_app.wire.resource_names import Name

CANNOT = (
    "{operation} is not served by the accounts that are connected to this gateway. "
    "A Gemini API key serves it: add one in its admin under Accounts."
)
_SHARED = "The operator of this gateway shares {name} for use only: it can be read, and not changed."
_EXISTS = "Requested entity already exists: {name}."
_NO_HOME = "No account of this gateway that may take this is ready. The admin says under Accounts what each one needs."
_NO_DATABASE = "The gateway cannot look up names while its database is away. Please try again."


@dataclass(frozen=True, slots=True)
class Place:
    """`owner` is the number of the project whose accounts alone may answer, None for any account.

    `found` are the resources that the call names, the one in its path first.
    """

    owner: int | None = None
    found: Sequence[Found] = ()


ANYWHERE = Place()


async def place(call: Call) -> Place:
    """Where `call` may go. Looks up the names that this process has not met, and the home of the call's tenant.

    Raises ResourceNotThere, AlreadyExists, PermissionDenied, Unimplemented, FailedPrecondition, Unavailable.
    """
    named, operation = call.named, call.operation
    if operation.belongs is Belongs.ANYBODY and not named.names and not named.unsure:
        return ANYWHERE
    if not leasing.is_supported(operation.id):
        raise errors.Unimplemented(CANNOT.format(operation=operation.name))
    try:
        found = await _found(call)
        if found:
            return Place(_common_owner(call, found), found)
        if named.names:
            return Place(_exclusive(call))
        return Place(await _home(call)) if operation.belongs is not Belongs.ANYBODY else ANYWHERE
    except DatabaseError as error:
        raise errors.Unavailable(_NO_DATABASE, outcome=Outcome.GATEWAY_ERROR) from error


def addressed(call: Call, found: Collection[Found]) -> Call:
    """The call with the addresses of files as upstream knows them, whatever host the client got them from."""
    named = call.named
    if not named.uris and not named.unsure:
        return call
    mine = {each.name for each in found}
    files = {**named.uris, **{uri: name for uri, name in named.unsure.items() if str(name) in mine}}
    known = {uri: uris.canonical(str(name)) for uri, name in files.items() if "://" in uri}
    return replace(call, body={field: uris.replaced(value, known) for field, value in call.body.items()})


async def _found(call: Call) -> list[Found]:
    """What the tenant has of the names in the call; empty where none is known but upstream may know them.

    Raises ResourceNotThere, PermissionDenied.
    """
    found = []
    for name in call.named.names:
        each = await owners.find(str(name), call.tenant)
        if each is None or not leasing.has_accounts(each.project_owner):
            if owners.exclusive(call.tenant):
                continue
            raise _not_there(call, name)
        if name == call.name and not each.can_write and _changes(call.operation):
            raise errors.PermissionDenied(_SHARED.format(name=name))
        found.append(each)
    for name in call.named.unsure.values():
        if (each := await owners.find(str(name), call.tenant)) is not None:
            found.append(each)
    return found


def _changes(operation: Operation) -> bool:
    """Whether it changes what its path names; using a model does not."""
    return not operation.read_only and not operation.on_model


def _not_there(call: Call, name: Name) -> errors.ResourceNotThere:
    told = not_there.of(name)
    return errors.ResourceNotThere(told.status, told.told(name.id, call.version, call.operation.verb))


def _common_owner(call: Call, found: Sequence[Found]) -> int:
    """The project that has all that the call names. Raises ResourceNotThere, in the name of the second one's kind."""
    first = found[0]
    for each in found[1:]:
        if each.project_owner != first.project_owner:
            raise _not_there(call, resource_names.parse(each.name))
    return first.project_owner


def _exclusive(call: Call) -> int:
    """The project to ask for names that nobody here knows: the tenant's alone."""
    return owners.exclusive(call.tenant)[0]


async def _home(call: Call) -> int:
    """The project that what the call makes goes to.

    Where others hold the name that the client has chosen, it is another one. Raises AlreadyExists, FailedPrecondition.
    """
    avoid: Collection[int] = ()
    if chosen := call.named.chosen:
        held = await owners.held(str(chosen), call.tenant)
        if held.by_tenant:
            raise errors.AlreadyExists(_EXISTS.format(name=chosen))
        avoid = held.by_others
    model = leasing.routed(call.model) if call.model else ""
    home = await owners.home(call.tenant, model, operation=call.operation.id, avoid=avoid)
    if home is None:
        raise errors.AlreadyExists(_EXISTS.format(name=chosen)) if avoid else errors.FailedPrecondition(_NO_HOME)
    return home
