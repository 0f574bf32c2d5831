"use strict";

const language = document.documentElement.lang;
const number = new Intl.NumberFormat(language);
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const kinds = ["prompt", "cached", "candidates", "thoughts", "tool", "total"];

const byId = (id) => document.getElementById(id);
const when = (stamp) => (stamp ? moment.format(new Date(stamp)) : "–");
const counts = (use) => [use.requests, use.refused, ...kinds.map((kind) => use.tokens[kind])];

byId("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("trouble").hidden = true;
  byId("report").hidden = true;
  try {
    const reply = await fetch(location.pathname, {
      headers: { Accept: "application/json", "x-goog-api-key": byId("key").value.trim() },
      cache: "no-store",
    });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(answer.error.message);
    show(answer);
  } catch (error) {
    byId("trouble").textContent = error.message;
    byId("trouble").hidden = false;
  }
});

function show(usage) {
  byId("name").textContent = usage.key.name;
  byId("owner").textContent = usage.key.owner;
  tell("expires", "{when}", usage.key.expiresAt && when(usage.key.expiresAt));
  tell("models", "{models}", usage.key.allowedModels.join(", "));
  tell("agents", "{agents}", usage.key.allowedAgents.join(", "));
  for (const limit of usage.limits) showLimit(limit);
  for (const span of ["today", "month"]) showSpan(byId(span), usage[span]);
  byId("report").hidden = false;
}

function tell(id, place, value) {
  const line = byId(id);
  line.textContent = value ? line.dataset.words.replace(place, value) : "";
}

function showLimit(limit) {
  const row = document.querySelector(`[data-limit="${limit.limit}"]`);
  const limited = limit.quotaValue !== null;
  const cell = (name) => row.querySelector(`.${name}`);
  cell("used").textContent = number.format(limit.used);
  cell("allowed").textContent = limited ? number.format(limit.quotaValue) : byId("limits").dataset.unlimited;
  cell("left").textContent = limited ? number.format(limit.remaining) : "–";
  cell("resets").textContent = limit.used ? when(limit.resetsAt) : "–";
  const bar = row.querySelector("progress");
  bar.hidden = !limited;
  bar.max = limited ? limit.quotaValue : 1;
  bar.value = limited ? Math.min(limit.used, limit.quotaValue) : 0;
}

function showSpan(section, span) {
  section.querySelector("tbody").replaceChildren(...span.models.map(modelRow));
  const cells = section.querySelectorAll("tfoot td");
  counts(span).forEach((count, place) => {
    cells[place].textContent = number.format(count);
  });
}

function modelRow(use) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = use.model || "–"; // calls that name none
  row.append(name);
  for (const count of counts(use)) row.insertCell().textContent = number.format(count);
  return row;
}
