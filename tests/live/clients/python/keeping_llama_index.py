"""The same user with LlamaIndex, which uploads a call's files by itself and deletes them after it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from google.genai import types
from llama_index.core.base.llms.types import ChatMessage, DocumentBlock, TextBlock
from llama_index.embeddings.google_genai import GoogleGenAIEmbedding
from llama_index.llms.google_genai import GoogleGenAI

QUESTION = "How long does the warranty last?"
CAPITAL = "What is the capital of France?"

plan = json.loads(sys.stdin.readline())
address = {"api_key": plan["key"], "http_options": types.HttpOptions(base_url=plan["url"])}
llm = GoogleGenAI(model=plan["model"], file_mode="fileapi", max_retries=0, **address)

files = [DocumentBlock(data=Path(path).read_bytes(), document_mimetype="text/plain") for path in plan["files"]]
both = llm.chat([ChatMessage(role="user", blocks=[*files, TextBlock(text=QUESTION)])])
embedding = GoogleGenAIEmbedding(model_name=plan["embedding"], **address)
vectors = [embedding.get_query_embedding(QUESTION), *embedding.get_text_embedding_batch([CAPITAL])]
outcome = {"names": [], "both": both.message.content, "vectors": [len(vector) for vector in vectors]}
print(json.dumps(outcome), flush=True)
sys.stdin.readline()

using = GoogleGenAI(model=plan["model"], cached_content=plan["given"]["cache"], max_retries=0, **address)
cached = using.complete(CAPITAL)
print(json.dumps({"cached": cached.raw["usage_metadata"]["cached_content_token_count"]}), flush=True)
sys.stdin.readline()
print("{}")
