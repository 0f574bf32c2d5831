"""The attempts of one call: what they used, and the headers `X-Gateway-Attempt-…` about them.

Headers name accounts by id, never by email address.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from accounts_app.api_keys.usage import NO_TOKENS, Tokens
from proxy_app.ledger.entries import LogEntry, bounded
from proxy_app.wire.usage import Usage

_NOT_IN_A_HEADER = re.compile(r"[^ -~]")


@dataclass(slots=True)
class AttemptLog:
    """The attempts of one call, in order, failed ones too."""

    entries: list[LogEntry] = field(default_factory=list)

    def spent(self) -> Tokens:
        """What the call has used so far, over all its attempts."""
        spent = NO_TOKENS
        for entry in self.entries:
            if entry.usage.total or entry.usage.prompt:
                spent += tokens_of(entry.usage)
        return spent

    def headers(self) -> dict[str, str]:
        """`X-Gateway-Attempts: 2`, and one `X-Gateway-Attempt-N` for each in words."""
        attempts = {f"X-Gateway-Attempt-{entry.attempt}": _in_words(entry) for entry in self.entries}
        return {"X-Gateway-Attempts": str(len(self.entries))} | attempts


def tokens_of(used: Usage) -> Tokens:
    """Upstream's counts as a key is charged for them."""
    counts = (used.prompt, used.cached, used.candidates, used.thoughts, used.tool)
    return Tokens(*map(bounded, counts))


def _in_words(entry: LogEntry) -> str:
    status = f" {entry.fault.status}" if entry.fault.status else ""
    became = "answering" if entry.delivered else f"{entry.fault.outcome.value}{status}"
    words = (
        f"account {entry.account_id}",
        f"model {entry.upstream_model}",
        urlsplit(entry.endpoint).hostname or "nothing sent",
        became,
        f"chosen for {entry.why}",
        f"waited {entry.waited:.1f} s",
    )
    # A header takes printable ASCII only, and a model's name may hold other characters.
    return _NOT_IN_A_HEADER.sub("?", "; ".join(words))
