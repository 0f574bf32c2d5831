"""Addresses and networks as people write them: where a call may come from, and what is this machine."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def network(written: str) -> Network:
    """`192.0.2.0/24`, `2001:db8::/32` or one address. Raises ValueError, also for a network with host bits set."""
    return ip_network(written.strip())


def networks(written: Iterable[str]) -> tuple[Network, ...]:
    """The networks of several texts. Raises ValueError naming the bad one."""
    return tuple(network(one) for one in written)


def lets_in(allowed: tuple[Network, ...], address: str) -> bool:
    """Whether `address` is in one of the networks; True without networks. A text that is no address is in none."""
    if not allowed:
        return True
    found = _address(address)
    return found is not None and any(found in network for network in allowed)


def is_loopback(host: str) -> bool:
    """Whether `host` is `localhost` or a loopback address, written without brackets and without a port."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def _address(written: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(written)
    except ValueError:
        return None
    # A dual-stack socket shows IPv4 peers as ::ffff:192.0.2.1.
    return getattr(found, "ipv4_mapped", None) or found
