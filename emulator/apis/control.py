"""The emulator's own JSON endpoint, to steer one that runs alone; everything is under `/emulator`.

    GET  /emulator                       what there is
    GET  /emulator/faults                the names of the catalogue
    GET  /emulator/requests              what was asked, latest last (`?call=`, `?account=`, `?limit=`)
    GET  /emulator/accounts              the accounts; POST {"email", …} adds one (as `Emulator.add_account` does)
    POST /emulator/accounts/{email}/expire | revoke
    POST /emulator/scripts               {"fault": NAME} or {"reply": {…}} or {"style": {…}}, with "account", "model",
                                         "method", "base", "times" (null: until reset) and "delay" as wanted
    DELETE /emulator/scripts             forgets what was scripted
    POST /emulator/advance               {"seconds": 3600} moves the emulator's clock
    POST /emulator/reset                 as new

For example, `curl -d '{"fault": "quota_exhausted", "account": "alice@example.com"}' …/emulator/scripts` spends one
account's quota for one call. A reply's chunks are text here; endings and forms go by their names ("cut", "pretty").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from emulator.state.accounts import Account
from emulator.state.recording import rows
from emulator.state.scripts import Script
from emulator.wire.errors import refuse
from emulator.wire.fault_names import FAULTS
from emulator.wire.replies import Ending, ErrorForm, Json, Reply, Style, UsageForm, json_reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_ENUMS: Mapping[str, Callable[[str], Any]] = {"ending": Ending, "error_form": ErrorForm, "usage": UsageForm}


def answer(google: Google, call: Call) -> Reply:
    """Steers the emulator; raises Refused for what cannot be done."""
    method, path = call.request.method, call.route.resource
    asked = call.json_body() if method == "POST" else {}
    try:
        return json_reply(_act(google, call, method, path, asked))
    except (KeyError, TypeError, ValueError) as error:
        raise refuse(400, f"{type(error).__name__}: {error}") from None


def _act(google: Google, call: Call, method: str, path: str, asked: Json) -> Json:
    match method, path.split("/"):
        case "GET", [""]:
            return {"emulator": (__doc__ or "").splitlines()}
        case "GET", ["faults"]:
            return {"faults": list(FAULTS)}
        case "GET", ["requests"]:
            return {"requests": _requests(google, call.request.query)}
        case "GET", ["accounts"]:
            return {"accounts": [_shown(account) for account in google.accounts.all()]}
        case "POST", ["accounts"]:
            return _shown(google.add_account(**asked), with_tokens=True)
        case "POST", ["accounts", email, "expire"]:
            google.accounts.expire_access_tokens(unquote(email))
        case "POST", ["accounts", email, "revoke"]:
            google.accounts.revoke(unquote(email))
        case "POST", ["scripts"]:
            google.scripts.add(_script(asked))
        case "DELETE", ["scripts"]:
            google.scripts.clear()
        case "POST", ["advance"]:
            google.advanced += float(asked["seconds"])
        case "POST", ["reset"]:
            google.reset()
        case _:
            raise refuse(404, f"There is no {method} {call.request.path}; GET /emulator tells what there is.")
    return {}


def _requests(google: Google, query: Mapping[str, str]) -> list[Json]:
    wanted = {name: query[name] for name in ("call", "account", "model") if name in query}
    kept = [one for one in google.recording.all() if all(getattr(one, name) == want for name, want in wanted.items())]
    return rows(kept[-int(query.get("limit", "100")) :])


def _shown(account: Account, *, with_tokens: bool = False) -> Json:
    shown = {
        "email": account.email,
        "project": account.project,
        "tier": account.tier,
        "onboarded": account.onboarded,
        "revoked": account.revoked,
    }
    if with_tokens:
        shown |= {
            "refresh_token": account.refresh_token,
            "access_token": account.access_token,
            "api_key": account.api_key,
        }
    return shown


def _script(asked: Json) -> Script:
    what: str | Reply | Style
    if fault := asked.pop("fault", ""):
        what = fault
    elif (reply := asked.pop("reply", None)) is not None:
        chunks = tuple(chunk.encode() for chunk in reply.pop("chunks", ()))
        headers = tuple((name, value) for name, value in dict(reply.pop("headers", {})).items())
        what = Reply(chunks=chunks, headers=headers, **_named(reply))
    else:
        what = Style(**_named(asked.pop("style")))
    return Script(what, **asked)


def _named(fields: Json) -> Json:
    return {name: _ENUMS[name](value) if name in _ENUMS else value for name, value in fields.items()}
