import pytest

from proxy_app.wire.operations.addresses import Address, http_method, is_of_session, read

LIVE = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/v1beta/models/m:generateContent", Address("", "v1beta", "models/m:generateContent")),
        ("//v1/models", Address("", "v1", "models")),
        ("/v1alpha//models//m", Address("", "v1alpha", "models//m")),
        ("/upload/v1beta/files", Address("upload", "v1beta", "files")),
        ("/upload//v1beta//files", Address("upload", "v1beta", "files")),
        ("/download/v1/files/f:download", Address("download", "v1", "files/f:download")),
        ("/v1beta/upload/v1beta/files", Address("upload", "v1beta", "files")),
        ("/v1/upload/v1beta/files", Address("upload", "v1beta", "files")),
        ("/v1/download/v1beta/files/f:download", Address("download", "v1beta", "files/f:download")),
        (f"/ws/{LIVE}", Address("ws", "v1beta", "BidiGenerateContent")),
        (f"//ws/{LIVE}Constrained", Address("ws", "v1beta", "BidiGenerateContentConstrained")),
        ("/$discovery/rest", Address("$discovery", "", "rest")),
        ("/.well-known/jwks.json", Address(".well-known", "", "jwks.json")),
    ],
)
def test_a_path_has_a_root_a_version_and_what_is_below(path, address):
    assert read(path) == address


@pytest.mark.parametrize("path", ["", "/", "/admin/", "/v2/models", "/upload/files", "/v1/upload/files", "/ws/x.v1.Y"])
def test_what_is_none_of_the_apis_has_no_address(path):
    assert read(path) is None


@pytest.mark.parametrize(
    ("sent", "override", "meant"),
    [
        ("POST", "PATCH", "PATCH"),
        ("POST", " delete ", "DELETE"),
        ("POST", "", "POST"),
        ("POST", "TRACE", "POST"),
        ("GET", "DELETE", "GET"),
    ],
)
def test_a_post_may_mean_another_method(sent, override, meant):
    assert http_method(sent, override) == meant


@pytest.mark.parametrize(
    ("path", "query", "is_one"),
    [
        ("/upload/v1beta/files", "upload_id=x&upload_protocol=resumable", True),
        ("/v1beta/upload/v1beta/files", "key=k&upload_id=x", True),
        ("/upload/v1beta/files", "upload_id=", False),
        ("/upload/v1beta/files", "uploadType=media", False),
        ("/v1beta/files/upload", "upload_id=x", False),
        ("/upload/files", "upload_id=x", False),
        ("/v1beta/models", "upload_id=x", False),
    ],
)
def test_a_request_of_an_upload_session_has_its_id_in_the_query(path, query, is_one):
    assert is_of_session(path, query) is is_one
