import pytest

from proxy_app.wire.operations import GENERATE, OPERATIONS
from proxy_app.wire.operations.versions import Versions, is_missing

UPLOAD = next(each for each in OPERATIONS if each.id == "media.upload")
PAGE = b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"
DAY = 24 * 3600


@pytest.mark.parametrize(
    ("version", "status", "body", "missing"),
    [
        ("v1", 404, PAGE, True),
        ("v1alpha", 404, b"", True),
        ("v1beta", 404, PAGE, False),
        ("v1", 403, PAGE, False),
        ("v1", 404, b'{"error":{"code":404,"message":"models/x is not found"}}', False),
    ],
)
def test_a_version_lacks_an_operation_where_only_a_web_server_answers(version, status, body, missing):
    assert is_missing(version, status, body) is missing


def test_what_a_version_lacks_is_asked_of_the_fullest_for_a_day():
    versions = Versions()
    assert versions.asked("v1", GENERATE, 0.0) == "v1"

    versions.missing("v1", GENERATE, 5.0)

    assert versions.asked("v1", GENERATE, 5.0 + DAY - 1) == "v1beta"
    assert versions.asked("v1alpha", GENERATE, 5.0) == "v1alpha"
    assert versions.asked("v1", GENERATE, 5.0 + DAY) == "v1"
    assert repr(versions) == "<Versions [('v1', 'models.generateContent')]>"


def test_what_is_streamed_is_asked_of_the_fullest_at_once():
    assert Versions().asked("v1", UPLOAD, 0.0) == "v1beta"


def test_it_keeps_no_more_than_it_needs():
    versions = Versions()
    for number in range(1024):
        versions.missing(f"v{number}", GENERATE, 0.0)
    assert len(versions._missing) == 1024

    versions.missing("v1", GENERATE, 0.0)

    assert len(versions._missing) == 1
