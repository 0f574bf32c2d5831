"""Actions on accounts, for console and commands: connect, disable, re-enable, clear cooldowns, export."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_app.models import Account, Credential, Resource, Rest
from accounts_app.models.encryption import Unreadable
from accounts_app.pool import secret_shapes
from accounts_app.storage import real_accounts

# Google's access tokens live an hour. If one given without its expiry is older, upstream answers 401 and it is renewed.
ACCESS_TOKEN_LIFE = timedelta(hours=1)
SECRET = re.compile(r"[\x21-\x7e]+")
PROJECT = re.compile(r"(?=.*[a-z])[a-z0-9:.-]{2,128}")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
IN_SERVICE = {"parked": "", "parked_message": "", "parked_link": "", "parked_at": None}
# The demo accounts' upstream is the embedded emulator, which takes any refresh token and any key.
DEMO_SECRETS = {Account.Kind.CLOUD_CODE: "refresh_token", Account.Kind.GEMINI_API: "access_token"}
DEMO_SECRET = "demo"


class Unusable(ValueError):
    """The input cannot be an account. The message says why, without the secret."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to be connected: its tokens, or for `gemini_api` its key alone.

    `email` is a label for a Gemini API key, and may be empty where only a token is known.
    """

    kind: str = Account.Kind.CLOUD_CODE
    email: str = ""
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    project: str = ""
    api_key: str = field(default="", repr=False)
    proxy_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """The account that was stored, and whether it is a new one."""

    account_id: int
    email: str
    is_new: bool


def connect(new: NewAccount) -> Connected:
    """Add an account, or give the one of that kind and email new tokens and re-enable it.

    Raises Unusable. Needs no network: a project that is not given is determined by the first call.
    """
    check(new)
    with transaction.atomic():
        account, is_new = Account.objects.get_or_create(kind=new.kind, email=new.email)
        given = {"project": new.project, "proxy_url": new.proxy_url}
        brought = {name: value for name, value in given.items() if value}
        Account.objects.filter(pk=account.pk).update(enabled=True, quota_asked_at=None, **IN_SERVICE, **brought)
        Credential.objects.update_or_create(account=account, defaults=_tokens(new))
    return Connected(account.pk, account.email, is_new)


def check(new: NewAccount) -> None:
    """Raises Unusable when `connect` would."""
    if secret_shapes.masked(new.email) != new.email:
        raise Unusable(_("The name holds a secret, and names are shown."))
    if new.proxy_url and not _is_proxy(new.proxy_url):
        raise Unusable(_("This is not the URL of a proxy."))
    if new.kind == Account.Kind.GEMINI_API:
        if not new.email.strip() or len(new.email) > 254 or not new.email.isprintable():
            raise Unusable(_("A Gemini API key needs a label of up to 254 characters."))
        if not SECRET.fullmatch(new.api_key):
            raise Unusable(_("A Gemini API key is one word of plain characters."))
        _check_kind(api_key=new.api_key)
        return
    if len(new.email) > 254 or not new.email.isprintable() or not ADDRESS.fullmatch(new.email):
        raise Unusable(_("“%(email)s” is not an email address.") % {"email": new.email})
    if not SECRET.fullmatch(new.refresh_token):
        raise Unusable(_("A refresh token is one word of plain characters."))
    _check_kind(new.refresh_token, new.access_token)
    if new.access_token and not SECRET.fullmatch(new.access_token):
        raise Unusable(_("An access token is one word of plain characters."))
    if new.project and not PROJECT.fullmatch(new.project):
        raise Unusable(
            _("“%(project)s” is not a project id; it has letters in it, unlike a project number.")
            % {"project": new.project}
        )


def _is_proxy(url: str) -> bool:
    from accounts_app import http_client  # here, as it takes a third of a command's time to import

    return http_client.is_proxy(url)


def check_tokens(kind: str, refresh_token: str, access_token: str) -> None:
    """Raises Unusable when `replace_tokens` would, for an account of that kind."""
    if not all(SECRET.fullmatch(token) for token in (refresh_token, access_token) if token):
        raise Unusable(_("A token is one word of plain characters."))
    if kind == Account.Kind.GEMINI_API:
        _check_kind(api_key=access_token)
    else:
        _check_kind(refresh_token, access_token)


def _check_kind(refresh_token: str = "", access_token: str = "", api_key: str = "") -> None:
    """Refuses a secret in the wrong field, which would be sent to the wrong endpoint."""
    if secret_shapes.is_api_key(refresh_token) or secret_shapes.is_api_key(access_token):
        raise Unusable(_("This is a Gemini API key (AIza…, AQ.…), not a token. Add it as an account of its own kind."))
    if secret_shapes.is_access_token(refresh_token):
        raise Unusable(_("This is an access token (ya29.…), not a refresh token (1//…)."))
    if secret_shapes.is_refresh_token(access_token):
        raise Unusable(_("This is a refresh token (1//…), not an access token (ya29.…)."))
    if secret_shapes.is_refresh_token(api_key) or secret_shapes.is_access_token(api_key):
        raise Unusable(_("This is a Google account's token, not a Gemini API key (AIza…, AQ.…)."))


def change(account_id: int, **columns: object) -> None:
    """Write these columns alone, so that what the gateway changes meanwhile is not overwritten."""
    if columns:
        Account.objects.filter(pk=account_id).update(**columns)


def take_out(ids: Collection[int], parked: str, message: str = "", link: str = "") -> int:
    """Take accounts out of service for the reason `parked`. Returns how many were not out for it already."""
    return (
        Account.objects.filter(pk__in=ids)
        .exclude(parked=parked)
        .update(parked=parked, parked_message=message, parked_link=link, parked_at=timezone.now())
    )


def re_enable(ids: Collection[int]) -> int:
    """Put accounts back in service: enabled, without a reason to be out, without cooldowns. Returns their number."""
    clear_cooldowns(Rest.objects.filter(account__in=ids).values_list("pk", flat=True))
    return Account.objects.filter(pk__in=ids).update(enabled=True, **IN_SERVICE)


def put_back(account_id: int, parked: Collection[str]) -> bool:
    """Put an account back in service if one of these reasons keeps it out; its cooldowns stay."""
    return bool(Account.objects.filter(pk=account_id, parked__in=parked).update(**IN_SERVICE))


def clear_cooldowns(ids: Iterable[int]) -> int:
    """Clear cooldowns by their ids. Rows stay, so that every node sees the change by its `updated_at`."""
    return Rest.objects.filter(pk__in=list(ids)).update(until=None, streak=0, window_until=None)


def clear_cooldowns_of(ids: Collection[int]) -> int:
    """Clear all cooldowns in force of these accounts. Returns how many there were."""
    return clear_cooldowns(Rest.objects.filter(account__in=ids, until__gt=timezone.now()).values_list("pk", flat=True))


def replace_tokens(account_id: int, *, refresh_token: str = "", access_token: str = "") -> None:
    """Store tokens that an operator entered; empty ones are kept. A new refresh token voids the old access token."""
    kind = Account.objects.values_list("kind", flat=True).get(pk=account_id)
    check_tokens(kind, refresh_token, access_token)
    credential, _ = Credential.objects.get_or_create(account_id=account_id)
    columns: dict[str, object] = {}
    if refresh_token:
        columns |= {"refresh_token": refresh_token, "access_token": "", "expires_at": None}
    if access_token:
        is_key = kind == Account.Kind.GEMINI_API
        expires_at = None if is_key else timezone.now() + ACCESS_TOKEN_LIFE
        columns |= {"access_token": access_token, "expires_at": expires_at}
    if columns:
        Credential.objects.filter(pk=credential.pk).update(**columns)


def ensure_demo() -> bool:
    """Where no account is connected, add the demo accounts, one a kind. Returns whether any was added.

    Those that are there already are reset: the emulator behind them has started anew, and knows nothing of projects, of
    files and the like, or of what took them out of service. Where real accounts have been connected before, none is
    added.
    """
    Resource.objects.filter(account__is_demo=True).delete()
    Account.objects.filter(is_demo=True).exclude(parked="", project="").update(**IN_SERVICE, project="")
    if Account.objects.filter(is_demo=False).exists() or real_accounts.have_been():
        return False
    added = False
    for kind, secret in DEMO_SECRETS.items():
        account, is_new = Account.objects.get_or_create(is_demo=True, kind=kind, defaults={"email": "demo account"})
        Credential.objects.get_or_create(account=account, defaults={secret: DEMO_SECRET})
        added |= is_new
    return added


def only_the_demo_answers() -> bool:
    """Whether there are demo accounts alone, so that clients get the emulator's responses."""
    kinds = set(Account.objects.values_list("is_demo", flat=True).distinct())
    return kinds == {True} and not real_accounts.have_been()


