/* Fills the address, the model and the key into the snippets. All of it stays in this page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const fields = [...document.querySelectorAll("[data-given]")];

    // As this browser reaches the gateway, whatever a proxy in between makes of it.
    document.getElementById("given-url").value = location.origin;
    fields.forEach((field) => field.addEventListener("input", fill));
    fill();

    function fill() {
        for (const field of fields) {
            const slot = field.dataset.given;
            let given = field.value.trim() || field.dataset.placeholder || "";
            if (slot === "url") given = given.replace(/\/+$/, "");
            for (const place of document.querySelectorAll(`[data-slot="${slot}"]`)) {
                place.textContent = quoted(given, place.closest("[data-language]").dataset.language);
            }
        }
    }

    /* As it stands inside quotation marks: single ones in a shell, double ones elsewhere. */
    function quoted(text, language) {
        if (language === "sh") return text.replaceAll("'", "'\\''");
        return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    }

    for (const list of document.querySelectorAll("[role=tablist]")) {
        const tabs = tabsOf(list);
        tabs.forEach((tab) => tab.addEventListener("click", () => choose(tab)));
        list.addEventListener("keydown", (event) => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
            if (!step) return;
            const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
            choose(next);
            next.focus();
        });
    }

    function tabsOf(list) {
        return [...list.querySelectorAll("[role=tab]")];
    }

    function choose(chosen) {
        for (const tab of tabsOf(chosen.closest("[role=tablist]"))) {
            const selected = tab === chosen;
            tab.setAttribute("aria-selected", selected);
            tab.tabIndex = selected ? 0 : -1;
            document.getElementById(tab.getAttribute("aria-controls")).hidden = !selected;
        }
        history.replaceState(null, "", `#${chosen.id.slice("tab-".length)}`);
    }

    const asked = document.getElementById(`tab-${location.hash.slice(1)}`);
    if (asked) choose(asked);
});
