"""Reading variables of the environment for the settings: each kind of value with its check.

Nonsense raises ImproperlyConfigured with one sentence that names the variable. A secret is never repeated.
"""

import os
import re
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# A line of a `.env` file as django-environ reads it; it silently ignores every other line.
_ENV_LINE = re.compile(r"\s*(#.*)?|(?:export )?[A-Za-z_0-9]+=.*")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# What RFC 3986 lets stand in a URL's path, without the comma: it separates one URL from the next here.
_URL_CHARACTERS = re.compile(r"[\w.~:/\[\]%!$&'()*+;=@-]+", re.ASCII)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)
# What may identify a page of another scheme than the web's: an extension's id, a name.
_OPAQUE_HOST = re.compile(r"[a-z0-9._~:-]+", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_file(default: Path) -> None:
    """Sets variables that are not set from GATEWAY_ENV_FILE, or from `default` if that file exists."""
    given = text("GATEWAY_ENV_FILE")
    path = Path(given or default)
    if str(path) == os.devnull or not (given or path.exists()):
        return
    lines = _content("GATEWAY_ENV_FILE", path).splitlines()
    for number, line in enumerate(lines, 1):
        if not _ENV_LINE.fullmatch(line):
            raise ImproperlyConfigured(f"{path}: line {number} is not of the form NAME=VALUE.")
    environ.Env.read_env(path)


def text(name: str, default: str = "") -> str:
    """A value on one line, without the white space around it."""
    given = _plain(name, os.environ.get(name, "").strip())
    if not given.isprintable():
        raise ImproperlyConfigured(f"{name} must not contain line breaks or other control characters.")
    return given or default


def secret(name: str, default: str = "") -> str:
    """The value of `name`, or what stands in the file that `name`_FILE names. It may have several lines."""
    given, path = _plain(name, os.environ.get(name, "").strip()), text(f"{name}_FILE")
    if not path:
        return given or default
    if given:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: which one counts? Leave one of them out.")
    content = _plain(name, _content(f"{name}_FILE", Path(path)).strip())
    if not content:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which is empty.")
    return content


def token(name: str) -> str:
    """A secret that clients send in a header: visible ASCII without spaces and commas."""
    given = secret(name)
    if given and not re.fullmatch(r"[!-+\--~]+", given):
        raise ImproperlyConfigured(f"{name} must consist of visible ASCII characters, without spaces and commas.")
    return given


def whole(name: str, default: int, low: int, high: int) -> int:
    given = text(name, str(default))
    if not re.fullmatch("[0-9]{1,12}", given) or not low <= int(given) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}, not {given!r}.")
    return int(given)


def seconds(name: str, default: float, low: float = 0.0) -> float:
    """A number of seconds, at least `low`, which is 0 only where 0 is meaningful."""
    given = text(name, str(default))
    if not _SECONDS.fullmatch(given) or not low <= float(given) < 10**7:
        raise ImproperlyConfigured(f"{name} must be a number of seconds, {low:g} or more, not {given!r}.")
    return float(given)


def switch(name: str, *, default: bool = False) -> bool:
    match text(name, "1" if default else "0").lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case other:
            raise ImproperlyConfigured(f"{name} must be 1 or 0, not {other!r}.")


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    given = text(name, default)
    if given not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {given!r}.")
    return given


def words(name: str, default: str = "") -> list[str]:
    """The values between commas, each once."""
    given = text(name, default)
    found = [word.strip() for word in given.split(",") if word.strip()]
    if given and not found:
        raise ImproperlyConfigured(f"{name} is a list with nothing in it: {given!r}.")
    return list(dict.fromkeys(_plain(name, word) for word in found))


def host(name: str, default: str) -> str:
    """An address or a name to listen on; IPv6 without its brackets."""
    given = text(name, default)
    found = _host(given)
    if found is None:
        raise ImproperlyConfigured(f"{name} must be an address or a host name without scheme and port, not {given!r}.")
    return found.strip("[]")


def hosts(name: str, default: str) -> list[str]:
    """Host names as Django compares them with a Host header; `*` is any, `.example.com` goes for subdomains too."""
    found = []
    for word in words(name, default):
        bare = word.removeprefix(".")
        known = word if word == "*" else _host(bare)
        if known is None:
            raise ImproperlyConfigured(
                f"{name} lists names without scheme, port or path, such as gw.example.com, .example.com or [::1], "
                f"not {word!r}."
            )
        found.append(known if word == bare else f".{known}")
    return found


def origins(name: str) -> list[str]:
    """Origins as browsers write them in an Origin header, in lower case; `*` is any."""
    found = []
    for word in words(name):
        known = word if word in ("*", "null") else _origin(word.lower())
        if known is None:
            raise ImproperlyConfigured(
                f"{name} lists origins, SCHEME://HOST[:PORT] without a path or a pattern "
                f"(https://app.example.com, chrome-extension://ID), or *, not {word!r}."
            )
        found.append(known)
    return found


