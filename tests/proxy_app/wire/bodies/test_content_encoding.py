import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.bodies import content_encoding
from proxy_app.wire.malformed import Malformed, TooLarge, UnknownEncoding

LIMIT = 1024 * 1024
TEXT = b'{"contents":[{"parts":[{"text":"Hi"}]}]}'


def raw_deflate(plain: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(plain) + deflate.flush()


def decoded(body: bytes, header: str, limit: int = LIMIT) -> bytes:
    steps = content_encoding.decoding(body, header, limit)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("Identity, ,identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("GZip", gzip.compress(TEXT)),
        (" x-gzip ", gzip.compress(TEXT)),
        ("gzip, identity", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", zlib.compress(TEXT, 0)),
        ("deflate", raw_deflate(TEXT)),
        ("deflate, gzip", gzip.compress(zlib.compress(TEXT))),
        ("gzip,gzip", gzip.compress(gzip.compress(TEXT))),
        ("gzip", gzip.compress(TEXT[:10]) + gzip.compress(TEXT[10:])),
        ("gzip", gzip.compress(b"") + gzip.compress(TEXT) + gzip.compress(b"")),
    ],
)
def test_what_a_client_compressed_is_read_as_it_was(header, body):
    assert decoded(body, header) == TEXT


@pytest.mark.parametrize("header", ["gzip", "deflate", "identity"])
def test_no_body_needs_no_decoding(header):
    assert decoded(b"", header) == b""


@given(st.binary(max_size=3000), st.integers(0, 9))
def test_any_bytes_come_back(plain, level):
    assert decoded(gzip.compress(plain, level), "gzip") == plain
    assert decoded(zlib.compress(plain, level), "deflate") == plain
    assert decoded(raw_deflate(plain), "deflate") == plain


@given(st.binary(min_size=1), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_bytes_that_are_not_compressed_are_read_or_refused(body, header):
    try:
        decoded(body, header)
    except Malformed as refused:
        assert "request body" in str(refused)


@pytest.mark.parametrize("header", ["gzip", "deflate"])
def test_plain_json_under_an_encodings_name_is_refused(header):
    with pytest.raises(Malformed, match=f"The request body is not {header}, although its Content-Encoding says so"):
        decoded(TEXT, header)


@pytest.mark.parametrize("header", ["gzip", "deflate"])
def test_a_body_that_was_cut_is_refused(header):
    whole = (gzip.compress if header == "gzip" else zlib.compress)(TEXT)
    for length in range(2, len(whole)):
        with pytest.raises(Malformed, match=f"ends before its {header} does"):
            decoded(whole[:length], header)


@pytest.mark.parametrize(
    ("header", "body"), [("gzip", gzip.compress(TEXT) + b"more"), ("deflate", zlib.compress(TEXT) + b"more")]
)
def test_what_stands_behind_the_end_is_refused(header, body):
    with pytest.raises(Malformed):
        decoded(body, header)


@pytest.mark.parametrize("header", ["br", "zstd", "compress", "gzip, br", "br, gzip", "utf-8", "aws-chunked"])
def test_an_unknown_encoding_is_named(header):
    unknown = next(name.strip() for name in header.split(",") if name.strip() != "gzip")

    with pytest.raises(UnknownEncoding, match=f"'{unknown}' is not supported. Supported are: gzip, deflate, identity"):
        decoded(gzip.compress(TEXT), header)


def test_no_more_than_two_encodings_are_undone():
    with pytest.raises(UnknownEncoding, match="2 times at most"):
        decoded(TEXT, "gzip, gzip, gzip")


@pytest.mark.parametrize("surplus", [0, 1])
def test_the_limit_is_that_of_the_result(surplus):
    body = gzip.compress(b"x" * (LIMIT + surplus))

    if surplus:
        with pytest.raises(TooLarge, match=f"exceeds the limit: {LIMIT} bytes"):
            decoded(body, "gzip")
    else:
        assert len(decoded(body, "gzip")) == LIMIT


@pytest.mark.parametrize("header", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_given_up_at_the_limit(header):
    bomb = b"0" * (20 * LIMIT)
    for name in header.split(", "):
        bomb = (gzip.compress if name == "gzip" else zlib.compress)(bomb)

    steps = content_encoding.decoding(bomb, header, LIMIT)

    with pytest.raises(TooLarge):
        for number, _ in enumerate(steps):
            assert number <= LIMIT // content_encoding._PIECE


@pytest.mark.parametrize("members", [4096, 4097])
def test_a_body_in_countless_parts_is_refused(members):
    body = gzip.compress(b"") * members

    if members == 4096:
        assert decoded(body, "gzip") == b""
    else:
        with pytest.raises(Malformed, match="goes on after the end"):
            decoded(body, "gzip")


def test_others_have_their_turn_while_a_large_body_is_read():
    body = gzip.compress(b"x" * (8 * LIMIT))

    assert len(list(content_encoding.decoding(body, "gzip", 8 * LIMIT))) >= 8


@pytest.mark.parametrize(
    ("header", "most"), [("", 10), ("identity", 10), ("gzip", 10_320), ("deflate, identity, gzip", 10_650_240)]
)
def test_what_a_body_may_become_is_known_before_it_is_read(header, most):
    assert content_encoding.most(10, header) == most


def test_nothing_becomes_more_than_that():
    for compress in (gzip.compress, zlib.compress):
        compressed = compress(b"0" * 20 * LIMIT)
        assert content_encoding.most(len(compressed), "gzip") >= 20 * LIMIT
