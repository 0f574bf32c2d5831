/* A form marked so is sent as soon as its page is seen; without JavaScript its button does it. */
"use strict";

window.addEventListener("load", () => {
    const form = document.querySelector("form[data-submits-itself]");
    // Not after going back: whoever comes back to the page wants to see it.
    const [visit] = performance.getEntriesByType("navigation");
    if (!form || (visit && visit.type === "back_forward")) return;
    document.querySelectorAll("[data-while-running]").forEach((part) => { part.hidden = false; });
    form.querySelectorAll("button").forEach((button) => { button.hidden = true; });
    // A page that is left before it is painted is not painted any more, however long the next one takes.
    requestAnimationFrame(() => setTimeout(() => form.submit()));
});
