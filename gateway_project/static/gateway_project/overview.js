/* Draws the overview's charts with the Chart.js that the console's theme brings along. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("overview");
    const told = document.getElementById("overview-pictures");
    if (!root || !told || !window.Chart) return;

    const language = document.documentElement.lang || "en";
    const style = () => getComputedStyle(root);
    const colour = (name) => style().getPropertyValue(name).trim();
    const parts = ["--ov-good", "--ov-teal", "--ov-violet", "--ov-amber", "--ov-pale", "#ec4899"];
    const tones = {
        good: "--ov-good", pale: "--ov-pale", teal: "--ov-teal", violet: "--ov-violet", amber: "--ov-amber",
        bad: "--ov-bad", faint: "--ov-grey",
    };
    const number = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
    const whole = new Intl.NumberFormat(language);
    const charts = {};

    function painted(tone) {
        const name = tone.startsWith("part-") ? parts[Number(tone.slice(5)) % parts.length] : tones[tone];
        return name.startsWith("--") ? colour(name) : name;
    }

    function time(ms) {
        if (ms >= 1000) return `${whole.format(Math.round(ms / 100) / 10)} s`;
        return `${whole.format(ms >= 10 ? Math.round(ms) : Math.round(ms * 100) / 100)} ms`;
    }

    /** Days are counted in UTC, everything shorter is told by the clock on the wall. */
    function moment(start, minutes, full) {
        const day = { month: "short", day: "numeric" };
        const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
        if (minutes >= 1440) return start.toLocaleDateString(language, { ...day, timeZone: "UTC" });
        if (full || minutes >= 360) return start.toLocaleString(language, { ...day, ...clock });
        return start.toLocaleTimeString(language, clock);
    }

    function options(kind, stacked) {
        const line = colour("--ov-line"), faint = colour("--ov-faint");
        const isTime = kind === "time";
        return {
            animation: false,
            maintainAspectRatio: false,
            interaction: { mode: "index", intersect: false },
            plugins: {
                legend: { position: "bottom", align: "start", labels: { boxWidth: 8, boxHeight: 8, usePointStyle: true, pointStyle: "circle", color: faint, padding: 14 } },
                tooltip: {
                    usePointStyle: true, boxWidth: 8, boxHeight: 8, padding: 10,
                    filter: (item) => item.raw !== 0 && item.raw !== null,
                    callbacks: {
                        title: (items) => (items.length ? items[0].chart.full[items[0].dataIndex] : ""),
                        label: (item) => ` ${item.dataset.label}: ${isTime ? time(item.raw) : whole.format(item.raw)}`,
                    },
                },
            },
            scales: {
                x: { stacked, grid: { display: false }, border: { color: line }, ticks: { color: faint, maxRotation: 0, autoSkipPadding: 16 } },
                y: {
                    stacked, beginAtZero: true, border: { display: false }, grid: { color: line, drawTicks: false },
                    type: isTime ? "logarithmic" : "linear",
                    ticks: {
                        color: faint, padding: 8, maxTicksLimit: 6, precision: isTime ? undefined : 0,
                        callback: (value) => {
                            if (!isTime) return number.format(value);
                            return Number.isInteger(Math.log10(value)) ? time(value) : null;
                        },
                    },
                },
            },
        };
    }

    function draw(pictures) {
        const starts = pictures.slots.map((start) => new Date(start));
        const labels = starts.map((start) => moment(start, pictures.slot_minutes, false));
        const full = starts.map((start) => moment(start, pictures.slot_minutes, true));
        for (const canvas of root.querySelectorAll("canvas[data-chart]")) {
            const series = pictures.charts[canvas.dataset.chart];
            const isTime = canvas.dataset.scale === "time";
            const datasets = series.map(({ label, tone, values }) => ({
                label, data: values, tone,
                backgroundColor: painted(tone), borderColor: painted(tone),
                ...(isTime
                    ? { borderWidth: 2, pointRadius: values.filter((value) => value !== null).length > 1 ? 0 : 3, pointHitRadius: 12, tension: 0.3, spanGaps: true }
                    : { borderRadius: 2, maxBarThickness: 26, categoryPercentage: 0.85, barPercentage: 0.95 }),
            }));
            let chart = charts[canvas.dataset.chart];
            if (!chart) {
                chart = new window.Chart(canvas, { type: isTime ? "line" : "bar", data: {}, options: options(canvas.dataset.scale, !isTime) });
                charts[canvas.dataset.chart] = chart;
            }
            // What somebody has hidden by a click on its name stays hidden.
            const hidden = new Set(chart.data.datasets.filter((_, place) => !chart.isDatasetVisible(place)).map((each) => each.label));
            chart.full = full;
            chart.data = { labels, datasets: datasets.map((each) => ({ ...each, hidden: hidden.has(each.label) })) };
            chart.update();
        }
    }

    function repaint() {
        for (const canvas of root.querySelectorAll("canvas[data-chart]")) {
            const chart = charts[canvas.dataset.chart];
            chart.options = options(canvas.dataset.scale, canvas.dataset.scale !== "time");
            for (const each of chart.data.datasets) each.backgroundColor = each.borderColor = painted(each.tone);
            chart.update();
        }
    }

    window.Chart.defaults.font.family = "Inter, system-ui, sans-serif";
    window.Chart.defaults.font.size = 12;
    draw(JSON.parse(told.textContent));
    root.addEventListener("live", ({ detail }) => { if (detail.pictures) draw(detail.pictures); });
    new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
});