def proxy(name: str) -> str:
    """The URL of a proxy, "" for none. It may hold a password, so error messages do not repeat it."""
    given = secret(name)
    if given and not _is_proxy(given):
        raise ImproperlyConfigured(f"{name} must be the URL of an http, https or socks5 proxy.")
    return given


def usual_proxy() -> tuple[str, str]:
    """HTTPS_PROXY and NO_PROXY as other programs read them: lower case first, without a scheme it is an http proxy."""
    name = "https_proxy" if text("https_proxy") else "HTTPS_PROXY"
    given = text(name)
    if given and "://" not in given:
        given = f"http://{given}"
    if given and not _is_proxy(given):
        raise ImproperlyConfigured(f"{name} must be the URL of an http, https or socks5 proxy.")
    return given, text("no_proxy") or text("NO_PROXY")


def networks(name: str) -> list[str]:
    """Addresses and CIDR blocks."""
    found = words(name)
    for word in found:
        try:
            ip_network(word, strict=False)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} lists addresses and networks such as 10.0.0.7 or 10.0.0.0/8, not {word!r}."
            ) from error
    return found


def path_prefix(name: str) -> str:
    """The path of a URL, `/` at its beginning and none at its end; "" for none."""
    given = text(name).rstrip("/")
    if given and not is_path_prefix(given):
        raise ImproperlyConfigured(f"{name} must be a path such as /gemini, not {given!r}.")
    return given


def is_path_prefix(written: str) -> bool:
    """Whether it is a path of plain segments, none of them `.` or `..`."""
    return re.fullmatch(r"(/(?!\.{1,2}(/|$))[\w.~-]+)+", written, re.ASCII) is not None


def url(name: str, default: str) -> str:
    return checked_url(name, text(name, default))


def optional_url(name: str) -> str:
    """The URL, or "" where there is none."""
    given = text(name)
    return checked_url(name, given) if given else ""


def urls(name: str, default: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(checked_url(name, word) for word in words(name, default)))


def checked_url(name: str, given: str) -> str:
    """`given` without a slash at its end. Error messages leave out a password that it may hold."""
    if not _is_url(given):
        shown = "" if "@" in given else f", not {given!r}"
        raise ImproperlyConfigured(f"{name} must be an http or https URL without user, query and fragment{shown}.")
    return given.rstrip("/")


def _is_url(given: str) -> bool:
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and port != 0
        and not parts.netloc.endswith(":")
        and "@" not in parts.netloc
        and _host(parts.hostname or "") is not None
        and not (set(given) & set("?#"))
        and (not parts.path or _URL_CHARACTERS.fullmatch(parts.path) is not None)
    )


def _is_proxy(given: str) -> bool:
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        return False
    is_known = parts.scheme in ("http", "https", "socks5", "socks5h")
    return is_known and port != 0 and _host(parts.hostname or "") is not None


def _host(written: str) -> str | None:
    """A host name or address as it stands in a URL: in lower case, IPv6 in brackets, IDNA in its ASCII form."""
    bare = written[1:-1] if written.startswith("[") and written.endswith("]") else written
    try:
        address = ip_address(bare)
        return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    except ValueError:
        pass
    try:
        ascii_form = bare.lower() if bare.isascii() else bare.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    name = ascii_form.removesuffix(".")
    labels = name.split(".")
    is_name = bare == written and len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    # A last label of digits is an address written wrongly: no name of the DNS ends so.
    return name if is_name and not labels[-1].isdecimal() else None


def _origin(written: str) -> str | None:
    if written in ("file://", "file:///"):
        return "file://"
    scheme, separator, after = written.removesuffix("/").partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        return None
    if scheme not in _DEFAULT_PORTS:
        return f"{scheme}://{after}" if _OPAQUE_HOST.fullmatch(after) else None
    try:
        parts = urlsplit(f"//{after}")
        port = parts.port
    except ValueError:
        return None
    name = _host(parts.hostname or "")
    if name is None or port == 0 or parts.netloc != after or "@" in after or after.endswith(":"):
        return None
    return f"{scheme}://{name}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{name}:{port}"


def _plain(name: str, given: str) -> str:
    """`given`, unless its quotation marks were meant for a shell and have become a part of it."""
    if given[:1] in ("'", '"') or given[-1:] in ("'", '"'):
        raise ImproperlyConfigured(f"{name} has quotation marks around its value, or a part of it: leave them out.")
    return given


def _content(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ImproperlyConfigured(f"{name} names {path}, which cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"{name} names {path}, which is not a text file in UTF-8.") from error
