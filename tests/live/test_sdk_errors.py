"""Each SDK raises its own typed error for a refused call and for an interrupted stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tests.live.clients.walkthrough import (
    CALLS,
    CLIENTS,
    FAILURES,
    HEARD_BEFORE_THE_BREAK,
    ODDITIES,
    PIECES,
    TRIALS,
    Call,
    Client,
    Outcome,
)

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

BROKEN = ("cut", "error inside", "bare error inside", "unfinished")


@dataclass(frozen=True, slots=True)
class Raised:
    """The exception's class, and its code: None for one that has none, 0 for any code of a server's failure."""

    type: str
    code: int | None


def statuses(**types: str) -> dict[str, Raised]:
    codes = {"wrong_key": 401, "invalid": 400, "spent": 429, "overloaded": 503}
    return {name.replace("_", " "): Raised(types[name], code) for name, code in codes.items()}


def alike(kind: str) -> dict[str, str]:
    return dict.fromkeys(("wrong_key", "invalid", "spent", "overloaded"), kind)


GENAI = "google.genai.errors."
CORE = "google.api_core.exceptions."
JAVA = "com.google.genai.errors."
LANGCHAIN = "dev.langchain4j.exception."
RAISED: Mapping[str, Mapping[str, Raised]] = {
    "google-genai": {
        **statuses(**alike(f"{GENAI}ClientError") | {"overloaded": f"{GENAI}ServerError"}),
        **dict.fromkeys(BROKEN, Raised(f"{GENAI}ServerError", 0)),
    },
    "google-generativeai": {
        **statuses(
            wrong_key=f"{CORE}Unauthorized",
            invalid=f"{CORE}BadRequest",
            spent=f"{CORE}TooManyRequests",
            overloaded=f"{CORE}ServiceUnavailable",
        ),
        # It reads past an error inside a stream: only the dropped connection stops it.
        **dict.fromkeys(BROKEN, Raised("requests.exceptions.ChunkedEncodingError", None)),
    },
    "go-genai": {**statuses(**alike("genai.APIError")), **dict.fromkeys(BROKEN, Raised("genai.APIError", 0))},
    "java-genai": {
        **statuses(**alike(f"{JAVA}ClientException") | {"overloaded": f"{JAVA}ServerException"}),
        **dict.fromkeys(BROKEN, Raised(f"{JAVA}ServerException", 0)),
    },
    "langchain4j": {
        **statuses(
            wrong_key=f"{LANGCHAIN}AuthenticationException",
            invalid=f"{LANGCHAIN}InvalidRequestException",
            spent=f"{LANGCHAIN}RateLimitException",
            overloaded=f"{LANGCHAIN}InternalServerException",
        ),
        **dict.fromkeys(BROKEN, Raised(f"{LANGCHAIN}LangChain4jException", None)),
    },
    "js-genai": {**statuses(**alike("ApiError")), **dict.fromkeys(BROKEN, Raised("ApiError", 0))},
    "js-generative-ai": {
        **statuses(**alike("GoogleGenerativeAIFetchError")),
        **dict.fromkeys(BROKEN, Raised("GoogleGenerativeAIError", None)),
    },
}


@pytest.mark.parametrize("call", [call for call in CALLS if call.trial in FAILURES], ids=str)
@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_a_failure_is_raised_with_its_type_and_code(
    client: Client, call: Call, walk: Callable[[Client], Mapping[str, Outcome]]
):
    outcome, expected = walk(client)[str(call)], RAISED[client.errors][call.trial]

    assert outcome.raised, f"taken for a success after {outcome.pieces}"
    assert outcome.raised["type"] == expected.type, outcome.raised["traceback"]
    if expected.code == 0:
        assert 500 <= outcome.raised["code"] < 600
    else:
        assert outcome.raised["code"] == expected.code


@pytest.mark.parametrize("failure", BROKEN)
@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_what_arrived_before_the_interruption_was_given_once(
    client: Client, failure: str, walk: Callable[[Client], Mapping[str, Outcome]]
):
    heard = walk(client)[f"{failure} stream"].pieces

    assert tuple(heard) == PIECES[: len(heard)]
    # The JDK's reader throws away what it still holds when the connection breaks.
    assert len(heard) == HEARD_BEFORE_THE_BREAK or client.errors == "langchain4j"


@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_no_sdk_fails_at_what_upstream_does_unusually(
    client: Client, oddity: str, walk: Callable[[Client], Mapping[str, Outcome]]
):
    outcome = walk(client)[f"{oddity} stream"]

    assert outcome.raised is None, outcome.raised["traceback"]
    assert "".join(outcome.pieces) == "".join(TRIALS[oddity].says)
