"""Forms of several parts, whole and as they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.malformed import Malformed
from proxy_app.wire.openai.forms import FileInForm, boundary_of, fields_of, parts_of, with_value

B = b"b-1"
BODY = (
    b'--b-1\r\nContent-Disposition: form-data; name="model"\r\n\r\nveo\r\n'
    b'--b-1\r\ncontent-disposition: form-data; name="empty"\r\n\r\n\r\n'
    b'--b-1\r\nContent-Disposition: form-data; name="file"; filename="a \\"b\\".txt"\r\n'
    b"Content-Type: text/plain\r\n\r\nline\r\n--b-\r\nend\r\n--b-1--\r\n"
)


def test_fields_are_read_and_files_are_left():
    assert {name: bytes(value) for name, value in fields_of(BODY, B).items()} == {"model": b'"veo"', "empty": b'""'}
    file = list(parts_of(BODY, B))[-1]
    assert (file.name, file.file_name, file.content_type) == ("file", 'a "b".txt', "text/plain")
    assert BODY[file.start : file.end] == b"line\r\n--b-\r\nend"


def test_a_part_may_lack_a_name_and_a_type_and_have_quotes_as_browsers_write_them():
    form = (
        b'--b-1\r\nContent-Disposition: form-data; name="a"; filename="%22b%22"\r\n\r\n1\r\n'
        b"--b-1\r\nX: y\r\n\r\n\xff\r\n--b-1--"
    )

    named, nameless = parts_of(form, B)

    assert (named.name, named.file_name, named.content_type) == ("a", '"b"', "")
    assert (nameless.name, nameless.file_name, nameless.content_type) == ("", None, "")
    assert bytes(fields_of(form, B)[""]) == '"\ufffd"'.encode()


def test_headers_that_are_no_text_are_read_as_far_as_they_go():
    form = b'--b-1\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--b-1--'

    assert [part.name for part in parts_of(form, B)] == ["\ufffd"]


def test_one_value_is_written_anew_and_nothing_else():
    assert b"".join(with_value(BODY, B, "model", "other")) == BODY.replace(b"veo", b"other")
    assert b"".join(with_value(BODY, B, "nobodys", "other")) == BODY


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=b-1", B),
        ('Multipart/Form-Data; charset=utf-8; boundary="b-1"', B),
        ("multipart/related; boundary=b-1", b""),
        ("application/json", b""),
        ("", b""),
    ],
)
def test_a_form_is_known_by_its_content_type(content_type, boundary):
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize("body", [b"", b"{}", b"--b-1", b"--b-1\r\nno end", BODY[:-10], BODY[:60], BODY * 40 + b"x"])
def test_what_is_no_form_is_refused_or_read_as_far_as_it_goes(body):
    try:
        fields_of(body, B)
    except Malformed as error:
        assert "form" in str(error)


@pytest.mark.parametrize("body", [b"{}", b"--b-1", b"--b-1\r\nno end", BODY[:60], b"--b-1\r\n\r\nno end"])
def test_a_part_without_an_end_is_none(body):
    with pytest.raises(Malformed):
        next(parts_of(body, B))


@given(st.binary())
def test_any_bytes_are_a_form_or_malformed(body):
    for text in (body, b"--b-1" + body, b"--b-1\r\n" + body + b"\r\n--b-1--"):
        try:
            fields_of(text, B)
        except Malformed:
            continue


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_a_file_is_read_as_it_comes(size):
    reader = FileInForm(B)
    assert repr(reader) == "<FileInForm open>"
    pieces = [BODY[start : start + size] for start in range(0, len(BODY), size)]

    assert b"".join(map(reader.feed, pieces)) == b"line\r\n--b-\r\nend"
    assert reader.ended
    assert repr(reader) == "<FileInForm ended>"
    assert reader.fields == {"model": "veo", "empty": ""}
    assert reader.part is not None
    assert reader.part.file_name == 'a "b".txt'
    assert reader.feed(b"more") == b""


@pytest.mark.parametrize(
    "body",
    [
        BODY.partition(b'--b-1\r\nContent-Disposition: form-data; name="file"')[0] + b"--b-1--\r\n\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_a_form_without_a_file_is_malformed(body):
    with pytest.raises(Malformed):
        FileInForm(B).feed(body)


def test_a_field_that_stands_there_twice_is_refused():
    part = b'--b-1\r\nContent-Disposition: form-data; name="model"\r\n\r\nveo\r\n'

    with pytest.raises(Malformed, match="'model' twice"):
        fields_of(part + part + b"--b-1--\r\n", B)


@pytest.mark.parametrize("more", ["; boundary=c", '; x="; boundary=c"', "; boundary*=c", "; boundary*0=c"])
def test_a_boundary_that_could_be_another_is_none(more):
    assert boundary_of(f"multipart/form-data; boundary=b{more}") == b""
    assert boundary_of("multipart/form-data; boundary=----WebKitFormBoundaryA") == b"----WebKitFormBoundaryA"
