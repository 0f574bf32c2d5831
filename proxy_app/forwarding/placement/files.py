"""The files that a call names, and which of them bind it to their project.

A file whose bytes can be had again does not bind: the call goes to any account, and the file is copied for that one.
All other files bind; so does one that should be in a spool, and is not in this node's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from accounts_app import leasing
from accounts_app.leasing.owners import Found
from accounts_app.storage import spool
from proxy_app.wire.bodies.attached_files import size_of
from proxy_app.wire.calls import Call
from proxy_app.wire.names.resource_names import Name
from proxy_app.wire.names.uris import canonical
from proxy_app.wire.operations import Belongs, Family
from proxy_app.wire.operations.rows.files import UPLOAD
from proxy_app.wire.operations.rows.interactions import CREATE_STATELESS

# Upstream takes requests of 20 MB; base64 is longer by a third.
INLINE_BYTES = 15 * 1024 * 1024
LARGEST_COPY = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Files:
    """`addresses` are the texts by which a call names files, `movable` those of them whose bytes can be had.

    `inline` says that their bytes can stand in the request itself.
    """

    addresses: Mapping[str, Name]
    movable: Mapping[Name, Found]
    inline: bool = False

    @property
    def needs(self) -> str:
        """The operation that an account has to support so that files can be copied for it; "" for none."""
        return UPLOAD.id if self.movable and not self.inline else ""

    @property
    def is_plain(self) -> bool:
        """Whether the call can go as it is, wherever it may go."""
        return not self.movable and all(text == address(text, name) for text, name in self.addresses.items())

    def bound(self, call: Call) -> Call:
        """`call` with those names alone that bind it."""
        names = tuple(name for name in call.named.names if name not in self.movable)
        unsure = {text: name for text, name in call.named.unsure.items() if name not in self.movable}
        return replace(call, named=replace(call.named, names=names, unsure=unsure))


NO_FILES = Files({}, {})


def files_of(call: Call, found: Mapping[Name, Found]) -> Files:
    """The files of a call that names what was `found`."""
    named = call.named
    addresses = {**named.uris, **{text: name for text, name in named.unsure.items() if name in found}}
    by_name = _by_name(call, addresses)
    addresses |= by_name
    movable = {name: found[name] for name in addresses.values() if name in found and may_move(found[name])}
    if not movable:
        return Files(addresses, movable)
    size = size_of(call.body) + sum(_in_base64(each.source.size) for each in movable.values() if each.source)
    takes_bytes = call.operation.family is Family.MODELS or call.operation is CREATE_STATELESS
    inline = takes_bytes and not by_name and size < INLINE_BYTES
    return Files(addresses, movable, inline)


def may_move(found: Found) -> bool:
    """Whether the bytes of a file can be had here."""
    source = found.source
    if source is None or found.resource_id is None or not 0 < source.size <= LARGEST_COPY:
        return False
    return spool.holds(source.path) if source.path else leasing.has_accounts(found.project_owner)


def address(text: str, name: Name | str) -> str:
    """How upstream knows a file that a client names by `text`: by a bare name where that is one."""
    return str(name) if text.startswith("files/") else canonical(str(name))


def _by_name(call: Call, addresses: Mapping[str, Name]) -> dict[str, Name]:
    """Files that are named without an address, where the path says what they go to (a store).

    What else is made of one (a batch) stays with it.
    """
    if call.operation.belongs is not Belongs.OWNER:
        return {}
    others = (name for name in call.named.names if name.collection == "files" and name != call.name)
    return {str(name): name for name in others if name not in addresses.values()}


def _in_base64(size: int) -> int:
    return (size + 2) // 3 * 4
