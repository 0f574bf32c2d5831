"""How prompts and responses are counted."""

from emulator import Emulator
from tests.emulator.conftest import TOOLS, Caller, error_of, user


def test_the_total_is_the_sum(caller: Caller):
    usage = caller.generate("Explain 中文 and naïve café 12345", tools=TOOLS)["usageMetadata"]

    parts = (usage["promptTokenCount"], usage["candidatesTokenCount"], usage["thoughtsTokenCount"])
    assert usage["totalTokenCount"] == sum(parts)
    assert sum(one["tokenCount"] for one in usage["promptTokensDetails"]) == usage["promptTokenCount"]


def test_a_conversation_that_grows_is_cached_for_its_account(google: Emulator, caller: Caller):
    first = [user("word " * 2000)]
    second = [*first, {"role": "model", "parts": [{"text": "I see"}]}, user("And now?")]

    alone = caller.generate(contents=first)["usageMetadata"]
    again = caller.generate(contents=second)["usageMetadata"]
    caller.account = google.add_account("bob@example.com")
    elsewhere = caller.generate(contents=second)["usageMetadata"]

    assert "cachedContentTokenCount" not in alone
    assert again["cachedContentTokenCount"] == alone["promptTokenCount"] == 2000
    assert again["promptTokenCount"] == elsewhere["promptTokenCount"]
    assert "cachedContentTokenCount" not in elsewhere


def test_cached_content_counts(caller: Caller):
    usage = caller.generate("Hi", cachedContent="cachedContents/x")["usageMetadata"]

    assert usage["cachedContentTokenCount"] == 2048
    assert usage["promptTokenCount"] == 2049


def test_more_than_the_model_takes_is_refused(caller: Caller):
    answered = caller.internal("generateContent", caller.envelope("word " * 2048, model="claude-sonnet-4-6"))
    too_much = caller.internal("generateContent", caller.envelope("x" * 8_000_000))

    assert answered.status_code == 200
    assert "exceeds the maximum number of tokens allowed (1048576)" in error_of(too_much)["message"]
