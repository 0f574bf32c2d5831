"""The console's sessions: rows of Django's, with keys that tell by themselves that this gateway has issued them."""

import hmac

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.utils.crypto import get_random_string, salted_hmac

RANDOM, SIGNED = 24, 16  # characters; 40 are what the column has


class SessionStore(DatabaseSessions):
    def _get_new_session_key(self) -> str:
        while self.exists(key := _signed(get_random_string(RANDOM, VALID_KEY_CHARS))):
            pass
        return key


def is_issued(key: str) -> bool:
    """Whether it was once the key of a session, without asking the database whether it still is."""
    return hmac.compare_digest(_signed(key[:RANDOM]).encode(), key.encode())


def _signed(random: str) -> str:
    return random + salted_hmac(__name__, random, algorithm="sha256").hexdigest()[:SIGNED]
