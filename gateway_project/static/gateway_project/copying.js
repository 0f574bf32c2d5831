/* Buttons that copy the text of the element their data-copy names. */
"use strict";

document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    if (!(await copied(source))) return;
    const label = button.textContent;
    button.textContent = button.dataset.done;
    button.disabled = true;
    setTimeout(() => { button.textContent = label; button.disabled = false; }, 1500);
});

async function copied(source) {
    try {
        await navigator.clipboard.writeText(source.textContent);
        return true;
    } catch {
        // Over plain http, except on the gateway's own machine, browsers have no clipboard for pages: select it at least.
        const range = document.createRange();
        range.selectNodeContents(source);
        const selection = getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
        return document.execCommand("copy");
    }
}
