"""The same user with google-genai's asynchronous client, over `aiohttp` or `httpx` as the first argument says."""

from __future__ import annotations

import asyncio
import sys

from google.genai import errors
from keeping import CAPITAL, QUESTION, new_client, plan, searching, tell, text_file, wait

client = new_client(sys.argv[1]).aio
model = plan["model"]


async def main() -> None:
    first, second = [await client.files.upload(file=path, config=text_file()) for path in plan["files"]]
    large = await client.files.upload(file=plan["large"], config={"mime_type": "application/octet-stream"})
    chosen = await client.files.upload(file=plan["files"][0], config=text_file(plan["chosen"]))
    both = await client.models.generate_content(model=model, contents=[first, second, QUESTION])
    vectors = (await client.models.embed_content(model=plan["embedding"], contents=[QUESTION, CAPITAL])).embeddings
    cache = await client.caches.create(model=model, config={"contents": plan["manual"], "ttl": "600s"})
    requests = await client.files.upload(file=plan["requests"], config={"mime_type": "application/jsonl"})
    batch = await client.batches.create(model=model, src=requests.name)
    store = await client.file_search_stores.create(config={"display_name": "manuals"})
    operation = await client.file_search_stores.import_file(file_search_store_name=store.name, file_name=first.name)
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

    again = await client.files.get(name=first.name)
    cached = await client.models.generate_content(model=model, contents=CAPITAL, config={"cached_content": cache.name})
    while not batch.done:
        await asyncio.sleep(0.1)
        batch = await client.batches.get(name=batch.name)
    while not operation.done:
        await asyncio.sleep(0.1)
        operation = await client.operations.get(operation)
    found = await client.models.generate_content(model=model, contents=QUESTION, config=searching(store.name))
    listed = [file.name async for file in await client.files.list(config={"page_size": 20})]
    tell(
        {
            "file": [again.name, again.state.name],
            "cached": cached.usage_metadata.cached_content_token_count,
            "batch": (await client.files.download(file=batch.dest.file_name)).decode(),
            "store": found.text,
            "listed": sorted(listed),
        }
    )
    wait()

    await client.files.delete(name=second.name)
    try:
        await client.files.get(name=second.name)
        deleted = None
    except errors.ClientError as error:
        deleted = error.code
    tell({"deleted": deleted})


asyncio.run(main())
