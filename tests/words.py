"""The words of the field, as a table: what is not said, what is said instead, and where that can be checked.

Only words are here that have no everyday meaning beside the one that is not wanted; the others are kept by reading.
A name is checked as the words it is made of (`_under_way` is "under way"), so one expression serves names and prose.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Where a word can stand. TEXT is what people are shown: templates, and strings of code with a space or a translation.
NAME, PROSE, TEXT, DOCUMENT = "name", "prose", "text", "document"
READ = (PROSE, TEXT, DOCUMENT)
EVERYWHERE = (NAME, *READ)


@dataclass(frozen=True, slots=True)
class Word:
    """`said` is a regular expression, matched without regard to case, for what is called `say` in this field."""

    said: str
    say: str
    where: tuple[str, ...] = EVERYWHERE


WORDS = (
    Word(r"(?<!the )(?<!at )(?<!\")(?-i:(?!REST\b))(rests?|resting|rested)\b(?! of\b)", "cooldown, cooling down"),
    Word(r"(un)?park(s|ed|ing)?", "needs attention, or disabled", READ),
    Word(r"reviv(e|es|ed|ing)", "re-enable"),
    Word(r"(try|tries|tried|trying) out", "half-open, probing, test"),
    Word(r"(stands?|standing) by(?! now)", "standby"),
    Word(r"standings?", "status, eligibility"),
    Word(r"how it is", "status", (TEXT, DOCUMENT)),
    Word(r"keeps its quota|quota to keep", "below reserve, quota reserve"),
    Word(r"why not( this account)?\b", "account eligibility", (NAME, TEXT, DOCUMENT)),
    Word(r"first event\b(?! timeout)", "time to first token", (TEXT,)),
    Word(r"gateway's own time", "gateway overhead"),
    Word(r"under way", "in flight"),
    Word(r"calls at once", "max concurrent requests"),
    Word(r"second (try|tries)|at the first try", "retries, no retries"),
    Word(r"wrong requests?", "invalid request"),
    Word(r"broken off", "stream interrupted"),
    Word(r"went away", "client disconnected"),
    Word(r"needs? (its|their) owners?", "account action required"),
    Word(r"empty 200", "empty response"),
    Word(r"^all of it$|^took$|went to the client", "total, duration, returned to client", (TEXT,)),
    Word(r"^what was said|prompts? and answers?", "prompt and response"),
    Word(r"bundles?", "diagnostics"),
    Word(r"bug reports?", "diagnostics", (NAME, TEXT)),
    Word(r"what came of it|as it came", "result, raw response", (NAME, TEXT, DOCUMENT)),
    Word(r"who asks", "authenticate as", (NAME, TEXT, DOCUMENT)),
    Word(r"^what to do$|put (it|this|that) right", "actions, fix"),
    Word(r"longest (silence|wait)", "first-token timeout, stream idle timeout, max queue wait"),
    Word(r"stays with its account|(account|each) in turn|drain one", "session affinity, round robin, fill first", READ),
    Word(
        r"^(what is kept|who is told|what is sent|who may call)$",
        "retention, notifications, system instruction, authentication",
        (TEXT,),
    ),
    Word(r"may ask why|keep prompts", "may request routing details, log prompts and responses", READ),
    Word(r"^asked for$|^sent upstream$", "alias, upstream model", (TEXT,)),
    Word(r"pins|pinned", "default generationConfig", (NAME, TEXT)),
    Word(r"holds now|^not taken$", "current, rejected", (TEXT, DOCUMENT)),
    Word(r"needs? you", "no action required, items need attention", READ),
    Word(r"(fail|fails) quietly", "configuration warnings"),
    Word(r"type in one token|have elsewhere", "add a refresh token, import existing credentials", READ),
    Word(r"code from your phone", "two-factor code", READ),
    Word(r"the door is closed", "no longer available to consumers", READ),
    Word(r"errands?", "task, bulk action"),
    Word(r"what must stay true", "invariants", READ),
    Word(r"hearsay|heirs?|however (it|they) feels?|everybody's back|nobody's trouble", "a plain sentence", READ),
    Word(r"rooms above", "what proxy_app or gateway_project provides", READ),
    Word(r"arrivals|fates?|newcomers?", "import result, new account", (NAME,)),
    Word(r"dut(y|ies)", "claim", (NAME,)),
    Word(r"upstairs|lent", "hooks", (NAME,)),
    Word(r"journeys?|trails?", "attempts, attempt log", (NAME,)),
)
CHINESE = (
    Word("休息", "冷卻"),
    Word("停放", "待處理, 停用"),
    Word("花費", "耗時"),
)

# Names that are stored: a model, an enum, a related name. A column that is one of them is not looked for in names.
STORED = frozenset({"Rest", "Duty", "rests"})
GETTEXT = ("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext")
_BACKTICKS = re.compile(r"``.*?``|`[^`]*`", re.DOTALL)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TEMPLATE_CODE = re.compile(
    r"\{#.*?#\}|\{%(?!\s*(?:translate|blocktranslate|plural)).*?%\}|\{\{.*?\}\}|<[^>]*?>", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of text where it stands: `kind` is one of NAME, PROSE, TEXT, DOCUMENT."""

    place: str
    kind: str
    text: str


