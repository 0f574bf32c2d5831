/* Reads an answer as it arrives: the JSON of each server-sent event, or of the one body. */
"use strict";

/* Calls `heard(object, text)` for every JSON object in a fetch's response; `text` is what it was read from. */
async function readEvents(response, heard) {
    // An error instead of a stream is one object, under the stream's type, as Google sends it.
    const isStream = response.ok && (response.headers.get("content-type") || "").startsWith("text/event-stream");
    if (!response.body || !isStream) {
        const text = await response.text();
        for (const object of [parsed(text)].flat()) heard(object, text);
        return;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = "";
    for (;;) {
        const { done, value } = await reader.read();
        waiting += value || "";
        const events = waiting.split(/\r?\n\r?\n/);
        waiting = done ? "" : events.pop();
        for (const event of events) {
            const text = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
            if (text && text !== "[DONE]") heard(parsed(text), text);
        }
        if (done) return;
    }
}

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return { error: { message: text } };
    }
}
