"""A user of OpenAI's SDK: chats, plain, streamed and with a tool, embeddings, models, pictures, files, a batch, errors.

The plan comes as JSON on standard input: `url`, `key`, `model`, `embedding`, `picture`. What the SDK returned goes to
standard output.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import openai
from openai import OpenAI

plan = json.load(sys.stdin)
client = OpenAI(
    api_key=plan["key"], base_url=f"{plan['url']}/v1beta/openai/", organization="o", project="p", timeout=60
)
model = plan["model"]
question: Any = {"role": "user", "content": "What is the weather in Paris?"}
tool: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def chat(*messages: Any, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=list(messages), **more)


def refused(call: Callable[[], object]) -> list[Any]:
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.type, bool(error.message)]
    return []


def batch() -> list[Any]:
    body = {"model": model, "messages": [{"role": "user", "content": "What is 6*7?"}]}
    line = {"custom_id": "one", "method": "POST", "url": "/v1/chat/completions", "body": body}
    file = client.files.create(file=("lines.jsonl", io.BytesIO(json.dumps(line).encode())), purpose="batch")
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"of": "a test"}
    )
    while (seen := client.batches.retrieve(made.id)).status not in ("completed", "failed", "expired", "cancelled"):
        time.sleep(0.2)
    results = client.files.content(seen.output_file_id).text if seen.output_file_id else ""
    listed = [each.id for each in client.files.list()]
    return [
        file.purpose,
        client.files.retrieve(file.id).filename,
        seen.status,
        "custom_id" in results,
        file.id in listed,
        client.files.delete(file.id).deleted,
    ]


plain = chat({"role": "user", "content": "Hello"})
chunks = list(chat({"role": "user", "content": "Hello"}, stream=True, stream_options={"include_usage": True}))
called = chat(question, tools=[tool], tool_choice="required").choices[0]
message = called.message.model_dump(exclude_none=True)
call = called.message.tool_calls[0]
result = {"role": "tool", "tool_call_id": call.id, "content": '{"sky": "22 degrees"}'}
answered = chat(question, message, result, tools=[tool])
vectors = client.embeddings.create(model=plan["embedding"], input=["a", "b"], dimensions=16)
ids = [each.id for each in client.models.list()]
told = {
    "plain": [bool(plain.choices[0].message.content), plain.usage.total_tokens > 0],
    "streamed": [
        bool("".join(one.choices[0].delta.content or "" for one in chunks if one.choices)),
        chunks[-1].usage.total_tokens > 0,
    ],
    "called": [called.finish_reason, call.function.name, json.loads(call.function.arguments)],
    "answered": bool(answered.choices[0].message.content),
    "vectors": [len(each.embedding) for each in vectors.data],
    "models": [f"models/{model}" in ids, client.models.retrieve(f"models/{model}").id],
}
if plan["picture"]:
    picture = client.images.generate(model=plan["picture"], prompt="A cat", n=1, response_format="b64_json")
    told |= {"picture": bool(picture.data[0].b64_json), "batch": batch()}
told["errors"] = [
    refused(lambda: client.with_options(api_key="nobodys").models.list()),
    refused(lambda: client.chat.completions.create(model="nobodys", messages=[question])),
    refused(lambda: client.embeddings.create(model=plan["embedding"], input=7)),
    refused(lambda: client.fine_tuning.jobs.list()),
]
print(json.dumps(told))
