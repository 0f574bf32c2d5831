"""The forms of the target in a request line."""

import pytest

from gateway_project.messages.targets import origin_form


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        (b"http://gateway:8045/v1beta/models?key=x", b"/v1beta/models?key=x", b"gateway:8045"),
        (b"HTTPS://gateway/v1beta/models/x:generateContent", b"/v1beta/models/x:generateContent", b"gateway"),
        (b"http://[::1]:8045/healthz", b"/healthz", b"[::1]:8045"),
        (b"http://user:password@gateway/healthz", b"/healthz", b"gateway"),
        (b"http://gateway", b"/", b"gateway"),
        (b"http://gateway?key=x", b"/?key=x", b"gateway"),
        (b"http:///healthz", b"/healthz", b""),
        (b"/v1beta/models", b"/v1beta/models", b""),
        (b"/http://elsewhere/x", b"/http://elsewhere/x", b""),
        (b"//gateway/x", b"//gateway/x", b""),
        (b"ftp://gateway/x", b"ftp://gateway/x", b""),
        (b"*", b"*", b""),
        (b"", b"", b""),
    ],
)
def test_a_target_in_absolute_form_is_a_path_and_a_host(target, path, host):
    assert origin_form(target) == (path, host)
