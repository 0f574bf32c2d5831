/* Keeps what a page shows up to date: parts of it come as JSON from `data-live`, every `data-every` seconds while
   somebody looks; times in `data-until` count down. Without it the page is the same, only as old as its loading. */
"use strict";

(() => {
    const language = document.documentElement.lang || "en";
    const unit = (name) => new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "narrow" });
    const units = { day: unit("day"), hour: unit("hour"), minute: unit("minute"), second: unit("second") };

    /** What people say: the two largest units, and seconds only below an hour. */
    function spoken(seconds) {
        const left = Math.max(0, Math.round(seconds));
        const parts = [["day", Math.floor(left / 86400)], ["hour", Math.floor(left / 3600) % 24],
            ["minute", Math.floor(left / 60) % 60], ["second", left % 60]];
        const first = Math.max(0, parts.findIndex(([, number]) => number > 0));
        const told = left ? parts.slice(first, first + 2).filter(([name, number], place) => number || !place) : [["second", 0]];
        return told.map(([name, number]) => units[name].format(number)).join(" ");
    }

    function countDown() {
        for (const place of document.querySelectorAll("[data-until]")) {
            const left = (new Date(place.dataset.until) - Date.now()) / 1000;
            const words = spoken(left);
            if (place.textContent !== words) place.textContent = words;
        }
    }

    /** A part that holds the keyboard is left alone until it does not: nothing is taken from under somebody's hands. */
    function renew(root, html) {
        for (const [name, text] of Object.entries(html)) {
            for (const place of root.querySelectorAll(`[data-part="${CSS.escape(name)}"]`)) {
                if (place.dataset.shown !== text && !place.contains(document.activeElement)) {
                    place.innerHTML = text;
                    place.dataset.shown = text;
                }
            }
        }
        countDown();
    }

    async function look(root) {
        const state = root.querySelector("[data-live-state]");
        try {
            const answer = await fetch(root.dataset.live, { headers: { Accept: "application/json" }, redirect: "error" });
            if (!answer.ok) throw new Error(`status ${answer.status}`);
            const news = await answer.json();
            renew(root.dataset.scope === "page" ? document : root, news.html);
            root.dispatchEvent(new CustomEvent("live", { detail: news }));
            if (state) state.hidden = true;
        } catch (error) {
            if (state) state.hidden = false;
        }
    }

    document.addEventListener("DOMContentLoaded", () => {
        countDown();
        setInterval(countDown, 1000);
        for (const root of document.querySelectorAll("[data-live]")) {
            let looking = false;
            const again = async () => {
                if (looking || document.hidden) return;
                looking = true;
                await look(root);
                looking = false;
            };
            setInterval(again, 1000 * (Number(root.dataset.every) || 5));
            document.addEventListener("visibilitychange", again);
        }
    });
})();
