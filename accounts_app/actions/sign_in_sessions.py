"""Sign-ins at Google that have begun: kept in the operator's session, encrypted, until their callback.

A sign-in is bound to the session in which it began, lives ten minutes, and is consumed by the first callback.
"""

import secrets
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _

from accounts_app.google import oauth
from accounts_app.google.oauth import ClientMissing
from accounts_app.models import Account, encryption
from accounts_app.pool.access.networks import is_loopback

KEPT_IN_SESSION = "google_sign_ins"
CONTEXT = f"session:{KEPT_IN_SESSION}"
# Long enough to enter a password and a second factor; Google's own codes live as long.
LIFE_SECONDS = 600.0
# Tabs that an operator may have open at Google at once; the oldest is dropped for another.
AT_ONCE = 5

# A console opened as `localhost` has its cookies there, but Google has to redirect to a loopback literal (RFC 8252
# section 7.3): such a callback is redirected to `localhost`, which this prefix of its state asks for.
FROM_LOCALHOST = "localhost."
USUAL_PORT = 8045


class SignInFailed(Exception):
    """A sign-in has failed. The message tells an operator why, and how to fix it; `link` is where, or ""."""

    def __init__(self, message: str, link: str = "") -> None:
        super().__init__(message)
        self.link = link


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where Google redirects the browser to, and whether this operator's browser can reach it.

    `began_at_localhost`: the console was opened under that name, and its cookies are there.
    """

    url: str
    is_here: bool
    began_at_localhost: bool = False


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that has begun. `email` is set when it has to be that account's; `began_at` in seconds, epoch."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    began_at: float
    email: str = ""
    proxy_url: str = field(default="", repr=False)


def client_is_set() -> bool:
    """Whether there is an OAuth client to sign in with."""
    try:
        oauth.authorize_url(redirect_uri="", state="", verifier="")
    except ClientMissing:
        return False
    return True


def return_address(scheme: str, host: str, path: str) -> ReturnAddress:
    """The callback's URL for a console that was opened as `scheme://host`; always on a loopback literal.

    A browser on another machine cannot open it: the operator then pastes the address it was redirected to.
    """
    parts = urlsplit(f"//{host}")
    name = parts.hostname or ""
    if scheme != "http" or not is_loopback(name):
        return ReturnAddress(f"http://127.0.0.1:{settings.GATEWAY_PORT or USUAL_PORT}{path}", False)
    literal = "127.0.0.1" if name == "localhost" else f"[{name}]" if ":" in name else name
    return ReturnAddress(f"http://{literal}:{parts.port or 80}{path}", True, name == "localhost")


def begin(
    session: SessionBase, address: ReturnAddress, now: float, *, account: Account | None = None, proxy_url: str = ""
) -> SignIn:
    """Keep a new sign-in in the session; with `account`, to sign that one in again through its own proxy."""
    state = (FROM_LOCALHOST if address.began_at_localhost else "") + secrets.token_urlsafe(32)
    sign_in = SignIn(state, oauth.new_verifier(), address.url, now, proxy_url=proxy_url)
    if account is not None:
        sign_in = replace(sign_in, email=account.email, proxy_url=account.proxy_url)
    kept = {**_kept(session, now), state: sign_in}
    _keep(session, list(kept.values())[-AT_ONCE:])
    return sign_in


def consent_url(sign_in: SignIn) -> str:
    """The address of Google's consent page for a sign-in. Raises ClientMissing."""
    return oauth.authorize_url(
        redirect_uri=sign_in.redirect_uri, state=sign_in.state, verifier=sign_in.verifier, login_hint=sign_in.email
    )


def latest(session: SessionBase, now: float) -> SignIn | None:
    """The last sign-in of this session that is still waiting for its callback."""
    return next(reversed(_kept(session, now).values()), None)


def where_it_began(state: str, host: str) -> str:
    """The host whose cookies a callback at `host` needs, "" where it is at the right one."""
    name, colon, port = host.partition(":")
    return f"localhost{colon}{port}" if name == "127.0.0.1" and state.startswith(FROM_LOCALHOST) else ""


def claim(session: SessionBase, state: str, now: float) -> SignIn:
    """Take a sign-in out of the session. Raises SignInFailed when it is not in it (any more).

    Two callbacks within milliseconds might both get it; Google accepts the code only once.
    """
    kept = _kept(session, now)
    sign_in = kept.pop(state, None)
    if sign_in is None:
        raise SignInFailed(
            _("This sign-in was not begun in this session, is used up, or is more than ten minutes old. Start again.")
        )
    _keep(session, list(kept.values()))
    session.save()
    return sign_in


def _kept(session: SessionBase, now: float) -> dict[str, SignIn]:
    """The session's sign-ins that are not too old, by state, the latest last."""
    try:
        text = encryption.decrypt(session.get(KEPT_IN_SESSION, ""), CONTEXT)
        kept = msgspec.json.decode(text or "[]", type=list[SignIn])
    except (encryption.Undecryptable, msgspec.MsgspecError):
        return {}
    return {each.state: each for each in kept if now - each.began_at < LIFE_SECONDS}


def _keep(session: SessionBase, sign_ins: list[SignIn]) -> None:
    session[KEPT_IN_SESSION] = encryption.encrypt(msgspec.json.encode(sign_ins).decode(), CONTEXT)
