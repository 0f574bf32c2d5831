import msgspec
import pytest

from proxy_app.wire.openai.usage import Counts, usage_of
from proxy_app.wire.usage import Usage


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, Usage(prompt=3, candidates=4, total=7)),
        (
            {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 9},
            Usage(prompt=3, candidates=4, thoughts=2, total=9),
        ),
        (
            {
                "prompt_tokens": 3,
                "completion_tokens": 4,
                "total_tokens": 7,
                "prompt_tokens_details": {"cached_tokens": 1},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(prompt=3, cached=1, candidates=1, thoughts=3, total=7),
        ),
        ({"prompt_tokens": 3}, Usage(prompt=3, total=3)),
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(prompt=3, candidates=4, total=7)),
    ],
)
def test_thoughts_are_counted_within_a_completion_or_beside_it(counts, usage):
    assert usage_of(msgspec.convert(counts, Counts)) == usage
