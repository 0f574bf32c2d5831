"""The same user with LangChain, which has a function for caches, and names the files that it is given."""

from __future__ import annotations

import json
import sys

from langchain_core.messages import HumanMessage
from langchain_google_genai import ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings, create_context_cache

QUESTION = "How long does the warranty last?"
CAPITAL = "What is the capital of France?"

plan = json.loads(sys.stdin.readline())
address = {"google_api_key": plan["key"], "base_url": plan["url"]}
chat = ChatGoogleGenerativeAI(model=plan["model"], max_retries=0, **address)

files = [{"type": "media", "file_uri": made["uri"], "mime_type": "text/plain"} for made in plan["given"]["files"]]
both = chat.invoke([HumanMessage(content=[*files, {"type": "text", "text": QUESTION}])])
embeddings = GoogleGenerativeAIEmbeddings(model=plan["embedding"], **address)
vectors = [embeddings.embed_query(QUESTION), *embeddings.embed_documents([CAPITAL])]
cache = create_context_cache(chat, messages=[HumanMessage(content=plan["manual"])], ttl="600s")
outcome = {"names": [cache], "both": both.text, "vectors": [len(vector) for vector in vectors]}
print(json.dumps(outcome), flush=True)
sys.stdin.readline()

cached = chat.invoke(CAPITAL, cached_content=cache)
print(json.dumps({"cached": cached.usage_metadata["input_token_details"]["cache_read"]}), flush=True)
sys.stdin.readline()
print("{}")
