import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from proxy_app.wire.bodies.affinity import affinity_key, session_id
from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.malformed import Malformed


def key(api_key_id=1, hint="", **fields):
    return affinity_key(read_body(json.dumps(fields).encode()), api_key_id, hint)


def says(role, text):
    return {"role": role, "parts": [{"text": text}]}


HELLO = says("user", "Hello")
TURN_ONE = [HELLO]
TURN_TWO = [HELLO, says("model", "Hi"), says("user", "How are you?")]


def test_turn_two_lands_where_turn_one_did():
    assert key(contents=TURN_ONE) == key(contents=TURN_TWO)


@given(st.lists(st.text(), min_size=1), st.text(min_size=1))
def test_whatever_is_appended_the_key_stays(turns, opening):
    first = [says("user", opening)]
    later = first + [says("model" if i % 2 == 0 else "user", text) for i, text in enumerate(turns)]

    assert key(contents=first) == key(contents=later)


def test_other_openings_callers_and_instructions_are_other_conversations():
    keys = {
        key(contents=TURN_ONE),
        key(contents=[says("user", "Hello!")]),
        key(contents=TURN_ONE, api_key_id=2),
        key(contents=TURN_ONE, api_key_id=None),
        key(contents=TURN_ONE, systemInstruction="Be kind."),
        key(contents=TURN_ONE, hint="session"),
        key(contents=TURN_ONE, cachedContent="cachedContents/1"),
    }

    assert len(keys) == 7


def test_generation_settings_are_no_part_of_a_conversation():
    assert key(contents=TURN_ONE, generationConfig={"temperature": 1}) == key(contents=TURN_ONE, tools=[])


def test_both_spellings_are_one():
    assert key(contents=[], systemInstruction="x") == key(contents=[], system_instruction="x")
    assert key(contents=[], cachedContent="c") == key(contents=[], cached_content="c")


def test_a_content_without_a_list_or_a_role_is_the_users():
    lone = {"parts": [{"text": "Hello"}]}

    assert key(contents=lone) == key(contents=[lone]) == key(contents=[lone, says("model", "Hi")])


def test_the_models_opening_is_passed_over():
    opening = says("model", "Welcome!")

    assert key(contents=[opening, HELLO]) == key(contents=[HELLO])


def test_blanks_between_contents_make_no_difference():
    opening, hello = json.dumps(says("model", "Welcome!")), json.dumps(HELLO)
    spread = f'{{"contents":[\t \r\n\n{opening}\r\t\n ,\n\r\n\t{hello}\n]}}'

    assert affinity_key(read_body(spread.encode()), 1) == key(contents=[HELLO])


def test_cached_content_outranks_everything_and_is_the_same_for_all_keys():
    assert key(contents=TURN_ONE, cachedContent="c") == key(contents=[], cachedContent="c", api_key_id=2, hint="s")


def uses_file(uri, spelling="fileUri"):
    return {"role": "user", "parts": [{"fileData": {spelling: uri}}]}


def test_an_uploaded_file_outranks_the_conversation():
    uri = "https://generativelanguage.googleapis.com/v1beta/files/abc"

    assert key(contents=[uses_file(uri)]) == key(contents=[HELLO, uses_file(uri, "file_uri")], api_key_id=2)
    assert key(contents=[uses_file(uri)]) != key(contents=[uses_file(uri + "d")])


def test_a_file_and_a_cache_are_the_same_with_their_slashes_escaped():
    for fields in (
        {"contents": [uses_file("https://g.example/v1beta/files/abc")]},
        {"cachedContent": "cachedContents/x"},
    ):
        written = json.dumps(fields)
        escaped = read_body(written.replace("/", "\\/").encode())

        assert affinity_key(escaped, 1) == affinity_key(read_body(written.encode()), 2)


def test_a_file_may_be_named_without_its_address():
    assert key(contents=[uses_file("files/abc")]) == key(contents=[HELLO, uses_file("files/abc")])
    assert key(contents=[HELLO, uses_file("myfiles/abc")]) == key(contents=TURN_ONE)


@pytest.mark.parametrize("nothing", [{"cachedContent": None}, {"cached_content": ""}, {"cachedContent": 7}])
def test_a_cached_content_that_is_no_name_has_a_key_all_the_same(nothing):
    assert 0 <= key(contents=TURN_ONE, **nothing) < 1 << 64


