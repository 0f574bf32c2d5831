"""Completes a sign-in at Google: reads the callback, exchanges its code for tokens, and stores the account.

Tokens are stored before anything slow is asked, so nothing is lost to a closed tab or a dying process: what is then
still missing (`setup`) is found out when the page is opened again, or by the account's first call.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qs, unquote, urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from accounts_app.actions import accounts
from accounts_app.actions.accounts import Connected, NewAccount, Unusable
from accounts_app.actions.sign_in_sessions import SignIn, SignInFailed
from accounts_app.google import oauth
from accounts_app.google.oauth import InvalidGrant, OAuthError
from accounts_app.models import Account
from accounts_app.pool import secret_shapes
from accounts_app.storage.single_flight import SingleFlight
from accounts_app.storage.worker import in_database

BARE_CODE = re.compile(r"[A-Za-z0-9/_.~%-]{8,1024}")
NEEDED_SCOPE = oauth.SCOPES[0]
PERMISSIONS_PAGE = "https://myaccount.google.com/permissions"

_completions: SingleFlight[int, Connected] = SingleFlight("sign-in", logging.DEBUG)


@dataclass(frozen=True, slots=True)
class Callback:
    """The query of Google's redirect: a code, or an error in its own words."""

    state: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the operator may do: connect new accounts, sign known ones in again."""

    add: bool
    change: bool


def callback_of(query: Mapping[str, str]) -> Callback:
    return Callback(
        query.get("state", ""), query.get("code", ""), query.get("error", ""), query.get("error_description", "")
    )


def pasted(text: str) -> Callback:
    """The same from a text that an operator pasted: the whole address, its query, or the bare code."""
    if secret_shapes.found(text):
        raise SignInFailed(
            _(
                "This is a refresh token or a Gemini API key, not the address that your browser ended up at. "
                "Add it on the page for tokens and keys."
            )
        )
    text = "".join(text.split())  # browsers and mail programs break long addresses
    query = urlsplit(text).query or (text if "=" in text else "")
    found = {name: values[0] for name, values in parse_qs(query).items()}
    if "code" in found or "error" in found:
        return callback_of(found)
    if BARE_CODE.fullmatch(text):
        return Callback(code=unquote(text))
    raise SignInFailed(
        _("There is no code in this. Paste the whole address that your browser ended up at; it holds “code=”.")
    )


def code_in(callback: Callback) -> str:
    """The callback's code. Raises SignInFailed with Google's error."""
    if callback.code and not callback.error:
        return callback.code
    match callback.error:
        case "access_denied":
            raise SignInFailed(_("Access was not granted at Google, so no account was connected."))
        case "admin_policy_enforced" | "org_internal":
            raise SignInFailed(_("The organization that this account belongs to does not allow this OAuth client."))
        case "":
            raise SignInFailed(_("Google sent neither a code nor an error. Start again."))
    said = f"{callback.error}: {callback.description}" if callback.description else callback.error
    raise SignInFailed(_("Google says: %(error)s") % {"error": said[:300]})


async def complete(
    sign_in: SignIn, code: str, now: float, *, rights: Rights, record: Callable[[Connected], None]
) -> Connected:
    """
    1. Exchange the code for tokens, and ask whose they are.
    2. Store the account, or give the one that is here new tokens and re-enable it; `record` it in the same transaction.

    Goes on to its end though the caller leaves: a code is good only once. Raises SignInFailed.
    """
    return await _completions.run(id(sign_in), partial(_complete, sign_in, code, now, rights, record))


async def finish(within: float = 5.0) -> None:
    """Wait that many seconds for sign-ins that go on though their browsers have left. For shutdown."""
    await _completions.finish(within)


async def _complete(
    sign_in: SignIn, code: str, now: float, rights: Rights, record: Callable[[Connected], None]
) -> Connected:
    proxy_url = sign_in.proxy_url
    try:
        grant = await oauth.exchange_code(
            code, redirect_uri=sign_in.redirect_uri, verifier=sign_in.verifier, proxy_url=proxy_url
        )
    except InvalidGrant as error:
        raise SignInFailed(
            _("Google did not accept the code (%(reason)s). A code is good once, for a few minutes: start again.")
            % {"reason": error.reason}
        ) from error
    except OAuthError as error:
        raise SignInFailed(str(error)) from error
    _check_grant(grant)
    try:
        person = await oauth.userinfo(grant.access_token, proxy_url=proxy_url)
    except OAuthError as error:
        raise SignInFailed(_("Google did not tell whose account it is: %(error)s") % {"error": error}) from error
    new = NewAccount(
        email=_email(sign_in, person),
        refresh_token=grant.refresh_token,
        access_token=grant.access_token,
        expires_at=datetime.fromtimestamp(now + grant.expires_in, UTC),
    )
    return await in_database(_store, new, sign_in, rights, record)


def _check_grant(grant: oauth.TokenGrant) -> None:
    if not grant.refresh_token:
        raise SignInFailed(
            _(
                "Google gave no refresh token, and without one the account would be gone within the hour. Take this "
                "gateway's access away on the page of your Google account's connections, and sign in again."
            ),
            PERMISSIONS_PAGE,
        )
    if grant.scope and NEEDED_SCOPE not in grant.scope.split():
        raise SignInFailed(
            _("One of the boxes on Google's page was not ticked: access to Google Cloud. Sign in again and tick it.")
        )


def _email(sign_in: SignIn, person: oauth.Person) -> str:
    email = person.email.lower()
    if not person.verified:
        raise SignInFailed(_("Google has not verified the address %(email)s.") % {"email": email})
    if sign_in.email and email != sign_in.email:
        raise SignInFailed(
            _("You signed in as %(email)s, not as %(wanted)s. Nothing was changed; to connect it, use “Add account”.")
            % {"email": email, "wanted": sign_in.email}
        )
    return email


def _store(new: NewAccount, sign_in: SignIn, rights: Rights, record: Callable[[Connected], None]) -> Connected:
    with transaction.atomic():
        known = Account.objects.filter(kind=new.kind, email=new.email).exists()
        if not (rights.change if known else rights.add):
            raise SignInFailed(
                _("You may not change %(email)s, which is here already.") % {"email": new.email}
                if known
                else _("You may not add accounts, and %(email)s is not here yet.") % {"email": new.email}
            )
        try:
            connected = accounts.connect(new)
        except Unusable as error:
            raise SignInFailed(str(error)) from error
        accounts.re_enable([connected.account_id])
        if sign_in.proxy_url and not sign_in.email:
            accounts.change(connected.account_id, proxy_url=sign_in.proxy_url)
        record(connected)
    return connected
