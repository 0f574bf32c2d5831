#!/bin/bash
# The user of ../python/interacting.py with curl.

read -r plan
of() { jq -r "$1" <<<"$plan"; }
HERE=$(of .url) THERE=$(of .other) GEMINI_API_KEY=$(of .key) MODEL=$(of .model) SUFFIX=$(of '.clients[""]')
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# post BASE_URL MODEL INPUT [FIELDS]
post() {
  curl --silent --no-buffer "$1/v1beta/interactions" \
    -H "x-goog-api-key: $GEMINI_API_KEY" \
    -H "Content-Type: application/json" \
    -D "$work/head.txt" \
    -d '{"model": "'"$2"'", "input": "'"$3"'"'"$4"'}'
}

# get ID [QUERY]
get() {
  curl --silent --no-buffer "$HERE/v1beta/interactions/$1$2" -H "x-goog-api-key: $GEMINI_API_KEY" -D "$work/head.txt"
}

# heard COMMAND …: what a stream has told, and the status that curl ended with.
heard() {
  "$@" > "$work/stream.txt"
  local raised=$?
  sed -n 's/^data: {/{/p' "$work/stream.txt" | jq -cs --arg raised "${raised#0}" '{
    id: ([.[].interaction.id // empty][0] // ""),
    text: ([.[].delta.text // empty] | join("")),
    events: [.[].event_id // empty],
    raised: $raised
  }'
}

# refusal COMMAND …: nothing for the class of an error, its status and code, and for how many seconds it says to wait.
refusal() {
  "$@" > "$work/error.json"
  jq -c --arg status "$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$work/head.txt")" \
    --arg seconds "$(sed -n 's/^retry-after: \([0-9]*\).*/\1/ip' "$work/head.txt")" \
    '["", ($status | tonumber), .error.code, ($seconds | tonumber? // 0)]' "$work/error.json"
}

first=$(heard post "$HERE" "$MODEL" Hello ', "stream": true')
id=$(jq -r .id <<<"$first")
second=$(heard post "$THERE" "$MODEL" Again ', "stream": true, "previous_interaction_id": "'"$id"'"')
job=$(GEMINI_API_KEY=$(of .passing) post "$HERE" "$MODEL" Hello ', "background": true' | jq -r .id)
resumed=$(heard get "$id" "?stream=true&last_event_id=$(jq -r '.events[2]' <<<"$first")")
cuts=$(for number in $(seq 0 $(($(of .cuts) - 1))); do heard post "$HERE" "cut-$number-$SUFFIX" Hello ', "stream": true'; done)
foreign=$(
  refusal get "$(of .foreign)"
  refusal post "$HERE" "$MODEL" Hello ', "previous_interaction_id": "'"$(of .foreign)"'"'
)
spent=$(refusal post "$HERE" "spent-$SUFFIX" Hello ', "previous_interaction_id": "'"$id"'"')
jq -cn --argjson first "$first" --argjson second "$second" --argjson resumed "$resumed" --arg job "$job" \
  --argjson cuts "$(jq -cs . <<<"$cuts")" --argjson foreign "$(jq -cs . <<<"$foreign")" --argjson spent "$spent" '{"": {
    turns: [$first, $second], resumed: $resumed, cuts: $cuts, foreign: $foreign, spent: $spent, job: $job
  }}'
read -r

third=$(heard post "$HERE" "$MODEL" "And again" ', "stream": true, "previous_interaction_id": "'"$(jq -r .id <<<"$second")"'"')
expired=$(GEMINI_API_KEY=$(of .passing) refusal get "$job")
jq -cn --argjson third "$third" --argjson expired "$expired" '{"": {third: $third, expired: $expired}}'