def test_no_name_of_a_cached_content_is_none():
    assert key(contents=TURN_ONE, cachedContent="") == key(contents=TURN_ONE)


def test_what_stands_far_behind_a_large_content_is_not_searched_for():
    ahead = says("user", "x" * (1024 * 1024 - 60))
    behind = says("user", "x" * (1024 * 1024))

    assert key(contents=[says("user", "x" * 900_000), uses_file("files/a")]) == key(contents=[uses_file("files/a")])
    assert key(contents=[ahead, uses_file("files/a")]) == key(contents=[ahead])
    assert key(contents=[behind, uses_file("files/a")]) == key(contents=[behind])


def test_a_file_cannot_be_named_in_what_is_no_content():
    assert affinity_key(read_body(b"{}"), 1) == affinity_key(read_body(b'{"tools":[{"fileUri":"files/a"}]}'), 1)


def test_of_a_first_content_64_kib_count():
    def opening(length, end):
        return {"parts": [{"text": "x" * length + end}]}

    before = 64 * 1024 - len('[{"parts": [{"text": "')
    assert key(contents=[opening(before - 1, "a")]) != key(contents=[opening(before - 1, "b")])
    assert key(contents=[opening(before, "a")]) == key(contents=[opening(before, "b")])


def test_a_first_content_that_is_no_text_at_all_has_a_key_too():
    assert affinity_key({"contents": Raw(b'[{"role":"\xff\xfe"}]')}, 1)


def test_a_file_that_every_account_can_read_is_not_in_the_key():
    video = uses_file("https://www.youtube.com/watch?v=1")

    assert key(contents=[HELLO, video]) == key(contents=TURN_ONE)


def test_a_clients_own_session_counts_within_its_key():
    assert key(contents=[HELLO], hint="s") == key(contents=[says("user", "other")], hint="s")
    assert key(contents=[HELLO], hint="s") != key(contents=[HELLO], hint="s", api_key_id=2)


@pytest.mark.parametrize("size", [65_000, 65_536, 200_000])
def test_a_large_opening_keeps_its_conversation(size):
    first = [says("user", "é" * (size // 2))]

    assert key(contents=first) == key(contents=[*first, says("model", "Hi")])


def test_only_the_beginning_of_a_large_body_is_looked_at():
    image = {"role": "user", "parts": [{"inlineData": {"data": "A" * 70_000}}]}
    other = {"role": "user", "parts": [{"inlineData": {"data": "A" * 70_000 + "B"}}]}

    assert key(contents=[image]) == key(contents=[other])


def test_odd_contents_have_keys_too_and_each_its_own():
    odd = [None, "text", [[]], [None], 7, [says("model", "x")], "[" * 500]

    assert len({key(contents=contents) for contents in odd}) == len(odd)


def test_contents_nested_too_deep_for_a_reader_have_a_key_too():
    body = read_body(b'{"contents":[' + b"[" * 900 + b"]" * 900 + b"]}")

    assert affinity_key(body, 1) not in {affinity_key(body, 2), key(contents=[])}


def test_the_key_has_64_bits_and_is_the_same_on_every_node_and_in_every_version():
    assert key(contents=TURN_ONE) == 0xA59DCC8D025B0B1D
    assert key(contents=TURN_ONE, cachedContent="c") == 0x6C7D57B4149FB62A
    assert key(contents=[uses_file("files/abc")]) == 0xDC5BB40C4CB61975
    assert key(contents=TURN_ONE, hint="s") == 0x583DAA9B49FA869F
    assert 0 <= key(contents=TURN_ONE) < 1 << 64


def test_a_session_is_named_by_its_key():
    assert session_id(0xAB) == "00000000000000ab"


@pytest.mark.parametrize("spelling", ["sessionId", "session_id", "cachedContent", "cached_content"])
def test_what_a_client_names_in_a_body_has_256_bytes_at_most(spelling):
    affinity_key({spelling: Raw(b'"' + b"x" * 256 + b'"')}, 1)

    with pytest.raises(Malformed, match=rf"^{spelling} is longer than 256 bytes\.$"):
        affinity_key({spelling: Raw(b'"' + b"x" * 257 + b'"')}, 1)


def test_so_has_the_session_in_a_header():
    affinity_key({}, 1, "\xe9" * 256)

    with pytest.raises(Malformed, match=r"^X-Session-Affinity is longer than 256 bytes\.$"):
        affinity_key({}, 1, "\xe9" * 257)
