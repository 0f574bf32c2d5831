"""The token of an operator's own calls from the console: signed, used instead of an API key, valid for a minute.

Any node with the same GATEWAY_SECRET_KEY verifies it without the database; it is never stored.
"""

from django.core import signing

PREFIX = "operator-"
# A click's call follows within a round trip; a token that leaks is of no use later.
LIFE_SECONDS = 60

_SALT = "proxy_app.api.operator_pass"


def issue(operator: str) -> str:
    """A token for the operator of this name, whom the caller has authenticated."""
    return PREFIX + signing.dumps(operator, salt=_SALT)


def holder(presented: str) -> str:
    """The operator whose valid token this is; "" for any other text and an expired one."""
    if not presented.startswith(PREFIX):
        return ""
    try:
        return str(signing.loads(presented.removeprefix(PREFIX), salt=_SALT, max_age=LIFE_SECONDS))
    except signing.BadSignature:
        return ""
