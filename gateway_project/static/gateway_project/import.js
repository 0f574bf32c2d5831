/* Takes accounts in bit by bit, so that the bar tells the truth. Without it the form does the same in one go. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("import-form");
    const part = (name) => document.querySelector(`[data-import="${name}"]`);
    const counts = {};
    let sources = [];
    let done = 0;
    let total = 0;
    let ask = 1;
    let running = false;

    // The console's own script looks for a text field beside every file field, and stumbles where there is none.
    form.addEventListener("change", (event) => { if (event.target.type === "file") event.stopPropagation(); }, true);
    window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });

    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (running) return;
        sources = await chosen();
        done = total = 0;
        ask = 1;
        part("rows").replaceChildren();
        Object.keys(counts).forEach((result) => { counts[result] = 0; });
        await takeIn();
    });
    part("go-on").addEventListener("click", takeIn);

    async function chosen() {
        const found = [{ name: "", text: form.elements.text.value }];
        for (const file of form.elements.files.files) {
            found.push({ name: file.name, text: await file.text() });
        }
        return found.filter((source) => source.text.trim());
    }

    async function takeIn() {
        running = true;
        show("");
        let trouble = "";
        do {
            trouble = await bit();
            show(trouble);
        } while (!trouble && done < total);
        running = false;
        show(trouble || (total ? "" : form.dataset.nothing));
        if (!trouble && total) form.reset();
    }

    /* The next bit; what went wrong, or "". */
    async function bit() {
        const asked = new FormData();
        asked.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
        asked.set("sources", JSON.stringify(sources));
        asked.set("skip", done);
        asked.set("ask", ask);
        try {
            const answer = await fetch(form.dataset.bit, { method: "POST", body: asked, redirect: "error" });
            if (!answer.ok) return `${form.dataset.stopped} (${answer.status})`;
            const told = await answer.json();
            total = told.total;
            ask = told.ask;
            told.lines.forEach(add);
            done += told.lines.length;
            return !told.lines.length && done < total ? form.dataset.stopped : "";
        } catch {
            return form.dataset.stopped;
        }
    }

    function add(line) {
        counts[line.result] = (counts[line.result] || 0) + 1;
        const row = part("rows").insertRow();
        row.insertCell().textContent = line.place;
        row.insertCell().textContent = line.name;
        const said = row.insertCell();
        const result = document.createElement("span");
        result.className = `cn-result cn-result-${line.result}`;
        result.textContent = line.words;
        said.append(result, line.why ? ` ${line.why}` : "");
    }

    function show(trouble) {
        const begun = total > 0;
        part("progress").hidden = !(running || begun);
        part("table").hidden = !begun;
        part("bar").max = Math.max(total, 1);
        if (begun) part("bar").value = done;
        else part("bar").removeAttribute("value");
        part("done").textContent = begun ? `${done} / ${total}` : "";
        document.querySelectorAll("[data-count]").forEach((each) => {
            each.textContent = counts[each.dataset.count] || 0;
        });
        part("trouble").textContent = trouble;
        part("trouble").hidden = !trouble;
        part("go-on").hidden = !(trouble && done < total && !running);
        part("finished").hidden = running || Boolean(trouble) || !begun;
        form.querySelector("button[type=submit]").disabled = running;
        if (running) part("table").scrollTop = part("table").scrollHeight;
    }
});
