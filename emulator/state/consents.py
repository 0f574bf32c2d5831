"""Authorization codes: what each stands for, until it is exchanged."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Consent:
    """What one authorization code stands for."""

    email: str
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str
    offline: bool
    expires_at: float


class Consents:
    """Codes given out and not yet exchanged, and who has consented before."""

    def __init__(self) -> None:
        self._codes: dict[str, Consent] = {}
        self._spent: set[str] = set()
        self.known: set[tuple[str, str]] = set()

    def issue(self, consent: Consent) -> str:
        code = "4/0A" + secrets.token_urlsafe(32)
        self._codes[code] = consent
        return code

    def redeem(self, code: str) -> Consent | None:
        """The consent behind a code, once."""
        consent = self._codes.pop(code, None)
        if consent is not None:
            self._spent.add(code)
        return consent

    def was_spent(self, code: str) -> bool:
        return code in self._spent

    def clear(self) -> None:
        self._codes.clear()
        self._spent.clear()
        self.known.clear()
