"""The names that the server uses of daphne and twisted without having been offered them, all in one place.

An upgrade of either that drops one fails here first.
"""

import inspect
import re

import daphne.http_protocol
import daphne.server
import pytest
from twisted.internet import abstract, asyncioreactor, base, posixbase, tcp
from twisted.protocols import basic
from twisted.web import http

from tests.documents import ROOT

PRIVATE = {
    daphne.server: ["application_checker", "kill_all_applications", "create_application", "request_buffer_size"],
    daphne.http_protocol: ["_response_started", "request_start", "basic_error", "client_addr", "daphne-root-path"],
    http: [
        "_command",
        "_path",
        "_version",
        "_handlingRequest",
        "_networkProducer",
        "_waitingForTransport",
        "_respondToBadRequestAndDisconnect",
        "_send100Continue",
        "_parsePOSTFormSubmission",
        "allContentReceived",
        "allHeadersReceived",
        "lineReceived",
        "requestDone",
        "timeoutConnection",
        "writeHeaders",
    ],
    basic: ["_buffer", "_busyReceiving", "line_mode"],
    abstract: ["_tempDataBuffer", "_tempDataLen", "dataBuffer", "offset"],
    tcp: ["_fromListeningDescriptor", "numberAccepts"],
    posixbase: ["_disconnectSelectable"],
    asyncioreactor: ["_asyncioEventloop"],
    base: ["addSystemEventTrigger"],
}
ROOM = ROOT / "gateway_project" / "server"
SERVER = ("server", "channel", "listening", "request", "backpressure", "abort", "drain")


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in PRIVATE.items() for name in names])
def test_the_name_is_still_there(module, name):
    assert name in inspect.getsource(module)


def test_no_other_private_name_is_used():
    source = "\n".join((ROOM / f"{module}.py").read_text() for module in SERVER)
    used = set(re.findall(r"(?<!\bos)\.(_[a-zA-Z]\w*)", source))
    ours = set(re.findall(r"(?:^\s+self\.|^|^\s+|def )(_[a-zA-Z]\w*)(?: =|: \w|\()", source, re.MULTILINE))

    assert used - ours <= {name for names in PRIVATE.values() for name in names}
