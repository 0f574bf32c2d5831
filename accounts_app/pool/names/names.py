"""Which characters a name may be made of: a client's, an operator's, an upstream's. Nothing else gets anywhere."""

import re
from unicodedata import is_normalized

# Bytes of UTF-8, for whatever a client may name: models and other resources, sessions, conversations. Google's own
# longest ids are a third of that.
LONGEST = 256

# Letters and digits of any script, and the marks that names of models are known to have; a space only inside.
# Not among them: what separates in a URL (/ ? # % \), control characters, and what is invisible.
_ID = re.compile(r"[\w.~:@+-](?:[\w.~:@+ -]*[\w.~:@+-])?")


# Other spellings of a model of Google's, which some of its APIs take.
_PUBLISHERS = ("publishers/google/models/", "google/")


def canonical(model: str) -> str:
    """The name that a model counts by, for allow-lists, routes, cooldowns and sums: `x` for `google/x` and
    `publishers/google/models/x`.
    """
    for prefix in _PUBLISHERS:
        if model.startswith(prefix):
            return model.removeprefix(prefix)
    return model


def is_id(text: str) -> bool:
    """Whether `text` may be one segment of a name: not empty, not only dots, no look-alike of another character."""
    return _ID.fullmatch(text) is not None and text.strip(".") != "" and (text.isascii() or is_normalized("NFKC", text))


def is_model_name(text: str) -> bool:
    """Whether `text` may be a model's name, bare or with its collection before it."""
    return len(text.encode(errors="replace")) <= LONGEST and all(map(is_id, text.split("/")))


def is_pattern(text: str) -> bool:
    """Whether `text` may be a model's name in which `*` stands for anything."""
    return is_model_name(text.replace("*", "x"))
