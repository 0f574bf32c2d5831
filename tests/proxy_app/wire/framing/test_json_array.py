import json

from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.framing import json_array


@given(st.lists(st.lists(st.integers(), min_size=1), max_size=4))
def test_batches_become_one_array(batches):
    parts = [json_array.join(json.dumps(item).encode() for item in batch) for batch in batches]

    body = json_array.OPENING + json_array.SEPARATOR.join(parts) + json_array.CLOSING

    assert json.loads(body) == [item for batch in batches for item in batch]


def test_nothing_stands_before_or_after_the_array():
    assert json_array.OPENING == b"["
    assert json_array.CLOSING == b"]"
