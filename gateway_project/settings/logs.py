"""How the gateway logs: one line a message on standard error, without query strings, tokens or keys."""

import logging
import re

from accounts_app.pool import secret_shapes

# A query string after a path or URL, and secrets by their shapes. The gateway logs none of them; libraries may put
# whole URLs and headers into their messages.
SECRETS = re.compile(
    r"""(?P<query>(?<=[\w/:.~%-])\?[^\s"'<>?]*=[^\s"'<>]*)
    |(?P<bearer>\bBearer\s+)[\w.~+/=-]{8,}
    |"""
    + secret_shapes.MASKABLE,
    re.VERBOSE | re.IGNORECASE,
)

# Every match of the above contains one of these, in lower case; lines without them are not searched.
SIGNS = ("?", "bearer", *secret_shapes.SIGNS)


class OneLine(logging.Formatter):
    """A record on one line; a traceback keeps its lines. Secrets are left out of both."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\r", " ").replace("\n", " ")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        searched = line.lower()
        return SECRETS.sub(_without, line) if any(sign in searched for sign in SIGNS) else line


def _without(match: re.Match[str]) -> str:
    if match["query"]:
        return ""
    return f"{match['bearer'] or ''}[hidden]"


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "one_line": {
            "()": "gateway_project.settings.logs.OneLine",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "one_line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Django would add handlers of its own, and mail to ADMINS.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # One line a request at INFO, with the whole URL.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "asyncio": {"level": "WARNING"},
        # Four lines a sign-in at INFO; a lock-out is a warning.
        "axes": {"level": "WARNING"},
    },
}
