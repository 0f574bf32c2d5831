import pytest

from proxy_app.wire.operations import GENERATE, Made, Operation
from proxy_app.wire.operations.made_names import made_in, told_in

NAME, INNER = Made("name", 3600.0), Made("file.name")
CREATE = Operation("cachedContents.create", "POST", "cachedContents", makes=(NAME, INNER))


def test_a_name_is_read_from_the_field_that_the_table_tells():
    (made,) = made_in(CREATE, b'{"name":"cachedContents/abc","model":"models/m"}')

    assert str(made[0]) == "cachedContents/abc"
    assert made[1] is NAME


def test_a_name_may_stand_deeper():
    assert [str(name) for name, _ in made_in(CREATE, b'{"file":{"name":"files/x"}}')] == ["files/x"]


def test_a_name_may_stand_in_every_element_of_a_list():
    videos = Made("samples[].video.uri", 60.0)
    row = Operation("x.get", "GET", "x", tells=(videos,))
    frame = (
        b'{"samples":[{"video":{"uri":"https://g/v1beta/files/a:download?alt=media"}},{},{"video":{"uri":"files/b"}}]}'
    )

    assert [(str(name), made) for name, made in told_in(row, frame)] == [("files/a", videos), ("files/b", videos)]


def test_a_name_may_be_told_without_its_collection():
    row = Operation("agents.create", "POST", "agents", makes=(Made("id", of="agents"),))

    assert [str(name) for name, _ in made_in(row, b'{"id":"mine"}')] == ["agents/mine"]


@pytest.mark.parametrize(
    "frame",
    [b"", b"nonsense", b"[]", b'{"name":7}', b'{"name":"cachedContents/../x"}', b'{"name":"","file":"files/x"}'],
)
def test_what_is_no_name_makes_none(frame):
    assert made_in(CREATE, frame) == []


def test_an_operation_that_makes_nothing_is_not_even_read():
    assert made_in(GENERATE, b'{"name":"files/x"}') == []
