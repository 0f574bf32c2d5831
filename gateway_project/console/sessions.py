"""The console's sessions: Django's rows, with signed keys, so that a made-up key is recognised without a query."""

import hmac

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.utils.crypto import get_random_string, salted_hmac

RANDOM, SIGNED = 24, 16  # characters; the column holds 40


class SessionStore(DatabaseSessions):
    def _get_new_session_key(self) -> str:
        while self.exists(key := _signed(get_random_string(RANDOM, VALID_KEY_CHARS))):
            pass
        return key


def is_issued(key: str) -> bool:
    """Whether this gateway has issued `key`; whether its session still exists is not checked."""
    return hmac.compare_digest(_signed(key[:RANDOM]).encode(), key.encode())


def _signed(random: str) -> str:
    return random + salted_hmac(__name__, random, algorithm="sha256").hexdigest()[:SIGNED]
