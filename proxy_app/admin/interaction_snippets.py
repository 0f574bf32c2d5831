"""Interactions with curl and Google's SDKs: three streamed turns, and one in the background. A test runs each."""

from django.utils.translation import gettext_lazy as _

from proxy_app.admin.snippets import Language, Snippet

_CURL = """\
# Each turn names the one before it: Google keeps what was said.
PREVIOUS=
for INPUT in 'What is the capital of France?' 'What is 6*7?' 'Say hello.'
do
  curl -sN '__URL__/v1beta/interactions' \\
    -H 'x-goog-api-key: __KEY__' \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "__MODEL__", "stream": true, "input": "'"$INPUT"'"'"$PREVIOUS"'}' | tee events.txt
  ID=$(sed -n '/interaction.created/ s/.*"id": *"\\([^"]*\\)".*/\\1/p' events.txt)
  PREVIOUS=', "previous_interaction_id": "'"$ID"'"'
done
"""

_PYTHON = """\
from google import genai

client = genai.Client(api_key="__KEY__", http_options={"base_url": "__URL__"})

# Each turn names the one before it: Google keeps what was said.
previous = {}
for question in ("What is the capital of France?", "What is 6*7?", "Say hello."):
    for event in client.interactions.create(model="__MODEL__", input=question, stream=True, **previous):
        if event.event_type == "interaction.created":
            previous = {"previous_interaction_id": event.interaction.id}
        elif event.event_type == "step.delta" and event.delta.type == "text":
            print(event.delta.text, end="", flush=True)
    print()
"""

_JAVASCRIPT = """\
import { GoogleGenAI } from "@google/genai";

const ai = new GoogleGenAI({ apiKey: "__KEY__", httpOptions: { baseUrl: "__URL__" } });

// Each turn names the one before it: Google keeps what was said.
let previous = {};
for (const input of ["What is the capital of France?", "What is 6*7?", "Say hello."]) {
  const stream = await ai.interactions.create({ model: "__MODEL__", input, stream: true, ...previous });
  for await (const event of stream) {
    if (event.event_type === "interaction.created") {
      previous = { previous_interaction_id: event.interaction.id };
    } else if (event.event_type === "step.delta" && event.delta.type === "text") {
      process.stdout.write(event.delta.text);
    }
  }
  console.log();
}
"""

_CURL_JOB = """\
ID=$(curl -s '__URL__/v1beta/interactions' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "__MODEL__", "background": true, "input": "What is the capital of France?"}' |
  sed -n 's/.*"id": *"\\(v1_[^"]*\\)".*/\\1/p')

# It goes on without its client. To end it: POST to interactions/$ID/cancel.
while curl -s '__URL__/v1beta/interactions/'"$ID" -H 'x-goog-api-key: __KEY__' > interaction.json &&
  grep -Eq '"status": *"(queued|in_progress)"' interaction.json
do sleep 1; done
cat interaction.json
"""

_PYTHON_JOB = """\
import time

from google import genai

client = genai.Client(api_key="__KEY__", http_options={"base_url": "__URL__"})

job = client.interactions.create(model="__MODEL__", input="What is the capital of France?", background=True)
# It goes on without its client. To end it: client.interactions.cancel(job.id).
while job.status in ("queued", "in_progress"):
    time.sleep(1)
    job = client.interactions.get(job.id)
print(job.status, job.output_text)
"""

_JAVASCRIPT_JOB = """\
import { setTimeout } from "node:timers/promises";
import { GoogleGenAI } from "@google/genai";

const ai = new GoogleGenAI({ apiKey: "__KEY__", httpOptions: { baseUrl: "__URL__" } });

const input = "What is the capital of France?";
let job = await ai.interactions.create({ model: "__MODEL__", input, background: true });
// It goes on without its client. To end it: ai.interactions.cancel(job.id).
while (["queued", "in_progress"].includes(job.status)) {
  await setTimeout(1000);
  job = await ai.interactions.get(job.id);
}
console.log(job.status, job.output_text);
"""

_PIP, _NPM = "pip install google-genai", "npm install @google/genai"
_KEPT = _("Google keeps the turns, so this takes an account with a Gemini API key: Code Assist keeps none.")

INTERACTION_SNIPPETS = (
    Snippet("turns-curl", _("Three turns (curl)"), Language.SHELL, "", _CURL, _KEPT),
    Snippet("turns-python", _("Three turns (Python)"), Language.PYTHON, _PIP, _PYTHON, _KEPT),
    Snippet("turns-js", _("Three turns (JavaScript)"), Language.JAVASCRIPT, _NPM, _JAVASCRIPT, _KEPT),
    Snippet("background-curl", _("In the background (curl)"), Language.SHELL, "", _CURL_JOB, _KEPT),
    Snippet("background-python", _("In the background (Python)"), Language.PYTHON, _PIP, _PYTHON_JOB, _KEPT),
    Snippet("background-js", _("In the background (JavaScript)"), Language.JAVASCRIPT, _NPM, _JAVASCRIPT_JOB, _KEPT),
)
