"""What Google is asked with about one account, as `credentials.tokens` hands it out."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """The token (or API key), the project where the account has one, the endpoints in order of fallback, the proxy."""

    token: str = field(repr=False)
    project: str = ""
    bases: tuple[str, ...] = ()
    proxy_url: str = field(default="", repr=False)
