"""Translates the gateway's own sentences for the console.

Rows, logs and the API keep them in English. A text that is none of `SENTENCES`, such as Google's own words, stays as
it is.
"""

import re
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts_app.status.former import FORMER

# As the code has them, with a name for each value filled in; a test compares them with the code.
SENTENCES = (
    # why an account was chosen
    gettext_noop("%(sentence)s, first call after a cooldown"),
    gettext_noop("affinity"),
    gettext_noop("affinity, %(number)s passed over at their share"),
    gettext_noop("%(sentence)s, of the deprioritized"),
    gettext_noop("it answered this conversation before"),
    gettext_noop("it answered for this model lately"),
    gettext_noop("disabled, but in the project of what is named"),
    gettext_noop("the account of this upload"),
    gettext_noop("a check whether it is back"),
    gettext_noop("round robin"),
    gettext_noop("fill first"),
    gettext_noop("an operator's test"),
    # why one is not
    gettext_noop("%(number)s calls in flight"),
    gettext_noop("%(number)s left"),
    gettext_noop("The database has not been read yet."),
    gettext_noop("It is on standby."),
    gettext_noop("The limits of its project are used up."),
    # the result of an attempt
    gettext_noop("An empty answer."),
    gettext_noop("The upstream sent an empty response."),
    gettext_noop("An answer with status %(status)s that cannot be read."),
    gettext_noop("A web page came with status %(status)s."),
    gettext_noop("Status %(status)s without a body."),
    gettext_noop("The upstream ended its answer without finishing it."),
    # sign-ins and tokens
    gettext_noop("Google no longer accepts this account's sign-in (%(reason)s). Sign in again."),
    gettext_noop(
        "Google does not accept this gateway's OAuth client (%(reason)s). Set GOOGLE_OAUTH_CLIENT_ID and "
        "GOOGLE_OAUTH_CLIENT_SECRET to the client that the accounts were connected with."
    ),
    gettext_noop(
        "No OAuth client is set. Make one of type “Desktop app” in the Google Cloud console (APIs & Services, "
        "Credentials), and set GOOGLE_OAUTH_CLIENT_ID and GOOGLE_OAUTH_CLIENT_SECRET."
    ),
    gettext_noop("The token endpoint answered with %(reason)s."),
    gettext_noop("The token endpoint does not answer in time."),
    gettext_noop("userinfo answered with %(status)s and no email."),
    gettext_noop("%(what)s cannot be reached (%(reason)s)."),
    gettext_noop("The proxy does not answer in time."),
    gettext_noop("The proxy's address is not an http, https or socks5 URL."),
    gettext_noop("No API key is stored for this account."),
    gettext_noop("This account has been deleted."),
    gettext_noop("You may not change %(email)s, which is here already."),
    gettext_noop("You may not add accounts, and %(email)s is not here yet."),
    # project, tier and quota
    gettext_noop("%(method)s was answered with %(status)s."),
    gettext_noop("%(method)s: no endpoint answered (%(reason)s)."),
    gettext_noop("Google offers no tier."),
    gettext_noop("The tier %(what)s needs a Google Cloud project: set this account's project."),
    gettext_noop("Google gave this account no project: set one by hand."),
    gettext_noop("onboardUser ended in an error of upstream's own."),
    gettext_noop("onboardUser is not done after a minute; it will be asked again."),
    # what an operator did
    gettext_noop("Disabled by %(name)s."),
    # encryption
    gettext_noop("%(what)s holds something that was not encrypted here."),
    gettext_noop(
        "%(what)s was encrypted with key %(number)s, which GATEWAY_ENCRYPTION_KEYS does not have. "
        "Put that key back, after the first."
    ),
    gettext_noop("%(what)s does not decrypt: the stored value was altered or moved."),
)
# Upstream's own words may follow these.
_WITH_MORE = "%(method)s was answered with %(status)s."
_PLACE = re.compile(r"%\((\w+)\)s")
# What can be filled in: words of any length, or one.
_ANYTHING, _ONE_WORD = r".+", r"\S+"
_LONG = ("sentence", "reason")


def translated(text: str) -> str:
    """`text` in the reader's language if it is one of the gateway's own sentences, else `text`."""
    for sentence in (*SENTENCES, *FORMER):
        if found := _pattern(sentence).fullmatch(text):
            filled = found.groupdict()
            more = filled.pop("more", None) or ""
            if "sentence" in filled:
                filled["sentence"] = translated(filled["sentence"])
            return _(sentence) % filled + more
    return text


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    literal, *others = _PLACE.split(sentence)
    written = re.escape(literal)
    for name, after in zip(others[::2], others[1::2], strict=True):
        written += f"(?P<{name}>{_ANYTHING if name in _LONG else _ONE_WORD})" + re.escape(after)
    return re.compile(written + (r"(?P<more> .*)?" if sentence == _WITH_MORE else ""), re.DOTALL)
