"""A user of google-genai's ordinary client, who keeps files, a cache, a batch and a store."""

from __future__ import annotations

import time

from google.genai import errors
from keeping import CAPITAL, QUESTION, new_client, plan, searching, tell, text_file, wait

client = new_client("")
model = plan["model"]

first, second = (client.files.upload(file=path, config=text_file()) for path in plan["files"])
large = client.files.upload(file=plan["large"], config={"mime_type": "application/octet-stream"})
chosen = client.files.upload(file=plan["files"][0], config=text_file(plan["chosen"]))
both = client.models.generate_content(model=model, contents=[first, second, QUESTION])
vectors = client.models.embed_content(model=plan["embedding"], contents=[QUESTION, CAPITAL]).embeddings
cache = client.caches.create(model=model, config={"contents": plan["manual"], "ttl": "600s"})
requests = client.files.upload(file=plan["requests"], config={"mime_type": "application/jsonl"})
batch = client.batches.create(model=model, src=requests.name)
store = client.file_search_stores.create(config={"display_name": "manuals"})
operation = client.file_search_stores.import_file(file_search_store_name=store.name, file_name=first.name)
tell(
    {
        "names": [first.name, second.name, large.name, cache.name, batch.name, store.name],
        "large": [large.size_bytes, large.sha256_hash, large.uri],
        "chosen": chosen.name,
        "both": both.text,
        "vectors": [len(vector.values) for vector in vectors],
    }
)
wait()

again = client.files.get(name=first.name)
cached = client.models.generate_content(model=model, contents=CAPITAL, config={"cached_content": cache.name})
while not batch.done:
    time.sleep(0.1)
    batch = client.batches.get(name=batch.name)
while not operation.done:
    time.sleep(0.1)
    operation = client.operations.get(operation)
found = client.models.generate_content(model=model, contents=QUESTION, config=searching(store.name))
listed = [file.name for file in client.files.list(config={"page_size": 20})]
tell(
    {
        "file": [again.name, again.state.name],
        "cached": cached.usage_metadata.cached_content_token_count,
        "batch": client.files.download(file=batch.dest.file_name).decode(),
        "store": found.text,
        "listed": sorted(listed),
    }
)
wait()

client.files.delete(name=second.name)
try:
    client.files.get(name=second.name)
    deleted = None
except errors.ClientError as error:
    deleted = error.code
tell({"deleted": deleted})
