"""Reads message catalogues: the entries of a .po file, and the translations that a compiled .mo file gives."""

import gettext
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[0\])?) (".*")$')


@dataclass(frozen=True, slots=True)
class Message:
    """One entry. Chinese has no plural: a text with one has a single translation too."""

    msgid: str
    plural: str
    translation: str
    fuzzy: bool = False

    @property
    def sources(self) -> list[str]:
        return [self.msgid, self.plural] if self.plural else [self.msgid]


def messages(po: Path) -> Iterator[Message]:
    """Every entry of a .po file but its header; an obsolete one counts as not translated."""
    for block in po.read_text().split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            line = line.removeprefix("#~ ")
            if begins := _LINE.match(line):
                name = begins[1].removesuffix("[0]")
                fields[name] = json.loads(begins[2])
            elif line.startswith('"'):
                fields[name] += json.loads(line)
        if fields.get("msgid"):
            translation = "" if "#~ " in block else fields.get("msgstr", "")
            fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in block.splitlines())
            yield Message(fields["msgid"], fields.get("msgid_plural", ""), translation, fuzzy)


def compiled(mo: Path) -> dict[str, str]:
    """The translation of each msgid in a .mo file."""
    with mo.open("rb") as file:
        known = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {(source if isinstance(source, str) else source[0]): text for source, text in known.items() if source}