def found_in(said: Said, words: tuple[Word, ...] = WORDS) -> Iterator[Word]:
    looked_for = tuple(word for word in words if said.kind in word.where)
    if _any_of(looked_for).search(said.text):
        yield from (word for word in looked_for if _any_of((word,)).search(said.text))


@cache
def _any_of(words: tuple[Word, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(word.said for word in words) or '(?!)'})(?!\w)", re.IGNORECASE)


def of_python(path: Path) -> Iterator[Said]:
    """Names that a module defines, its docstrings and comments, and its strings of more than one word."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    where = str(path.relative_to(ROOT))
    yield Said(where, NAME, _words_of(path.stem))
    docstrings = set()
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
                yield Said(_line(where, node), PROSE, _plain(str(first.value.value)))
        for name in _defined_by(node):
            if name not in STORED:
                yield Said(_line(where, node), NAME, _words_of(name))
    is_shown = "tests" not in path.relative_to(ROOT).parts
    for node in nodes if is_shown else ():
        for string in _strings_of(node):
            if id(string) not in docstrings and (" " in string.value or string is not node):
                yield Said(f"{where}:{string.lineno}", TEXT, _plain(string.value))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Said(f"{where}:{token.start[0]}", PROSE, _plain(token.string))


def _line(where: str, node: ast.AST) -> str:
    return f"{where}:{getattr(node, 'lineno', 1)}"


def of_template(path: Path) -> Iterator[Said]:
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        for piece in _TEMPLATE_CODE.sub("\n", line).splitlines():
            for one in re.findall(r"translate \"([^\"]*)\"", piece) or [piece]:
                yield Said(f"{path.relative_to(ROOT)}:{number}", TEXT, one.strip())


def of_document(path: Path) -> Iterator[Said]:
    """Paragraphs of a document, so that a phrase is found that goes over the end of a line."""
    number = 1
    for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
        yield Said(f"{path.relative_to(ROOT)}:{number}", DOCUMENT, _plain(paragraph))
        number += paragraph.count("\n") + 2


def _defined_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name


def _strings_of(node: ast.AST) -> Iterator[ast.Constant]:
    """A string itself, and the ones that a call hands to gettext."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT:
        yield from (one for one in node.args if isinstance(one, ast.Constant) and " " not in str(one.value))


def _words_of(name: str) -> str:
    return " ".join(part.lower() for part in _PART.findall(name))


def _plain(text: str) -> str:
    """Without what is in backticks (names, which may be stored ones), in one line."""
    return " ".join(_BACKTICKS.sub("``", text).split())
