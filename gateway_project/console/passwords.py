"""Passwords hashed one at a time: guesses, a hundred at once, would otherwise take every core from the calls."""

from threading import Lock

from django.contrib.auth.hashers import PBKDF2PasswordHasher

_one = Lock()


class OneAtATime(PBKDF2PasswordHasher):
    """Django's, with the same algorithm, so that what is stored stays good."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _one:
            return super().encode(password, salt, iterations)
