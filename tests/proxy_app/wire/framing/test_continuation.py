"""Tokens by which an answer is continued are found wherever they stand."""

import pytest

from proxy_app.wire.framing.continuation import tokens_in


@pytest.mark.parametrize(
    ("frame", "tokens"),
    [
        (b'{"candidates":[{"finishReason":"CONTINUATION","continuationToken":"one"}]}', ["one"]),
        (b'{"candidates":[{"continuationToken" : "one"},{"continuation_token":"two"}]}', ["one", "two"]),
        (b'{"continuationToken":"a\\u002fb"}', ["a/b"]),
        (b'{"continuationToken":"same","x":{"continuationToken":"same"}}', ["same"]),
        (b'{"continuationToken":""}', []),
        (b'{"continuationToken":null}', []),
        (b'{"continuationToken":"\\ud800"}', []),
        (b'{"text":"\\"continuationToken\\":\\"none\\""}', []),
        (b'{"finishReason":"CONTINUATION"}', []),
        (b"{}", []),
    ],
)
def test_tokens_are_found(frame: bytes, tokens: list[str]):
    assert tokens_in(frame) == tokens
