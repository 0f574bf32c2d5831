"""The operator's system instruction before the client's; whole calls are in the dialects' tests."""

import pytest
from msgspec import Raw

from proxy_app.wire.dialects.system_instruction import with_prefix


@pytest.mark.parametrize("unreadable", [b'{"parts":[', b'{"parts":[{]}', b"{", b'["\xff"', b"[" * 100_000])
def test_an_instruction_that_cannot_be_read_is_left_as_it_is(unreadable):
    body = {"contents": Raw(b"[]"), "systemInstruction": Raw(unreadable)}

    assert with_prefix(body, "Obey.", "gemini-2.5-pro") is body


def test_without_an_instruction_of_the_operator_nothing_changes():
    body = {"systemInstruction": Raw(b'"Be kind."')}

    assert with_prefix(body, "", "gemini-2.5-pro") is body
