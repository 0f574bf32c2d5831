"""The same user with google-generativeai, the SDK before google-genai, over REST.

Its uploads go to Google's own host, whatever address it is given: its files have been made by another client.
"""

from __future__ import annotations

import datetime
import json
import sys

import google.generativeai as genai
from google.api_core import exceptions
from google.generativeai import caching

QUESTION = "How long does the warranty last?"
CAPITAL = "What is the capital of France?"

plan = json.loads(sys.stdin.readline())
genai.configure(api_key=plan["key"], transport="rest", client_options={"api_endpoint": plan["url"]})

first, second = (genai.get_file(made["name"]) for made in plan["own"])
both = genai.GenerativeModel(plan["model"]).generate_content([first, second, QUESTION])
one = genai.embed_content(model=f"models/{plan['embedding']}", content=QUESTION)["embedding"]
more = genai.embed_content(model=f"models/{plan['embedding']}", content=[CAPITAL])["embedding"]
cache = caching.CachedContent.create(
    model=f"models/{plan['model']}", contents=[plan["manual"]], ttl=datetime.timedelta(minutes=10)
)
vectors = [len(vector) for vector in (one, *more)]
names = [first.name, second.name, cache.name]
print(json.dumps({"names": names, "both": both.text, "vectors": vectors}), flush=True)
sys.stdin.readline()

again = genai.get_file(first.name)
cached = genai.GenerativeModel.from_cached_content(caching.CachedContent.get(cache.name)).generate_content(CAPITAL)
outcome = {
    "file": [again.name, again.state.name],
    "cached": cached.usage_metadata.cached_content_token_count,
    "listed": sorted(file.name for file in genai.list_files(page_size=20)),
}
print(json.dumps(outcome), flush=True)
sys.stdin.readline()

genai.delete_file(second.name)
try:
    genai.get_file(second.name)
    deleted = None
except exceptions.GoogleAPICallError as error:
    deleted = error.code
print(json.dumps({"deleted": deleted}), flush=True)
