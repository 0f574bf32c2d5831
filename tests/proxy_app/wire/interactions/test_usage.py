from proxy_app.wire.interactions.usage import Counts, usage_of
from proxy_app.wire.usage import Usage


def test_counts_have_the_meaning_of_those_of_models():
    assert usage_of(Counts(1, 2, 3, 4, 5, 15)) == Usage(prompt=1, cached=2, candidates=3, thoughts=4, tool=5, total=15)
    assert usage_of(Counts(total_tokens=None)) == Usage()
