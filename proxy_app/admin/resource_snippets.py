"""What a project keeps for its clients, each shown with curl and with Python, ready to be copied. A test runs each."""

from django.utils.translation import gettext_lazy as _

from proxy_app.admin.snippets import Language, Snippet

_FILE = """\
echo 'The warranty of the kettle lasts two years.' > manual.txt

# It can be named in calls for 48 hours.
FILE=$(curl -s '__URL__/upload/v1beta/files' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'X-Goog-Upload-Protocol: raw' \\
  -H 'Content-Type: text/plain' \\
  --data-binary @manual.txt | sed -n 's/.*"uri": *"\\([^"]*\\)".*/\\1/p')

curl '__URL__/v1beta/models/__MODEL__:generateContent' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"contents": [{"parts": [
        {"text": "How long does the warranty last?"},
        {"fileData": {"mimeType": "text/plain", "fileUri": "'"$FILE"'"}}]}]}'
"""

_EMBEDDING = """\
curl '__URL__/v1beta/models/gemini-embedding-001:embedContent' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"content": {"parts": [{"text": "How long does the warranty last?"}]}}'
"""

_CACHE = """\
# A cache holds at least 1,024 tokens: a manual, or here the numbers to 2000.
CACHE=$(curl -s '__URL__/v1beta/cachedContents' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "models/__MODEL__", "ttl": "600s",
       "contents": [{"role": "user", "parts": [{"text": "'"$(seq -s ' ' 2000)"'"}]}]}' |
  sed -n 's/.*"name": *"\\([^"]*\\)".*/\\1/p')

curl '__URL__/v1beta/models/__MODEL__:generateContent' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"cachedContent": "'"$CACHE"'",
       "contents": [{"role": "user", "parts": [{"text": "Which number comes last?"}]}]}'
"""

_BATCH = """\
BATCH=$(curl -s '__URL__/v1beta/models/__MODEL__:batchGenerateContent' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"batch": {"displayName": "capitals", "inputConfig": {"requests": {"requests": [
        {"request": {"contents": [{"parts": [{"text": "What is the capital of France?"}]}]}}]}}}}' |
  sed -n '/"name"/ { s/.*"name": *"\\([^"]*\\)".*/\\1/p; q; }')

# Minutes as a rule, a day at most.
until curl -s '__URL__/v1beta/'"$BATCH" -H 'x-goog-api-key: __KEY__' > batch.json &&
  grep -q '"done": *true' batch.json
do sleep 1; done
cat batch.json
"""

_STORE = """\
echo 'The warranty of the kettle lasts two years.' > manual.txt
STORE=$(curl -s '__URL__/v1beta/fileSearchStores' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"displayName": "manuals"}' | sed -n 's/.*"name": *"\\([^"]*\\)".*/\\1/p')

OPERATION=$(curl -s '__URL__/upload/v1beta/'"$STORE"':uploadToFileSearchStore' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'X-Goog-Upload-Protocol: raw' \\
  -H 'Content-Type: text/plain' \\
  --data-binary @manual.txt | sed -n 's/.*"name": *"\\([^"]*\\)".*/\\1/p')

until curl -s '__URL__/v1beta/'"$OPERATION" -H 'x-goog-api-key: __KEY__' | grep -q '"done": *true'
do sleep 1; done

curl '__URL__/v1beta/models/__MODEL__:generateContent' \\
  -H 'x-goog-api-key: __KEY__' \\
  -H 'Content-Type: application/json' \\
  -d '{"contents": [{"parts": [{"text": "How long does the warranty last?"}]}],
       "tools": [{"fileSearch": {"fileSearchStoreNames": ["'"$STORE"'"]}}]}'
"""

_CLIENT = """\
from google import genai

client = genai.Client(api_key="__KEY__", http_options={"base_url": "__URL__"})
"""

_PY_FILE = f"""\
import io

{_CLIENT}
manual = io.BytesIO(b"The warranty of the kettle lasts two years.")
# It can be named in calls for 48 hours.
file = client.files.upload(file=manual, config={{"mime_type": "text/plain"}})
question = "How long does the warranty last?"
print(client.models.generate_content(model="__MODEL__", contents=[question, file]).text)
"""

_PY_EMBEDDING = f"""\
{_CLIENT}
texts = ["How long does the warranty last?", "For how many years is it guaranteed?"]
for embedding in client.models.embed_content(model="gemini-embedding-001", contents=texts).embeddings:
    print(len(embedding.values), embedding.values[:3])
"""

_PY_CACHE = f"""\
{_CLIENT}
# A cache holds at least 1,024 tokens: a manual, or here the numbers to 2000.
manual = " ".join(str(number) for number in range(1, 2001))
cache = client.caches.create(model="__MODEL__", config={{"contents": manual, "ttl": "600s"}})
answer = client.models.generate_content(
    model="__MODEL__", contents="Which number comes last?", config={{"cached_content": cache.name}}
)
print(answer.text)
print(answer.usage_metadata.cached_content_token_count, "tokens from the cache")
"""

_PY_BATCH = f"""\
import time

{_CLIENT}
questions = ["What is the capital of France?", "What is the capital of Italy?"]
requests = [{{"contents": [{{"role": "user", "parts": [{{"text": question}}]}}]}} for question in questions]
batch = client.batches.create(model="__MODEL__", src=requests)
while not batch.done:  # minutes as a rule, a day at most
    time.sleep(1)
    batch = client.batches.get(name=batch.name)
for each in batch.dest.inlined_responses:
    print(each.response.text)
"""

_PY_STORE = f"""\
import io
import time

{_CLIENT}
store = client.file_search_stores.create(config={{"display_name": "manuals"}})
manual = io.BytesIO(b"The warranty of the kettle lasts two years.")
operation = client.file_search_stores.upload_to_file_search_store(
    file_search_store_name=store.name, file=manual, config={{"mime_type": "text/plain"}}
)
while not operation.done:
    time.sleep(1)
    operation = client.operations.get(operation)

search = {{"file_search": {{"file_search_store_names": [store.name]}}}}
question = "How long does the warranty last?"
print(client.models.generate_content(model="__MODEL__", contents=question, config={{"tools": [search]}}).text)
"""

_INSTALL = "pip install google-genai"

RESOURCE_SNIPPETS = (
    Snippet("files-curl", _("Files (curl)"), Language.SHELL, "", _FILE),
    Snippet("files-python", _("Files (Python)"), Language.PYTHON, _INSTALL, _PY_FILE),
    Snippet("embeddings-curl", _("Embeddings (curl)"), Language.SHELL, "", _EMBEDDING),
    Snippet("embeddings-python", _("Embeddings (Python)"), Language.PYTHON, _INSTALL, _PY_EMBEDDING),
    Snippet("cache-curl", _("Context cache (curl)"), Language.SHELL, "", _CACHE),
    Snippet("cache-python", _("Context cache (Python)"), Language.PYTHON, _INSTALL, _PY_CACHE),
    Snippet("batch-curl", _("Batch (curl)"), Language.SHELL, "", _BATCH),
    Snippet("batch-python", _("Batch (Python)"), Language.PYTHON, _INSTALL, _PY_BATCH),
    Snippet("store-curl", _("File search store (curl)"), Language.SHELL, "", _STORE),
    Snippet("store-python", _("File search store (Python)"), Language.PYTHON, _INSTALL, _PY_STORE),
)
