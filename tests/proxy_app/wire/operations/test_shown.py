"""What an answer shows of a resource: its state, size, end and itself."""

import json

import pytest

from proxy_app.wire.operations.shown import Shown, Uploaded, Written, shown, shown_in, uploaded_in, written_in


def test_a_file_is_read_from_the_answer_or_from_the_member_that_holds_it():
    file = {"name": "files/f", "state": "ACTIVE", "sizeBytes": "12", "expirationTime": "1970-01-01T00:01:00Z"}

    for answer in (file, {"file": file}):
        found = shown_in(json.dumps(answer).encode())
        assert (found.state, found.size_bytes, found.expires_at) == ("ACTIVE", 12, 60.0)
        assert found.json == json.dumps(file, separators=(",", ":"))


@pytest.mark.parametrize("answer", [b"", b"[1]", b"{", b'"\xff"', b"[" * 100_000])
def test_what_is_no_object_shows_nothing(answer):
    assert shown_in(answer) == Shown() == Shown(state="", size_bytes=None, expires_at=None, json="")


def test_a_member_that_is_no_object_is_not_the_resource():
    assert shown_in(b'{"file":"f","state":"ACTIVE"}').state == "ACTIVE"


@pytest.mark.parametrize(
    ("resource", "state"),
    [
        ({"state": "FAILED"}, "FAILED"),
        ({"metadata": {"state": "BATCH_STATE_RUNNING"}}, "BATCH_STATE_RUNNING"),
        ({"state": "FAILED", "metadata": {"state": "OTHER"}}, "FAILED"),
        ({"state": 7}, ""),
        ({"metadata": "text"}, ""),
        ({}, ""),
        ({"name": "models/m/operations/o"}, "RUNNING"),
        ({"name": "models/m/operations/o", "metadata": {}}, "RUNNING"),
        ({"name": "models/m/operations/o", "done": True}, "DONE"),
        ({"name": "models/m/operations/o/x"}, ""),
        ({"name": "files/f", "done": True}, ""),
    ],
)
def test_a_state_is_its_own_or_whether_its_operation_is_done(resource, state):
    assert shown(resource).state == state


@pytest.mark.parametrize(
    ("written", "size"),
    [
        *(("0", 0), ("7", 7), (7, 7), (0, 0), ("9" * 18, int("9" * 18))),
        *((written, None) for written in ("9" * 19, "-1", -1, "", "1.5", 1.5, "\u0661", None)),
    ],
)
def test_a_size_is_a_number_or_its_digits(written, size):
    assert shown({"sizeBytes": written}).size_bytes == size


@pytest.mark.parametrize(
    ("resource", "expires_at"),
    [
        ({"expirationTime": "1970-01-01T00:00:05Z"}, 5.0),
        ({"expireTime": "1970-01-01T00:00:06.5Z"}, 6.5),
        ({"expirationTime": "soon", "expireTime": "1970-01-01T00:00:06Z"}, 6.0),
        ({"expirationTime": "1970-01-01T00:00:00Z", "expireTime": "1970-01-01T00:00:06Z"}, 0.0),
        ({"expirationTime": 7}, None),
        ({}, None),
    ],
)
def test_an_end_is_the_first_moment_that_can_be_read(resource, expires_at):
    assert shown(resource).expires_at == expires_at


@pytest.mark.parametrize(
    ("resource", "created_at"),
    [
        ({"createTime": "1970-01-01T00:00:05Z"}, 5.0),
        ({"metadata": {"createTime": "1970-01-01T00:00:06Z"}}, 6.0),
        ({"createTime": "1970-01-01T00:00:05Z", "metadata": {"createTime": "1970-01-01T00:00:06Z"}}, 5.0),
        ({"metadata": 7}, None),
    ],
)
def test_a_batch_was_created_when_its_metadata_say(resource, created_at):
    assert shown(resource).created_at == created_at


