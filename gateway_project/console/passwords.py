"""Passwords are hashed one at a time: a hundred guesses at once would otherwise take every core from the calls."""

from threading import Lock

from django.contrib.auth.hashers import PBKDF2PasswordHasher

_one = Lock()


class OneAtATime(PBKDF2PasswordHasher):
    """Django's hasher, one at a time. The algorithm keeps its name, so that stored hashes stay valid."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _one:
            return super().encode(password, salt, iterations)
