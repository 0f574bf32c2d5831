"""Egress proxies: how their addresses are read, which one a call takes, and the way through a SOCKS proxy."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from functools import lru_cache

import aiohttp
import httpx
import yarl
from django.conf import settings

from accounts_app.pool.access.networks import is_loopback

SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}

# RFC 1928: what a SOCKS proxy says of the endpoint, not of itself.
_ENDPOINT_REPLIES = {
    2: "the proxy does not allow the connection",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
}


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where a proxy is, and how to log in there."""

    url: yarl.URL  # without the login
    login: tuple[str, str] | None = field(default=None, repr=False)  # name and password

    @property
    def is_socks(self) -> bool:
        return self.url.scheme.startswith("socks")

    @property
    def headers(self) -> dict[str, str]:
        """What an http or https proxy is to be told beside the request."""
        return {} if self.login is None else {"Proxy-Authorization": aiohttp.encode_basic_auth(*self.login)}

    @property
    def address(self) -> tuple[str, int]:
        return self.url.host or "", self.url.port or SCHEMES[self.url.scheme]


@lru_cache(maxsize=1024)
def proxy_of(proxy_url: str) -> Proxy:
    """The proxy at an address. Raises httpx.ProxyError without repeating the address, which may hold a password."""
    try:
        url = yarl.URL(proxy_url)
        if url.scheme in SCHEMES and url.host and url.port != 0:
            login = (url.user, url.password or "") if url.user else None
            return Proxy(yarl.URL.build(scheme=url.scheme, host=url.host, port=url.port), login)
    except ValueError:
        pass
    raise httpx.ProxyError("The proxy's address is not an http, https or socks5 URL.")


def is_proxy(proxy_url: str) -> bool:
    """Whether that is an address which `client` takes."""
    try:
        return bool(proxy_of(proxy_url))
    except httpx.ProxyError:
        return False


def gateways_proxy(host: str) -> Proxy | None:
    """The way to `host` for whoever has no proxy of its own: GATEWAY_PROXY_URL, else the environment's, else direct.

    The environment's was set for other programs too: it is not asked for this machine, nor for what NO_PROXY names.
    """
    if settings.GATEWAY_PROXY_URL:
        return proxy_of(settings.GATEWAY_PROXY_URL)
    if settings.ENVIRONMENT_PROXY_URL and not _is_exempt(host, settings.ENVIRONMENT_NO_PROXY):
        return proxy_of(settings.ENVIRONMENT_PROXY_URL)
    return None


def described() -> str:
    """The gateway's proxy for its log, without the login; empty for none."""
    if settings.GATEWAY_PROXY_URL:
        return f"{proxy_of(settings.GATEWAY_PROXY_URL).url} (GATEWAY_PROXY_URL)"
    if not settings.ENVIRONMENT_PROXY_URL:
        return ""
    exempt = f"and {settings.ENVIRONMENT_NO_PROXY}" if settings.ENVIRONMENT_NO_PROXY else "alone"
    return f"{proxy_of(settings.ENVIRONMENT_PROXY_URL).url} (HTTPS_PROXY), but for this machine {exempt}"


@lru_cache(maxsize=256)
def _is_exempt(host: str, no_proxy: str) -> bool:
    """Whether `host` is this machine, or one that NO_PROXY names: `*`, a name with all below it, an address, a network.

    A port in NO_PROXY is not looked at.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if is_loopback(host):
        return True
    for word in no_proxy.lower().split(","):
        word = word.strip()
        name = word.partition(":")[0].removeprefix("*").removeprefix(".")
        if word == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
        if address is not None and _is_within(address, word):
            return True
    return False


def _is_within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


async def socks_handshake(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """RFC 1928 and 1929, up to the point where `sock` leads to the endpoint; names are resolved by the proxy.

    Raises httpx.ProxyError where the proxy itself refuses or fails, httpx.ConnectError where it cannot reach the
    endpoint, OSError.
    """
    loop = asyncio.get_running_loop()
    method = 0 if proxy.login is None else 2
    await loop.sock_sendall(sock, bytes((5, 1, method)))
    version, chosen = await _exactly(sock, 2)
    if version != 5 or chosen != method:
        raise httpx.ProxyError("The proxy does not take this way of logging in.")
    if proxy.login is not None:
        await loop.sock_sendall(sock, b"\x01" + b"".join(_counted(part.encode()) for part in proxy.login))
        if (await _exactly(sock, 2))[1]:
            raise httpx.ProxyError("The proxy does not take this login.")
    await loop.sock_sendall(sock, b"\x05\x01\x00" + _endpoint(host) + port.to_bytes(2, "big"))
    _, reply, _, kind = await _exactly(sock, 4)
    if reply in _ENDPOINT_REPLIES:
        raise httpx.ConnectError(f"Behind the proxy: {_ENDPOINT_REPLIES[reply]}.")
    if reply:
        raise httpx.ProxyError(f"The proxy failed with SOCKS reply {reply}.")
    size = {1: 4, 4: 16}.get(kind) or (await _exactly(sock, 1))[0]
    await _exactly(sock, size + 2)


async def _exactly(sock: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = await asyncio.get_running_loop().sock_recv(sock, size - len(received))
        if not more:
            raise httpx.ProxyError("The proxy closed the connection.")
        received += more
    return received


def _endpoint(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return b"\x03" + _counted(host.encode("idna"))
    return bytes((1 if address.version == 4 else 4,)) + address.packed


def _counted(text: bytes) -> bytes:
    if len(text) > 255:
        raise httpx.ProxyError("A name or password is too long for SOCKS.")
    return bytes((len(text),)) + text