def test_a_list_shows_a_batch_without_its_answers():
    def as_listed(batch: dict) -> dict:
        return json.loads(shown(batch).json)

    answers = {"inlinedResponses": [1]}
    batch = {"name": "batches/b", "metadata": {"output": answers, "x": 1}, "response": answers, "done": True}

    assert as_listed(batch) == {"name": "batches/b", "metadata": {"x": 1}, "done": True}
    for whole in ({"response": {"responsesFile": "files/f"}, "metadata": {"output": {}}}, {"response": 7}):
        assert as_listed(whole) == whole


UPLOADED = {"name": "files/f", "sha256Hash": "aGFzaA==", "sizeBytes": "12"}


def test_a_file_that_was_uploaded_is_told_with_its_hash_and_size():
    assert uploaded_in(json.dumps({"file": UPLOADED}).encode()) == Uploaded("files/f", "aGFzaA==", 12)


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"[]", b"{", b'{"file":7}', b'{"file":{}}', json.dumps(UPLOADED).encode()),
        *(json.dumps({"file": {**UPLOADED, name: value}}).encode() for name in UPLOADED for value in (7.5, None)),
        json.dumps({"file": {**UPLOADED, "sizeBytes": "0"}}).encode(),
    ],
)
def test_what_tells_of_no_file_with_bytes_is_none(answer):
    assert uploaded_in(answer) is None


def test_what_goes_with_interactions_is_shown_in_its_own_words_and_without_secrets():
    told = {
        "id": "e",
        "status": "active",
        "size_bytes": 17,
        "created": "1970-01-01T00:02:00Z",
        "environment_key": "secret",
        "network": {"allowlist": [{"domain": "a.example", "transform": [{"X-Token": "secret"}]}]},
        "interaction": {"agent": "a", "tools": [{"type": "mcp_server", "headers": {"X-Token": "secret"}}]},
    }

    found = shown(told)

    assert (found.state, found.size_bytes, found.created_at, found.expires_at) == ("active", 17, 120.0, None)
    assert json.loads(found.json) == {
        **{name: told[name] for name in ("id", "status", "size_bytes", "created")},
        "network": {"allowlist": [{"domain": "a.example"}]},
        "interaction": {"agent": "a", "tools": [{"type": "mcp_server"}]},
    }
    assert shown({"name": "files/f", "key": "k"}).json == '{"name":"files/f","key":"k"}'


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        (b'{"files":[{"path":"a","size_bytes":7,"modified":"1970-01-01T00:01:00Z"}]}', Written(7, 60.0)),
        (b'{"files":[{"path":"a","modified":"1970-01-01T00:01:00Z"}]}', None),
        (b'{"files":[{"size_bytes":7,"modified":"now"}]}', None),
        (b'{"files":[{},{}]}', None),
        (b'{"files":[]}', None),
        (b'{"files":7}', None),
        (b"{}", None),
        (b"[", None),
    ],
)
def test_a_file_in_an_environment_tells_its_size_and_when_it_was_written(answer, written):
    assert written_in(answer) == written


@pytest.mark.parametrize(
    "field",
    [
        *("environment_key", "new_signing_secret", "signing_secrets", "secret", "auth_token", "token", "value", "key"),
        *("client_secret", "refresh_token", "headers", "transform", "env", "sample_audio"),
    ],
)
def test_no_secret_is_shown_wherever_it_stands(field):
    found = shown({"id": "e", field: "hidden", "inner": [{field: {"a": "hidden"}}]})

    assert json.loads(found.json) == {"id": "e", "inner": [{}]}


@pytest.mark.parametrize(("status", "state"), [("completed", "completed"), (7, ""), (None, "")])
def test_of_an_interaction_only_its_state_is_shown(status, state):
    said = {"id": "v1_a", "object": "interaction", "status": status, "created": "1970-01-01T00:02:00Z", "steps": [1]}

    assert shown(said) == Shown(state=state)
