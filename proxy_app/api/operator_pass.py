"""An operator's own calls from the console: a signed pass instead of an API key, good for a minute.

It is checked from memory, on any node with the same GATEWAY_SECRET_KEY, and is never stored.
"""

from django.core import signing

PREFIX = "operator-"
# From the click to the call it is one round trip; a pass that is copied from somewhere is of no use later.
LIFE_SECONDS = 60

_SALT = "proxy_app.api.operator_pass"


def issue(operator: str) -> str:
    """A pass for the operator of this name. Whoever asks has been checked before."""
    return PREFIX + signing.dumps(operator, salt=_SALT)


def holder(presented: str) -> str:
    """The operator whose valid pass this is; "" if it is none, or no longer."""
    if not presented.startswith(PREFIX):
        return ""
    try:
        return str(signing.loads(presented.removeprefix(PREFIX), salt=_SALT, max_age=LIFE_SECONDS))
    except signing.BadSignature:
        return ""
