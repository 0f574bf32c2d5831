"""A stand-in for Google on a real socket: `v1internal`, the OAuth endpoints and the public Gemini API.

It answers as Google does, down to framing and error texts, and fails as Google does when told to:

    with Emulator() as google:
        alice = google.add_account("alice@example.com", quota=3)
        google.script("rate_limited", account=alice, model="gemini-2.5-pro", times=2)
        google.script(Style(cut_after=1), method="streamGenerateContent")
        ...
        assert google.calls[0].headers["user-agent"].startswith("gemini-gateway/")

`FAULTS` names the faults, `Reply` scripts a reply to the byte, `Style` has a normal answer told in a certain
way. It imports nothing of the gateway.
"""

from emulator.answers.signatures import SENTINELS
from emulator.emulator import Emulator
from emulator.state.accounts import Account
from emulator.state.recording import Recorded
from emulator.state.scripts import Script
from emulator.wire.addresses import dead_address
from emulator.wire.fault_names import FAULTS
from emulator.wire.replies import Ending, ErrorForm, Reply, Style, UsageForm

__all__ = [
    "FAULTS",
    "SENTINELS",
    "Account",
    "Emulator",
    "Ending",
    "ErrorForm",
    "Recorded",
    "Reply",
    "Script",
    "Style",
    "UsageForm",
    "dead_address",
]
