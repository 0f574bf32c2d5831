"""The client's address, scheme and path behind reverse proxies, as far as trusted proxies give them."""

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def networks(trusted: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and CIDR blocks, as written in GATEWAY_TRUSTED_PROXIES. Raises ValueError for anything else."""
    return tuple(ip_network(one, strict=False) for one in trusted)


def is_trusted(address: str, trusted: Collection[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in trusted)


def client_address(peer: str, forwarded_for: str, trusted: Collection[Network]) -> str:
    """
    The rightmost address of `X-Forwarded-For` that is no trusted proxy; `peer` when it is no trusted proxy itself.

    Every proxy appends the address that it was called from; what stands left of the client's is set by the client and
    must not be trusted.
    """
    nearest = peer
    hops = [hop.strip() for hop in forwarded_for.split(",")] if forwarded_for else []
    while hops and is_trusted(nearest, trusted):
        found = _address(hops.pop())
        if found is None:
            break
        nearest = str(found)
    return nearest


def resolve(scope: dict, trusted: Collection[Network]) -> None:
    """Sets an ASGI scope's client, scheme and root_path from a trusted proxy's headers; removes anyone else's."""
    if not scope["client"] or not is_trusted(scope["client"][0], trusted):
        scope["headers"] = [field for field in scope["headers"] if not field[0].startswith(b"x-forwarded-")]
        return
    given: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        if name in (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-prefix"):
            given[name] = f"{given[name]},{value.decode('latin-1')}" if name in given else value.decode("latin-1")
    scope["client"] = [client_address(scope["client"][0], given.get(b"x-forwarded-for", ""), trusted), 0]
    if given.get(b"x-forwarded-proto", "").rpartition(",")[2].strip().lower() == "https":
        scope["scheme"] = "https"
    # Each of several proxies has removed its own part of the path, the outermost first.
    scope["root_path"] = "".join(part.strip().rstrip("/") for part in given.get(b"x-forwarded-prefix", "").split(","))


def _address(written: str) -> IPv4Address | IPv6Address | None:
    """The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`; None for anything else."""
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        found = ip_address(written.partition("%")[0])
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 peers as ::ffff:192.0.2.1.
    return getattr(found, "ipv4_mapped", None) or found
