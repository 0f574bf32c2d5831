"""The path that a reverse proxy puts before the gateway's own."""

import pytest

from gateway_project.messages import prefix


@pytest.mark.parametrize(
    ("root_path", "configured", "found"),
    [
        ("", "", ""),
        ("", "/gemini", "/gemini"),
        ("/other", "/gemini", "/other"),
        ("//evil", "/gemini", "/gemini"),
    ],
)
def test_a_trusted_proxys_header_outranks_the_setting(root_path, configured, found):
    assert prefix.of({"root_path": root_path}, configured) == found


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/gemini/v1beta/models", "/v1beta/models"),
        ("/gemini", "/"),
        ("/gemini/", "/"),
        ("/geminis/v1beta", "/geminis/v1beta"),
        ("/v1beta/models", "/v1beta/models"),
    ],
)
def test_a_path_works_with_the_prefix_and_without(path, left):
    assert prefix.without("/gemini", path) == left
    assert prefix.without("", path) == path
