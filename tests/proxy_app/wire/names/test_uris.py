"""Addresses of files and uploads: which name a file, and what of them a client gets to see."""

import pytest

from proxy_app.wire.names.uris import Origin, canonical, file_in, upload_id

GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
OURS = ("gw.example", "127.0.0.1:8045")

SECURE = Origin("https://gw.example/ai", by_google_sdk=True)
NAMED = Origin("https://gw.example", upstreams={"upstream:8080"})
PLAIN = Origin("http://127.0.0.1:8045")
PLAIN_SDK = Origin("http://127.0.0.1:8045", by_google_sdk=True)


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("files/abc", "files/abc"),
        (f"{GOOGLE}/files/abc", "files/abc"),
        (f"{GOOGLE}/files/abc:download?alt=media", "files/abc"),
        (f"{GOOGLE}/files/my-file-1", "files/my-file-1"),
        (f"{GOOGLE}/files/%61bc", "files/abc"),
        (f" {GOOGLE}/files/abc ", "files/abc"),
        (f"{GOOGLE}/files/abc/", "files/abc"),
        ("HTTPS://GenerativeLanguage.GoogleAPIs.com:443/v1/files/abc", "files/abc"),
        ("https://x@generativelanguage.googleapis.com./v1beta/files/abc", "files/abc"),
        ("https://generativelanguage.mtls.googleapis.com/v1beta/files/abc", "files/abc"),
        ("https://gw.example/ai/v1/files/abc", "files/abc"),
        ("http://127.0.0.1:8045/v1beta/files/abc", "files/abc"),
        ("http://127.0.0.1:9999/v1beta/files/abc", ""),
        ("https://example.com/files/report.pdf", ""),
        ("https://storage.googleapis.com/bucket/files/report.pdf", ""),
        ("https://generativelanguage.googleapis.com.example.com/v1beta/files/abc", ""),
        ("gs://bucket/files/abc", ""),
        ("https://youtu.be/x", ""),
        ("https://gw.example/v1beta/profiles/abc", ""),
        ("files/", ""),
        ("", ""),
    ],
)
def test_an_address_names_a_file_at_googles_host_and_at_ours(uri, file):
    assert file_in(uri, OURS) == file


def test_what_reads_like_a_files_address_can_be_told_wherever_it_leads():
    assert file_in("https://example.com/files/abc") == "files/abc"
    assert file_in("https://example.com/file/abc") == ""


def test_upstream_gets_googles_own_address():
    assert canonical("files/abc") == f"{GOOGLE}/files/abc"
    assert canonical("files/a b") == f"{GOOGLE}/files/a%20b"


@pytest.mark.parametrize(
    ("origin", "uri", "told"),
    [
        (SECURE, f"{GOOGLE}/files/abc", "https://gw.example/ai/v1beta/files/abc"),
        (PLAIN, f"{GOOGLE}/files/abc:download?alt=media", "http://127.0.0.1:8045/v1beta/files/abc:download?alt=media"),
        (PLAIN_SDK, f"{GOOGLE}/files/abc", f"{GOOGLE}/files/abc"),
        (PLAIN_SDK, f"{GOOGLE}/files/abc:download?alt=media&key=AQ.x", f"{GOOGLE}/files/abc:download?alt=media"),
        (SECURE, f"{GOOGLE}/files/abc?key=AQ.x", "https://gw.example/ai/v1beta/files/abc"),
        (SECURE, f"{GOOGLE}/files/a?access_token=t&x=1&oauth_token=o", "https://gw.example/ai/v1beta/files/a?x=1"),
        (NAMED, "http://Upstream:8080/base/v1/files/abc", "https://gw.example/v1/files/abc"),
        (SECURE, "http://upstream:8080/v1/files/abc", "http://upstream:8080/v1/files/abc"),
        (SECURE, "https://example.com/page", "https://example.com/page"),
        (SECURE, "https://example.com/files/abc", "https://example.com/files/abc"),
    ],
)
def test_a_client_gets_addresses_of_files_that_it_can_use(origin, uri, told):
    assert origin.file(uri) == told


def test_an_answer_has_its_addresses_rewritten():
    answer = (
        b'{"name":"files/abc","uri":"https://generativelanguage.googleapis.com/v1beta/files/abc","downloadUri": '
        b'"https:\\/\\/generativelanguage.googleapis.com/v1beta/files/abc:download?alt=media&key=AQ.secret","uris":["x"]}'
    )

    assert SECURE.answer(answer) == (
        b'{"name":"files/abc","uri":"https://gw.example/ai/v1beta/files/abc","downloadUri": '
        b'"https://gw.example/ai/v1beta/files/abc:download?alt=media","uris":["x"]}'
    )
    assert b"secret" not in PLAIN_SDK.answer(answer)
    elsewhere = b'{"name":"files/a","uri" : "https://example.com/files/a"}'
    assert SECURE.answer(elsewhere) == elsewhere
    untouched = b'{"uri":"https://youtu.be/x"}'
    assert SECURE.answer(untouched) is untouched


def test_the_description_of_the_api_leads_to_the_gateway():
    google = (
        b'{"rootUrl": "https://generativelanguage.googleapis.com/", "baseUrl":"https://x.test/","title":"https://x/"}'
    )
    ours = b'{"rootUrl": "https://gw.example/ai/", "baseUrl":"https://gw.example/ai/","title":"https://x/"}'

    assert SECURE.answer(google) == ours


def test_an_upload_goes_on_at_the_gateway():
    url = "https://upload.google/upload/v1beta/files?key=AQ.secret&upload_id=AB_c-1&upload_protocol=resumable"

    told = SECURE.upload(url)

    assert told == "https://gw.example/ai/upload/v1beta/files?upload_id=AB_c-1&upload_protocol=resumable"
    assert upload_id(told.partition("?")[2]) == "AB_c-1"
    assert upload_id("uploadType=media") == ""


@pytest.mark.parametrize("url", ["https://evil.example/files?upload_id=1", "/upload/v1beta/files", ""])
def test_what_is_no_address_of_an_upload_is_not_handed_on(url):
    with pytest.raises(ValueError, match="not the address of an upload"):
        PLAIN.upload(url)
