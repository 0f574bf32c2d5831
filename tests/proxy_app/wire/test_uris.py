"""Addresses of files and uploads: which name a file, and what of them a client gets to see."""

import pytest
from msgspec import Raw

from proxy_app.wire.uris import GOOGLE, Origin, canonical, file_in, replaced, upload_id

OURS = Origin("https://gateway.example/gemini")
PLAIN = Origin("http://gateway.lan", by_google_sdk=True)


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("files/abc", "files/abc"),
        (f"https://{GOOGLE}/v1beta/files/abc", "files/abc"),
        (f"https://{GOOGLE}/v1beta/files/abc:download?alt=media", "files/abc"),
        ("https://gateway.example/gemini/v1beta/files/abc", "files/abc"),
        ("https://elsewhere.example/files/abc", ""),
        ("gs://bucket/abc", ""),
        ("files/a/b", ""),
        ("", ""),
    ],
)
def test_a_file_is_named_bare_or_at_a_host_that_counts(uri, file):
    assert file_in(uri, {"gateway.example"}) == file


def test_without_hosts_every_host_counts():
    assert file_in("https://elsewhere.example/files/abc") == "files/abc"


def test_the_canonical_address_is_googles():
    assert canonical("files/a b") == f"https://{GOOGLE}/v1beta/files/a%20b"


def test_addresses_in_json_are_replaced_where_the_map_has_them():
    body = Raw(b'{"fileUri": "files/a", "text": "files/a", "file_uri":"files\\/b"}')

    assert replaced(body, {}) is body
    assert replaced(body, {"files/x": "y"}) is body
    assert bytes(replaced(body, {"files/a": "A", "files/b": "B"})) == (
        b'{"fileUri": "A", "text": "files/a", "file_uri":"B"}'
    )


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (OURS, "https://gateway.example/gemini/v1beta/files/a:download?alt=media"),
        (PLAIN, f"https://{GOOGLE}/v1beta/files/a:download?alt=media"),
    ],
    ids=["over TLS", "to an SDK that knows https only"],
)
def test_an_address_never_holds_an_accounts_key(origin, told):
    address = f"https://{GOOGLE}/v1beta/files/a:download?alt=media&key=AIza-hush"

    assert origin.file(address) == told
    assert origin.answer(b'{"uri": "%s"}' % address.encode()) == b'{"uri": "%s"}' % told.encode()


def test_what_is_no_file_stays_as_it_is():
    assert OURS.file("https://example.org/page?key=mine") == "https://example.org/page?key=mine"
    assert OURS.answer(b'{"uri": "https://example.org"}') == b'{"uri": "https://example.org"}'


def test_an_upload_session_leads_to_the_gateway():
    url = f"https://{GOOGLE}/upload/v1beta/files?upload_id=u1&upload_protocol=resumable&key=hush"

    assert OURS.upload(url) == (
        "https://gateway.example/gemini/upload/v1beta/files?upload_id=u1&upload_protocol=resumable"
    )
    with pytest.raises(ValueError, match="not the address"):
        OURS.upload(f"https://{GOOGLE}/v1beta/files")


def test_the_id_of_an_upload_stands_in_its_query():
    assert (upload_id("a=b&upload_id=u1"), upload_id("a=b")) == ("u1", "")
