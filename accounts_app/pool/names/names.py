"""Which characters a name may have, whether a client, an operator or upstream gives it. All other names are refused."""

import re
from unicodedata import is_normalized

# Bytes of UTF-8, for all that a client may name: models and other resources, sessions, conversations. Google's own
# longest ids are a third of that.
LONGEST = 256

# Letters and digits of any script, and the punctuation that names of models are known to have; a space only inside.
# Not allowed: what separates in a URL (/ ? # % \), control characters, and invisible ones.
_ID = re.compile(r"[\w.~:@+-](?:[\w.~:@+ -]*[\w.~:@+-])?")


# Other spellings of a model of Google's, which some of its APIs take.
_PUBLISHERS = ("publishers/google/models/", "google/")


def canonical(model: str) -> str:
    """The one spelling that allow-lists, routes, cooldowns and usage go by: `x` for `google/x` and
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
