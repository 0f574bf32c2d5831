/* Sends the prompt to the public endpoints and shows the response with its headers, events and counts. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("ask");
    const fields = form.elements;
    const part = (id) => document.getElementById(id);
    let current = null;

    form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (!current) ask();
    });
    form.addEventListener("change", () => { fields.key.hidden = fields.caller.value !== "key"; });
    fields.prompt.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    part("stop").addEventListener("click", () => current?.abort());

    async function ask() {
        current = new AbortController();
        clear();
        const began = performance.now();
        let response = null;
        try {
            response = await call(current.signal);
            if (response) await show(response, began);
        } catch (error) {
            const texts = part("status").dataset;
            // When a connection drops, browsers discard what they have not delivered yet.
            say(error.name === "AbortError" ? texts.stopped : response ? texts.broken : texts.unreachable, error.name !== "AbortError");
        }
        part("duration").textContent = seconds(began);
        current = null;
        busy(false);
    }

    async function call(signal) {
        const key = fields.caller.value === "key" ? fields.key.value.trim() : await token(signal);
        if (key === null) return null;
        const verb = fields.stream.checked ? "streamGenerateContent?alt=sse" : "generateContent";
        const model = fields.model.value.trim().replace(/^models\//, "").split("/").map(encodeURIComponent).join("/");
        const body = { contents: [{ role: "user", parts: [{ text: fields.prompt.value }] }] };
        if (fields.system.value.trim()) body.systemInstruction = { parts: [{ text: fields.system.value }] };
        const headers = { "Content-Type": "application/json", "X-Gateway-Explain": "1" };
        if (key) headers["x-goog-api-key"] = key;
        return fetch(`${form.dataset.base}/v1beta/models/${model}:${verb}`, { method: "POST", headers, body: JSON.stringify(body), signal, credentials: "omit" });
    }

    /* An operator's token for this one call; null if the console issues none. */
    async function token(signal) {
        const headers = { "X-CSRFToken": fields.csrfmiddlewaretoken.value };
        const response = await fetch(form.dataset.pass, { method: "POST", headers, signal, redirect: "error" });
        if (response.ok) return (await response.json()).pass;
        say(part("status").dataset.refused);
        return null;
    }

    async function show(response, began) {
        say(`${response.status} ${response.statusText}`, !response.ok);
        showHeaders(response.headers);
        let events = 0;
        await readEvents(response, (event, text) => {
            if (!events) part("first").textContent = seconds(began);
            events += 1;
            part("events").textContent = events;
            part("raw").append(`${text}\n`);
            showEvent(event);
        });
    }

    function showEvent(event) {
        if (event.error) add(`${event.error.code || ""} ${event.error.status || ""}\n${event.error.message || ""}`, "gw-error");
        const candidate = event.candidates?.[0];
        for (const piece of candidate?.content?.parts || []) {
            if (piece.text) add(piece.text, piece.thought ? "gw-thought" : "");
            else if (piece.inlineData?.mimeType?.startsWith("image/")) picture(piece.inlineData);
            else if (!piece.thoughtSignature) add(JSON.stringify(piece, null, 2), "gw-mono");
        }
        const reason = candidate?.finishReason || event.promptFeedback?.blockReason;
        if (reason) part("finish").textContent = reason;
        const used = event.usageMetadata;
        if (!used) return;
        const counts = { prompt: used.promptTokenCount, thoughts: used.thoughtsTokenCount, answer: used.candidatesTokenCount, total: used.totalTokenCount };
        for (const [name, count] of Object.entries(counts)) part(`${name}-tokens`).textContent = count ?? "-";
    }

    function showHeaders(headers) {
        const attempts = [];
        for (const [name, value] of headers) {
            const row = part("headers").insertRow();
            row.insertCell().textContent = name;
            row.insertCell().textContent = value;
            const number = /^x-gateway-attempt-(\d+)$/.exec(name)?.[1];
            if (number) attempts.push([Number(number), value]);
        }
        attempts.sort(([one], [other]) => one - other);
        part("attempts").replaceChildren(...(attempts.length ? attempts.map(attempt) : [element("span", "gw-faint", part("attempts").dataset.none)]));
        const id = headers.get("x-request-id");
        if (!id) return;
        part("call").hidden = false;
        part("call").href = form.dataset.call.replace("CALL", id);
    }

    function attempt([number, words]) {
        const good = /; answering;/.test(words);
        return element("div", `gw-attempt ${good ? "gw-good" : "gw-bad"}`, `${number}: ${inReadersLanguage(words)}`);
    }

    /* The header is in English, as all of the API is; the page shows it in the reader's language. */
    function inReadersLanguage(words) {
        const parts = /^account (?<account>\S+); model (?<model>.*); (?<host>[^;]*); (?<outcome>[^;]*); chosen for (?<why>.*); waited (?<waited>[\d.]+) s$/.exec(words);
        if (!parts) return words;
        const known = JSON.parse(part("attempt-words").textContent);
        const translated = (text) => known[text] ?? known[text.replace(/\d+/, "#")]?.replace("#", /\d+/.exec(text)) ?? text;
        return part("attempts").dataset.attempt.replace(/\{(\w+)\}/g, (_, name) => translated(parts.groups[name]));
    }

    function add(text, style) {
        const answer = part("answer");
        const last = answer.lastElementChild;
        if (last && last.tagName === "SPAN" && last.className === style) last.append(text);
        else answer.append(element("span", style, text));
        answer.scrollTop = answer.scrollHeight;
    }

    function picture(inline) {
        const image = document.createElement("img");
        image.src = `data:${inline.mimeType};base64,${inline.data}`;
        image.alt = inline.mimeType;
        part("answer").append(image);
    }

    function element(tag, style, text) {
        const made = document.createElement(tag);
        made.className = style;
        made.textContent = text;
        return made;
    }

    function clear() {
        for (const id of ["first", "duration", "events", "finish", "prompt-tokens", "thoughts-tokens", "answer-tokens", "total-tokens"]) part(id).textContent = "-";
        for (const id of ["answer", "raw", "headers", "attempts"]) part(id).replaceChildren();
        part("call").hidden = true;
        say(part("status").dataset.waiting);
        busy(true);
    }

    function busy(yes) {
        part("send").disabled = yes;
        part("stop").hidden = !yes;
    }

    function say(words, isError = false) {
        part("status").textContent = words;
        part("status").classList.toggle("gw-error", isError);
    }

    function seconds(began) {
        return `${((performance.now() - began) / 1000).toFixed(2)} s`;
    }
});
