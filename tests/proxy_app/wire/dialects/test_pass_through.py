import pytest

from proxy_app.wire.dialects.pass_through import client_headers, error_headers, upstream_headers, upstream_query
from proxy_app.wire.names.uris import Origin

ORIGIN = Origin("https://gw.example")


def test_what_upstream_has_to_know_goes_up_and_nothing_else():
    sent = [
        ("Authorization", "Bearer x"),
        ("X-Goog-Api-Key", "x"),
        ("X-Api-Key", "x"),
        ("Proxy-Authorization", "x"),
        ("Cookie", ""),
        ("X-Goog-User-Project", "p"),
        ("OpenAI-Organization", "o"),
        ("Origin", "https://page"),
        ("Referer", "https://page/x"),
        ("Sec-Fetch-Mode", "cors"),
        ("Connection", "keep-alive"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "3"),
        ("Expect", "100-continue"),
        ("Host", "gw.example"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("CF-Connecting-IP", "10.0.0.1"),
        ("X-HTTP-Method-Override", "PATCH"),
        ("Content-Encoding", "gzip"),
    ]
    known = [
        ("content-type", "application/json"),
        ("accept", "*/*"),
        ("x-goog-upload-command", "upload, finalize"),
        ("x-goog-upload-header-content-length", "3"),
        ("x-upload-content-type", "video/mp4"),
        ("content-range", "bytes 0-2/3"),
        ("range", "bytes=0-"),
        ("if-range", '"e"'),
        ("api-revision", "2026-05-20"),
        ("x-goog-api-client", "google-genai-sdk/3.6.1"),
    ]

    assert upstream_headers([*sent, *((name.title(), value) for name, value in known)], longest_timeout=9) == known
    assert upstream_headers(sent, longest_timeout=9, as_sent=True) == [("content-encoding", "gzip")]


@pytest.mark.parametrize(("asked", "sent"), [("30000", ["3600"]), ("2.5", ["3"]), ("0", []), ("soon", [])])
def test_a_timeout_is_bounded(asked, sent):
    assert [value for _, value in upstream_headers([("X-Server-Timeout", asked)], longest_timeout=3600)] == sent


def test_a_query_goes_up_without_credentials_and_without_what_is_for_the_gateway():
    asked = [
        *((name, "x") for name in ("key", "access_token", "oauth_token", "quotaUser", "callback")),
        *((name, "x") for name in ("fields", "$fields", "prettyPrint", "$alt", "$.xgafv", "$httpHeaders")),
        ("alt", "sse"),
        ("updateMask", "ttl,expireTime"),
        ("force", "True"),
        ("filter", 'a = "b"'),
        ("filter", "c"),
        ("pageToken", ""),
    ]

    assert upstream_query(asked) == "updateMask=ttl%2CexpireTime&force=True&filter=a+%3D+%22b%22&filter=c&pageToken="
    assert upstream_query([("alt", "media")]) == "alt=media"
    assert (
        upstream_query([("uploadType", "resumable"), ("upload_id", "A_b-1")]) == "uploadType=resumable&upload_id=A_b-1"
    )


def test_an_upload_is_answered_in_the_spelling_that_all_clients_read():
    told = [
        ("x-goog-upload-url", "https://g/upload/v1beta/files?upload_id=a&key=AQ.x"),
        ("x-goog-upload-control-url", "https://g/upload/v1beta/files?upload_id=a"),
        ("x-goog-upload-status", "active"),
        ("x-goog-upload-chunk-granularity", "8388608"),
        ("x-goog-upload-header-x-internal", "secret"),
        ("x-guploader-uploadid", "AB"),
        ("server", "UploadServer"),
        ("set-cookie", "x"),
        ("access-control-allow-origin", "*"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "0"),
    ]

    assert client_headers(told, ORIGIN) == [
        ("X-Goog-Upload-URL", "https://gw.example/upload/v1beta/files?upload_id=a"),
        ("X-Goog-Upload-Control-URL", "https://gw.example/upload/v1beta/files?upload_id=a"),
        ("X-Goog-Upload-Status", "active"),
        ("X-Goog-Upload-Chunk-Granularity", "8388608"),
        ("X-GUploader-UploadID", "AB"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", "0"),
    ]


def test_a_download_keeps_what_players_need():
    told = [("Content-Range", "bytes 0-1/9"), ("ETag", '"e"'), ("Content-Disposition", "attachment"), ("Date", "x")]

    assert client_headers(told, ORIGIN) == told[:3]


DOWN = [
    *(
        ("Accept-Ranges", "bytes"),
        ("Content-Disposition", "x"),
        ("Content-Range", "bytes 0-1/9"),
        ("Content-Type", "x"),
    ),
    *(("ETag", '"e"'), ("Last-Modified", "x"), ("Range", "bytes=0-7"), ("Retry-After", "5")),
    *(("X-GUploader-UploadID", "AB"), ("X-Goog-Upload-Status", "active")),
]
OF_THE_BODY = [("Content-Encoding", "gzip"), ("Content-Length", "9")]
KEPT_BACK = [("Server", "x"), ("X-Goog-Upload-Header-X", "x"), ("Set-Cookie", "x")]


def test_an_answer_keeps_what_is_said_of_its_bytes_and_an_error_has_a_body_of_its_own():
    upload = ("Location", "https://g/upload/v1beta/files?upload_id=a")
    lower = [(name.lower(), value) for name, value in (*DOWN, *OF_THE_BODY, *KEPT_BACK, upload)]

    answered = client_headers(lower, ORIGIN)

    assert answered == [*DOWN, *OF_THE_BODY, ("Location", "https://gw.example/upload/v1beta/files?upload_id=a")]
    assert error_headers(lower) == DOWN


def test_an_address_leads_to_the_gateway_or_is_not_told():
    legacy = "https://g/upload/v1beta/files?uploadType=resumable&upload_id=a"

    assert client_headers([("Location", legacy)], ORIGIN) == [
        ("Location", "https://gw.example/upload/v1beta/files?uploadType=resumable&upload_id=a")
    ]
    assert client_headers([("Location", "https://storage.example/x")], ORIGIN) == []
