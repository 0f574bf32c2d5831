"""Tools that Google runs: what they find, where it stands, what it costs."""

from tests.emulator.conftest import Caller, text_of


def test_search_grounds_the_answer(caller: Caller):
    told = caller.generate("Who won the marathon in Berlin?", tools=[{"googleSearch": {}}])
    grounding, counts = told["candidates"][0]["groundingMetadata"], told["usageMetadata"]

    assert grounding["webSearchQueries"] == ["Who won the marathon in Berlin"]
    assert grounding["groundingChunks"][0]["web"]["title"] == "example.org"
    assert grounding["groundingSupports"][0]["segment"]["text"] == text_of(told)
    names = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    assert counts["totalTokenCount"] == sum(counts[name] for name in names)


def test_a_stream_tells_the_grounding_at_its_end(caller: Caller):
    events = caller.stream("Who won the marathon in Berlin?", tools=[{"google_search": {}}])

    assert ["groundingMetadata" in event["candidates"][0] for event in events].count(True) == 1
    assert "groundingMetadata" in events[-1]["candidates"][0]


def test_a_greeting_searches_nothing(caller: Caller):
    assert "groundingMetadata" not in caller.generate("Hello", tools=[{"googleSearch": {}}])["candidates"][0]


def test_pages_are_read(caller: Caller):
    told = caller.generate("Summarise https://example.com/a", tools=[{"urlContext": {}}])["candidates"][0]

    status = "URL_RETRIEVAL_STATUS_SUCCESS"
    assert told["urlContextMetadata"] == {
        "urlMetadata": [{"retrievedUrl": "https://example.com/a", "urlRetrievalStatus": status}]
    }


def test_maps_find_a_place(caller: Caller):
    told = caller.generate("Is there a café near the Louvre?", tools=[{"googleMaps": {}}])["candidates"][0]

    assert told["groundingMetadata"]["groundingChunks"][0]["maps"]["title"] == "Café Emulator"


def test_code_is_run(caller: Caller):
    told = caller.generate("What is the sum of the first 50 prime numbers?", tools=[{"codeExecution": {}}])
    code, result, text = told["candidates"][0]["content"]["parts"]

    assert code["executableCode"]["language"] == "PYTHON"
    assert result["codeExecutionResult"] == {"outcome": "OUTCOME_OK", "output": "5117\n"}
    assert "5117" in text["text"]