def known_secrets() -> dict[str, str]:
    """Fingerprint of every stored refresh token or API key -> its account's email."""
    rows = Credential.objects.select_related("account").only("refresh_token", "access_token", "account__email")
    found = {}
    for row in rows.iterator(chunk_size=500):
        if secret := row.refresh_token or row.access_token:
            found[fingerprint(secret)] = row.account.email
    return found


def exported(ids: Iterable[int] | None = None) -> Iterator[dict[str, str]]:
    """Every account, or those chosen, in the form that import_accounts reads: with its secrets in the clear.

    Accounts whose secrets cannot be decrypted are left out; `unreadable` names them.
    """
    rows = Credential.objects.select_related("account").filter(account__is_demo=False).order_by("account_id")
    if ids is not None:
        rows = rows.filter(account__in=ids)
    for row in rows.iterator(chunk_size=500):
        if row.account.kind != Account.Kind.GEMINI_API:
            if row.refresh_token:
                yield {"email": row.account.email, "refresh_token": row.refresh_token, **_egress(row.account)}
        elif not isinstance(row.access_token, Unreadable):
            key = {"kind": row.account.kind, "email": row.account.email, "api_key": row.access_token}
            yield {**key, **_egress(row.account)}


def _egress(account: Account) -> dict[str, str]:
    """The account's own proxy, if it has one that can be decrypted."""
    proxy_url = account.proxy_url
    return {} if isinstance(proxy_url, Unreadable) or not proxy_url else {"proxy_url": proxy_url}


def unreadable(ids: Iterable[int] | None = None) -> list[str]:
    """The names of the accounts, or of those chosen, whose secrets cannot be decrypted with the configured keys."""
    rows = Credential.objects.select_related("account").filter(account__is_demo=False).order_by("account_id")
    if ids is not None:
        rows = rows.filter(account__in=ids)
    secrets = ((row.account.email, row.refresh_token, row.access_token) for row in rows.iterator(chunk_size=500))
    return [name for name, *both in secrets if any(isinstance(secret, Unreadable) for secret in both)]


def fingerprint(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _tokens(new: NewAccount) -> dict[str, object]:
    if new.kind == Account.Kind.GEMINI_API:
        return {"refresh_token": "", "access_token": new.api_key, "expires_at": None}
    expires_at = new.expires_at
    if new.access_token and expires_at is None:
        expires_at = timezone.now() + ACCESS_TOKEN_LIFE
    return {"refresh_token": new.refresh_token, "access_token": new.access_token, "expires_at": expires_at}
