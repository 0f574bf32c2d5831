/* A form marked so is sent as soon as its page is there; without JavaScript its button does it. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-submits-itself]");
    // Not after going back: whoever comes back to the page wants to see it.
    const [visit] = performance.getEntriesByType("navigation");
    if (form && !(visit && visit.type === "back_forward")) {
        document.querySelectorAll("[data-while-running]").forEach((part) => { part.hidden = false; });
        form.querySelectorAll("button").forEach((button) => { button.hidden = true; });
        form.submit();
    }
});
