"""The file in an upload of two parts, wherever its pieces are cut."""

import pytest

from proxy_app.wire.bodies.multipart import MediaPart, first_part

HEAD = b'--b7\r\nContent-Type: application/json\r\n\r\n{"file":{}}\r\n--b7\r\nContent-Type: text/plain\r\n\r\n'
FILE = b"one\r\n--b\r\n\r\n two --b7 \r\n-"


def of(body: bytes, size: int, content_type: str = "multipart/related; boundary=b7") -> bytes:
    media = MediaPart(content_type)
    return b"".join(media.feed(body[start : start + size]) for start in range(0, len(body), size))


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1000])
@pytest.mark.parametrize("kind", ["multipart/related; boundary=b7", 'multipart/related; type="x"; Boundary="b7"'])
def test_it_is_what_stands_between_the_second_head_and_the_end(size, kind):
    assert of(HEAD + FILE + b"\r\n--b7--\r\n", size, kind) == FILE
    assert of(HEAD + b"\r\n--b7--", size, kind) == b""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (HEAD + FILE + b"\r\n--b7--", "multipart/related"),
        (HEAD + FILE + b"\r\n--b7--", "multipart/related; boundary=other"),
        (b"x" * 200_000, "multipart/related; boundary=b7"),
        (b"", "multipart/related; boundary=b7"),
    ],
)
def test_of_anything_else_there_is_nothing(body, kind):
    assert of(body, 50_000, kind) == b""


@pytest.mark.parametrize("kind", ["multipart/related; boundary=b7", 'multipart/related; type="x"; Boundary="b7"'])
def test_what_is_said_of_the_file_is_there_when_the_next_part_begins(kind):
    said = [first_part(kind, HEAD[:size]) for size in range(len(HEAD) + 1)]

    begins = HEAD.index(b"--b7", 1) + len(b"--b7")
    assert said == [None] * begins + [b'{"file":{}}'] * (len(HEAD) + 1 - begins)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(HEAD, "multipart/related"), (HEAD, ""), (b"x" * 200_000, "multipart/related; boundary=b7")],
)
def test_nothing_is_said_in_anything_else(body, kind):
    assert first_part(kind, body) == b""


@pytest.mark.parametrize(("before", "said"), [(64 * 1024 - 2, None), (64 * 1024 - 1, b"")])
def test_the_file_is_waited_for_within_64_kb(before, said):
    kind, begun = "multipart/related; boundary=b7", b"x" * before
    media = MediaPart(kind)

    assert media.feed(begun) == b""
    assert first_part(kind, begun) == said
    assert media.feed(b"\r\n" + HEAD + FILE + b"\r\n--b7") == (FILE if said is None else b"")
