"""An upgrade of daphne or twisted that drops a name which the server uses fails here first, and then at every start."""

import re
from importlib.metadata import version

import pytest
from daphne.server import Server
from twisted.internet import tcp

from gateway_project.server.private_names import NAMES, MissingNames, check
from tests.documents import ROOT

ROOM = ROOT / "gateway_project" / "server"


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, names in NAMES.items() for name in names])
def test_the_installed_versions_have_the_name(owner: type, name: str):
    check({owner: [name]})


def test_a_missing_name_is_said_with_the_versions():
    with pytest.raises(MissingNames) as caught:
        check({Server: ["application_checker", "gone"], tcp.Port: ["_gone_too"]})

    message = str(caught.value)
    assert "daphne.server.Server.gone, twisted.internet.tcp.Port._gone_too" in message
    assert "application_checker" not in message
    assert version("daphne") in message
    assert version("twisted") in message


def test_the_list_has_every_private_name_that_the_server_uses():
    source = "\n".join(path.read_text() for path in ROOM.glob("*.py"))
    used = set(re.findall(r"(?<!\bos)\.(_[a-zA-Z]\w*)", source))
    ours = set(re.findall(r"(?:^\s+self\.|^|^\s+|def )(_[a-zA-Z]\w*)(?: =|: \w|\()", source, re.MULTILINE))

    assert used - ours <= {name for names in NAMES.values() for name in names}


def test_the_list_has_no_name_that_the_server_does_not_use():
    source = "\n".join(path.read_text() for path in ROOM.glob("*.py") if path.name != "private_names.py")

    assert not [name for names in NAMES.values() for name in names if not re.search(rf"\b{name}\b", source)]
