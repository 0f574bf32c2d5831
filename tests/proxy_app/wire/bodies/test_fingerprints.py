"""Which requests count as the same."""

import json
from hashlib import blake2b

import pytest

from proxy_app.wire.bodies.bodies import pieces, read_body
from proxy_app.wire.bodies.fingerprints import fingerprint

PART = 64 * 1024


def of(**fields: object) -> tuple[int, bytes]:
    return fingerprint(read_body(json.dumps(fields).encode()))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"contents": []},
        {"contents": "x" * (PART - 15)},
        {"contents": "x" * PART, "tools": "y" * 10},
        {"a": "x" * (2 * PART), "b": "y" * (2 * PART)},
        {f"f{number}": "z" * 1_000 for number in range(300)},
    ],
    ids=lambda fields: ",".join(fields)[:20] or "nothing",
)
def test_it_is_the_length_and_a_hash_of_the_beginning_and_the_end(fields):
    body = read_body(json.dumps(fields).encode())
    whole = b"".join(pieces(body))

    assert fingerprint(body) == (len(whole), blake2b(whole[:PART] + whole[-PART:], digest_size=16).digest())


def test_what_differs_at_either_end_is_another_request():
    middle = "m" * (4 * PART)

    assert len({of(a="1", b=middle, c="1"), of(a="2", b=middle, c="1"), of(a="1", b=middle, c="2")}) == 3
    assert of(a="1", b=middle, c="1") == of(a="1", b=middle, c="1")
    assert of(a=middle) != of(a=middle + "m")


def test_what_differs_in_the_middle_alone_is_taken_for_the_same():
    begin, end = "b" * PART, "e" * PART

    assert of(a=f"{begin}1{end}") == of(a=f"{begin}2{end}")
