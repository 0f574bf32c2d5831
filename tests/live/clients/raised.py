"""The typed error that each SDK raises for a refused call and for an interrupted stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
