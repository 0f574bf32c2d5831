"""The project's documents, with their code blocks and the commands in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-TW.md")
DOCUMENTS = (
    *(*READMES, "CONTRIBUTING.md", "CHANGELOG.md"),
    *(f"docs/{name}.md" for name in ("ARCHITECTURE", "BLAME", "OPERATIONS", "PERFORMANCE", "TESTING")),
)

# Placeholders in the examples, for which readers put their own values.
ADDRESS = "http://127.0.0.1:8045"
KEY = "gw-YOUR-KEY"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"manage\.py ([a-z_]+)(?: ([^`\n]*))?")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document; `line` is where it begins."""

    document: str
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"

    def filled_in(self, url: str, key: str) -> str:
        """The code with a reader's own address and key."""
        return self.code.replace(ADDRESS, url).replace(KEY, key)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[Block]:
    text = text_of(document)
    return [Block(document, text.count("\n", 0, found.start()) + 1, *found.groups()) for found in _BLOCK.finditer(text)]


def commands(document: str) -> Iterator[tuple[str, str]]:
    """Every `manage.py NAME ARGUMENTS` in a document's blocks."""
    for block in blocks(document):
        for name, arguments in _COMMAND.findall(block.code):
            yield name, arguments.strip()
