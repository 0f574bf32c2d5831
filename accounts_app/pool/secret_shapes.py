"""What Google's secrets look like: to tell their kinds apart, and to find or mask them in a text.

refresh token   1//0g…
API key         AIza…, and since 2026 AQ.…
access token    ya29.…
"""

import re

# A secret is a whole word: one that was cut short or masked (`AIza…`, `AIzaSy****`) is none.
_BEGIN = r"(?<![A-Za-z0-9_/.\-])"
_END = r"(?=$|[\s\"'`,;:|()\[\]{}<>&#=\\]|\.(?:\s|$)|[^\x00-\x7f…•·●])"
_REFRESH_TOKEN = r"1//[A-Za-z0-9_.\-]*[A-Za-z0-9_\-]"
_API_KEY = r"(?:AIza|AQ\.(?=[A-Za-z0-9_\-]{2}))[A-Za-z0-9_.\-]*[A-Za-z0-9_\-]"
_ACCESS_TOKEN = r"ya29\.[A-Za-z0-9_.\-]*[A-Za-z0-9_\-]"

_FOUND = re.compile(f"{_BEGIN}(?:{_REFRESH_TOKEN}|{_API_KEY}){_END}", re.MULTILINE)
_WRITTEN_OTHERWISE = re.compile(r"(?<![A-Za-z0-9])1(?:%2F%2F|\\/\\/)", re.IGNORECASE)

# What is masked: all that begins like a secret of Google's or a key of ours, as far as it may go on.
MASKABLE = r"\b(?:ya29\.|1//|1%2F%2F|AIza|AQ\.|gw-|GOCSPX-)[\w.~+/\-]{8,}"
# Every match of `MASKABLE` has one of these in it, in lower case.
SIGNS = ("ya29.", "1//", "1%2f%2f", "aiza", "aq.", "gw-", "gocspx-")
_MASKABLE = re.compile(MASKABLE, re.IGNORECASE)


def found(text: str) -> list[str]:
    """The refresh tokens and API keys in `text`, in order; also those whose slashes a URL or JSON has escaped."""
    return _FOUND.findall(_WRITTEN_OTHERWISE.sub("1//", text))


def is_refresh_token(word: str) -> bool:
    return re.fullmatch(_REFRESH_TOKEN, word) is not None


def is_api_key(word: str) -> bool:
    return re.fullmatch(_API_KEY, word) is not None


def is_access_token(word: str) -> bool:
    return re.fullmatch(_ACCESS_TOKEN, word) is not None


def masked(text: str) -> str:
    """`text` with *** for everything in it that looks like a secret of Google's or a key of ours."""
    return _MASKABLE.sub("***", text)
