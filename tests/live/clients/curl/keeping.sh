#!/bin/bash
# The user of ../python/keeping.py with curl, by the commands that Google's documentation prints.
# shellcheck disable=SC2016
set -e

read -r plan
of() { jq -r "$1" <<<"$plan"; }
BASE_URL=$(of .url) GEMINI_API_KEY=$(of .key) MODEL=$(of .model) EMBEDDING=$(of .embedding)
QUESTION="How long does the warranty last?" CAPITAL="What is the capital of France?"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# upload PATH METADATA MIME_TYPE [TARGET]: what the last step of a resumable upload answers.
upload() {
  NUM_BYTES=$(wc -c < "$1")
  tmp_header_file="$work/upload-header.tmp"
  curl "${BASE_URL}/upload/v1beta/${4:-files}?key=${GEMINI_API_KEY}" \
    -D "${tmp_header_file}" \
    -H "X-Goog-Upload-Protocol: resumable" \
    -H "X-Goog-Upload-Command: start" \
    -H "X-Goog-Upload-Header-Content-Length: ${NUM_BYTES}" \
    -H "X-Goog-Upload-Header-Content-Type: $3" \
    -H "Content-Type: application/json" \
    -d "$2" 2> /dev/null
  upload_url=$(grep -i "x-goog-upload-url: " "${tmp_header_file}" | cut -d" " -f2 | tr -d "\r")
  curl "${upload_url}" \
    -H "Content-Length: ${NUM_BYTES}" \
    -H "X-Goog-Upload-Offset: 0" \
    -H "X-Goog-Upload-Command: upload, finalize" \
    --data-binary "@$1" 2> /dev/null
}

# post PATH BODY
post() {
  curl "${BASE_URL}/v1beta/$1" \
    -H "x-goog-api-key: $GEMINI_API_KEY" \
    -H 'Content-Type: application/json' \
    -X POST \
    -d "$2" 2> /dev/null
}

# get PATH [PARAMETERS]
get() { curl "${BASE_URL}/v1beta/$1?key=$GEMINI_API_KEY$2" 2> /dev/null; }

upload "$(of '.files[0]')" "{'file': {'display_name': 'TEXT'}}" text/plain > "$work/first.json"
upload "$(of '.files[1]')" "{'file': {'display_name': 'TEXT'}}" text/plain > "$work/second.json"
upload "$(of .large)" "{'file': {'display_name': 'LARGE'}}" application/octet-stream > "$work/large.json"
upload "$(of '.files[0]')" "{'file': {'name': 'files/$(of .chosen)'}}" text/plain > "$work/chosen.json"
upload "$(of .requests)" "{'file': {'display_name': 'BatchInput'}}" application/jsonl > "$work/requests.json"
first_uri=$(jq -r .file.uri "$work/first.json") second_uri=$(jq -r .file.uri "$work/second.json")
first_name=$(jq -r .file.name "$work/first.json") second_name=$(jq -r .file.name "$work/second.json")
batch_input_file=$(jq -r .file.name "$work/requests.json")

post "models/$MODEL:generateContent" '{
  "contents": [{
    "parts":[
      {"file_data":{"mime_type": "text/plain", "file_uri": "'$first_uri'"}},
      {"file_data":{"mime_type": "text/plain", "file_uri": "'$second_uri'"}},
      {"text": "'"$QUESTION"'"}]
    }]
  }' > "$work/both.json"
post "models/$EMBEDDING:embedContent" '{
  "model": "models/'$EMBEDDING'",
  "content": {"parts":[{"text": "'"$QUESTION"'"}]}
  }' > "$work/embedding.json"
post "models/$EMBEDDING:batchEmbedContents" '{"requests": [{
  "model": "models/'$EMBEDDING'",
  "content": {"parts":[{"text": "'"$CAPITAL"'"}]}
  }]}' > "$work/embeddings.json"
post cachedContents '{
  "model": "models/'$MODEL'",
  "contents": [{"parts": [{"text": "'"$(of .manual)"'"}], "role": "user"}],
  "ttl": "600s"
  }' > "$work/cache.json"
post "models/$MODEL:batchGenerateContent" "{
  'batch': {
    'display_name': 'my-batch-requests',
    'input_config': {'file_name': '${batch_input_file}'}
  }
  }" > "$work/batch.json"
post fileSearchStores '{ "displayName": "My Store" }' > "$work/store.json"
CACHE_NAME=$(jq -r .name "$work/cache.json") BATCH_NAME=$(jq -r .name "$work/batch.json")
STORE_NAME=$(jq -r .name "$work/store.json")
upload "$(of '.files[0]')" '{}' text/plain "$STORE_NAME:uploadToFileSearchStore" > "$work/operation.json"
jq -cn --slurpfile large "$work/large.json" --slurpfile chosen "$work/chosen.json" \
  --slurpfile both "$work/both.json" --slurpfile one "$work/embedding.json" --slurpfile more "$work/embeddings.json" \
  --arg first "$first_name" --arg second "$second_name" \
  --arg cache "$CACHE_NAME" --arg batch "$BATCH_NAME" --arg store "$STORE_NAME" '{
    names: [$first, $second, $large[0].file.name, $cache, $batch, $store],
    large: [($large[0].file.sizeBytes | tonumber), $large[0].file.sha256Hash, $large[0].file.uri],
    chosen: $chosen[0].file.name,
    both: $both[0].candidates[0].content.parts[0].text,
    vectors: [$one[0].embedding, $more[0].embeddings[0] | .values | length]
  }'
read -r

get "$first_name" > "$work/again.json"
post "models/$MODEL:generateContent" '{
  "contents": [{"parts":[{"text": "'"$CAPITAL"'"}], "role": "user"}],
  "cachedContent": "'"$CACHE_NAME"'"
  }' > "$work/cached.json"
until get "$BATCH_NAME" > "$work/batch.json" && [ "$(jq -r .done "$work/batch.json")" = true ]; do sleep 0.1; done
responses_file_name=$(jq -r '.response.responsesFile' "$work/batch.json")
curl "${BASE_URL}/download/v1beta/$responses_file_name:download?alt=media" \
  -H "x-goog-api-key: $GEMINI_API_KEY" > "$work/results.jsonl" 2> /dev/null
operation=$(jq -r .name "$work/operation.json")
until [ "$(get "$operation" | jq -r .done)" = true ]; do sleep 0.1; done
post "models/$MODEL:generateContent" '{
  "contents": [{"parts":[{"text": "'"$QUESTION"'"}]}],
  "tools": [{"file_search": {"file_search_store_names": ["'"$STORE_NAME"'"]}}]
  }' > "$work/found.json"
page_token=""
while [ "$page_token" != null ]; do
  get files "&pageSize=20&pageToken=$page_token" | tee -a "$work/files.json" > "$work/page.json"
  page_token=$(jq -r .nextPageToken "$work/page.json")
done
jq -cn --slurpfile again "$work/again.json" --slurpfile cached "$work/cached.json" --slurpfile found "$work/found.json" \
  --slurpfile files "$work/files.json" --rawfile results "$work/results.jsonl" '{
    file: [$again[0].name, $again[0].state],
    cached: $cached[0].usageMetadata.cachedContentTokenCount,
    batch: $results,
    store: $found[0].candidates[0].content.parts[0].text,
    listed: [$files[].files[].name]
  }'
read -r

curl --request "DELETE" "${BASE_URL}/v1beta/$second_name?key=$GEMINI_API_KEY" > /dev/null 2>&1
echo "{\"deleted\": $(get "$second_name" | jq .error.code)}"
