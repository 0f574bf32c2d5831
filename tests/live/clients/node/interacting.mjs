// The user of ../python/interacting.py with @google/genai.

import { GoogleGenAI } from "@google/genai";

import { next, plan, tell } from "./telling.mjs";

const [[name, suffix]] = Object.entries(plan.clients);
const client = (baseUrl, apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl, timeout: 60_000 } }).interactions;
const here = client(plan.url, plan.key);
const there = client(plan.other, plan.key);
const passing = client(plan.url, plan.passing);
// It sleeps as long as an answer says, at most 8 s: here it tells how long that is.
const once = { retries: { strategy: "none" } };

/** What a stream has told, and the class of the error that it ended with. */
async function heard(call) {
  const told = { id: "", text: "", events: [], raised: "" };
  try {
    for await (const event of await call) {
      if (event.event_type === "interaction.created") told.id = event.interaction.id;
      if (event.event_type === "step.delta") told.text += event.delta.text ?? "";
      if (event.event_id) told.events.push(event.event_id);
    }
  } catch (error) {
    told.raised = error.constructor.name;
  }
  return told;
}

const refusal = (call) =>
  call.then(
    () => [],
    (error) => [
      error.constructor.name,
      error.status,
      JSON.parse(error.body).error.code,
      Number(error.headers.get("retry-after") ?? 0),
    ],
  );
const streamed = (input, model = "", at = here, more = {}) =>
  heard(at.create({ model: model ? `${model}-${suffix}` : plan.model, input, stream: true, ...more }));
const onFrom = (id) => ({ previous_interaction_id: id });

const first = await streamed("Hello");
const second = await streamed("Again", "", there, onFrom(first.id));
const plain = await here.create({ model: `plain-${suffix}`, input: "Hello" });
const job = await passing.create({ model: plan.model, input: "Hello", background: true });
const resumed = await heard(here.get(first.id, { stream: true, last_event_id: first.events[2] }));
const dropped = await streamed("Hello", "dropped");
const hop = await streamed("Hello", "hop");
const loose = await streamed("Hello", "loose", here, { store: false });
const cuts = [];
for (let number = 0; number < plan.cuts; number += 1) cuts.push(await streamed("Hello", `cut-${number}`));
const foreign = [
  await refusal(here.get(plan.foreign)),
  await refusal(here.create({ model: plan.model, input: "Hello", ...onFrom(plan.foreign) })),
];
const spent = await refusal(here.create({ model: `spent-${suffix}`, input: "Hello", ...onFrom(first.id) }, once));
tell({
  [name]: {
    turns: [first, second],
    resumed,
    dropped,
    hop,
    loose,
    plain: [plain.status, plain.output_text],
    cuts,
    foreign,
    spent,
    job: job.id,
  },
});
await next();

const third = await streamed("And again", "", here, onFrom(second.id));
tell({ [name]: { third, expired: await refusal(passing.get(job.id)) } });
process.exit(0);
