"""How each client is pointed at this gateway, ready to be copied. A test runs every snippet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PLACEHOLDER = "YOUR_API_KEY"

_SLOT = re.compile(r"__(URL|MODEL|KEY)__")


class Language(StrEnum):
    """What a snippet is written in; the value is also its file extension."""

    SHELL = "sh"
    PYTHON = "py"
    JAVASCRIPT = "mjs"


@dataclass(frozen=True, slots=True)
class Snippet:
    """One client: how it is installed and what to run. Where there is no `code`, the `note` says why.

    In the code `__URL__`, `__MODEL__` and `__KEY__` stand for this gateway's address, a model and a key, always inside
    the quotation marks of its language.
    """

    slug: str
    title: str | Promise
    language: Language
    install: str
    code: str
    note: str | Promise = ""

    def pieces(self) -> Iterator[tuple[str, str]]:
        """The code as (text, slot) pairs: the slot, which may be empty, follows the text."""
        parts = _SLOT.split(self.code)
        slots = [*parts[1::2], ""]
        return zip(parts[::2], (slot.lower() for slot in slots), strict=True)

    def filled(self, url: str, model: str, key: str) -> str:
        """The code with address, model and key filled in."""
        given = {"url": url, "model": model, "key": key, "": ""}
        return "".join(text + quoted(given[slot], self.language) for text, slot in self.pieces())


def quoted(text: str, language: Language) -> str:
    """`text` escaped for inside quotation marks: single ones in a shell, double ones elsewhere."""
    if language is Language.SHELL:
        return text.replace("'", "'\\''")
    return text.replace("\\", "\\\\").replace('"', '\\"')


_CURL = """\
curl '__URL__/v1beta/models/__MODEL__:generateContent' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}'
"""

_CURL_STREAM = """\
curl -N '__URL__/v1beta/models/__MODEL__:streamGenerateContent?alt=sse' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}'
"""

_GENAI = """\
from google import genai
from google.genai import types

client = genai.Client(
    api_key="__KEY__",
    http_options=types.HttpOptions(base_url="__URL__"),
)
for chunk in client.models.generate_content_stream(model="__MODEL__", contents="Say hello."):
    print(chunk.text or "", end="", flush=True)
print()
"""

_LEGACY = """\
import google.generativeai as genai

genai.configure(
    api_key="__KEY__",
    transport="rest",
    client_options={"api_endpoint": "__URL__"},
)
model = genai.GenerativeModel("__MODEL__")
print(model.generate_content("Say hello.").text)
"""

_JS_GENAI = """\
import { GoogleGenAI } from "@google/genai";

const ai = new GoogleGenAI({
  apiKey: "__KEY__",
  httpOptions: { baseUrl: "__URL__" },
});
const stream = await ai.models.generateContentStream({ model: "__MODEL__", contents: "Say hello." });
for await (const chunk of stream) process.stdout.write(chunk.text ?? "");
"""

_GEMINI_CLI = """\
export GOOGLE_GEMINI_BASE_URL='__URL__'
export GEMINI_API_KEY='__KEY__'
export GEMINI_CLI_TRUST_WORKSPACE=true

# Once: it asks how to sign in unless its settings say so.
mkdir -p ~/.gemini
[ -e ~/.gemini/settings.json ] ||
  echo '{"security": {"auth": {"selectedType": "gemini-api-key"}}}' > ~/.gemini/settings.json

gemini --model '__MODEL__' --prompt 'Say hello.'
"""

_LANGCHAIN = """\
from langchain_google_genai import ChatGoogleGenerativeAI

llm = ChatGoogleGenerativeAI(
    model="__MODEL__",
    api_key="__KEY__",
    base_url="__URL__",
)
print(llm.invoke("Say hello.").text)
"""

_AI_SDK = """\
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { streamText } from "ai";

const google = createGoogleGenerativeAI({
  apiKey: "__KEY__",
  baseURL: "__URL__/v1beta",
});
const { textStream } = streamText({ model: google("__MODEL__"), prompt: "Say hello." });
for await (const text of textStream) process.stdout.write(text);
"""

_LITELLM = """\
import litellm

response = litellm.completion(
    model="gemini/__MODEL__",
    api_base="__URL__/v1beta",
    api_key="__KEY__",
    messages=[{"role": "user", "content": "Say hello."}],
)
print(response.choices[0].message.content)
"""

_OPENAI = """\
from openai import OpenAI

client = OpenAI(
    api_key="__KEY__",
    base_url="__URL__/v1beta/openai/",
)
stream = client.chat.completions.create(
    model="__MODEL__",
    messages=[{"role": "user", "content": "Say hello."}],
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
"""

SNIPPETS = (
    Snippet("curl", "curl", Language.SHELL, "", _CURL),
    Snippet("curl-stream", _("curl, streaming"), Language.SHELL, "", _CURL_STREAM),
    Snippet("google-genai", "google-genai (Python)", Language.PYTHON, "pip install google-genai", _GENAI),
    Snippet(
        "google-generativeai",
        _("google-generativeai (legacy Python)"),
        Language.PYTHON,
        "pip install google-generativeai",
        _LEGACY,
        _("Over REST only: its usual gRPC transport cannot be pointed at an HTTP gateway."),
    ),
    Snippet("js-genai", "@google/genai (JavaScript)", Language.JAVASCRIPT, "npm install @google/genai", _JS_GENAI),
    Snippet(
        "gemini-cli",
        "gemini-cli",
        Language.SHELL,
        "npm install -g @google/gemini-cli",
        _GEMINI_CLI,
        _(
            "With a ~/.gemini/settings.json of your own, set security.auth.selectedType to gemini-api-key in it. "
            "Without --model it also asks for the models it chooses by itself: a model route can stand in for them."
        ),
    ),
    Snippet(
        "langchain",
        "LangChain (Python)",
        Language.PYTHON,
        "pip install langchain-google-genai",
        _LANGCHAIN,
        _("It retries a failed call up to five times itself; max_retries=1 leaves retries to the gateway."),
    ),
    Snippet(
        "ai-sdk",
        "AI SDK (JavaScript)",
        Language.JAVASCRIPT,
        "npm install ai @ai-sdk/google",
        _AI_SDK,
        _("Here the address includes /v1beta."),
    ),
    Snippet(
        "litellm",
        "LiteLLM",
        Language.PYTHON,
        "pip install litellm",
        _LITELLM,
        _("Here the address includes /v1beta."),
    ),
    Snippet(
        "openai",
        "OpenAI SDK (Python)",
        Language.PYTHON,
        "pip install openai",
        _OPENAI,
        _("For tools that speak OpenAI only: chats, embeddings, images, videos, files and batches."),
    ),
    Snippet(
        "llm",
        "llm",
        Language.SHELL,
        "",
        "",
        _(
            "llm-gemini, the plugin for this API, has no setting for the base URL (as of 0.35) and always calls "
            "Google, so there is no snippet that works."
        ),
    ),
)
BY_SLUG = {snippet.slug: snippet for snippet in SNIPPETS}
