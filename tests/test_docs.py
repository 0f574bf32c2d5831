"""Every command, path, check and link in the documents exists."""

import io
import re
import shlex

import pytest
from django.core.management import call_command, get_commands

from accounts_app.models import Account, ApiKey
from accounts_app.status import checks
from gateway_project import __version__
from tests.documents import DOCUMENTS, READMES, ROOT, blocks, commands, text_of

APPS = ("accounts_app", "proxy_app", "gateway_project")
# Commands that run until they are stopped, or belong to Django.
LASTING = ("serve", "emulator", "runserver", "check")
TOKENS = "1//token-of-alice"
# Files of a reader's, by their names in the examples.
FILES = {
    "token.txt": TOKENS,
    "accounts.json": '[{"email": "bob@example.com", "refresh_token": "1//token-of-bob"}]',
}
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|toml|md|txt))`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")
# Placeholders, other projects' files, and files made at run time or by a reader.
NOT_OURS = re.compile(
    r"NAME|google/|^/|^~|/docs/resources/|^docs/resources/|\.com/|\.google/|\.dev/|^postgres|^AI|\.env$"
)


def own_commands() -> set[str]:
    return {name for name, app in get_commands().items() if app in APPS}


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_in_the_readme(readme: str):
    missing = {name for name in own_commands() if f"| `{name}` |" not in text_of(readme)}

    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_in_the_documents_exists(document: str):
    assert {name for name, _ in commands(document)} <= set(get_commands())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_the_documents_exists(document: str):
    named = {path for path in PATH.findall(text_of(document)) if not NOT_OURS.search(path)}

    # A document may also give paths relative to a package that it has named.
    roots = (ROOT, *(ROOT / room for room in (*APPS, "proxy_app/wire", "accounts_app/pool")), ROOT / "accounts_app")
    missing = {path for path in named if not any((root / path).exists() for root in roots)}

    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_within_the_documents_leads_somewhere(document: str):
    here = (ROOT / document).parent
    broken = {path for path, _ in LINK.findall(text_of(document)) if path and not (here / path).exists()}

    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_section_finds_its_heading(document: str):
    text = text_of(document)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    wanted = {anchor.removeprefix("#") for path, anchor in LINK.findall(text) if not path}

    assert wanted <= anchors


def test_the_twin_has_the_same_examples():
    english, chinese = ([re.sub(r" *#.*", "", block.code) for block in blocks(name)] for name in READMES)

    assert chinese == english


def test_every_check_is_explained():
    ids = set(re.findall(r'"(gateway\.[EW]\d+)"', (ROOT / "accounts_app" / "status" / "checks.py").read_text()))

    explained = set(re.findall(r"^\| (gateway\.[EW]\d+) \|", text_of("docs/OPERATIONS.md"), re.MULTILINE))

    assert explained == ids
    assert len(ids) == len(checks.CHECKS)


def test_the_newest_version_in_the_changelog_is_this_one():
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text_of("CHANGELOG.md"), re.MULTILINE)

    assert versions[0] == __version__


@pytest.mark.django_db
def test_the_commands_in_the_readme_do_what_it_says(tmp_path, monkeypatch, capsys):
    """In the order of the document: accounts come before the list of them, a key before it is revoked."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)

    for name, arguments in commands("README.md"):
        if name in LASTING or name not in own_commands():
            continue
        given, _, source = arguments.partition(" < ")
        monkeypatch.setattr("sys.stdin", io.StringIO(FILES.get(source, "")))
        call_command(name, *shlex.split(given))

    assert set(Account.objects.values_list("email", flat=True)) == {"alice@example.com", "bob@example.com"}
    assert not ApiKey.objects.get(name="laptop").enabled
    assert "bob@example.com" in capsys.readouterr().out
