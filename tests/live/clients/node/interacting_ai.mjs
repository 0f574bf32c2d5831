// The same user with the AI SDK, which listens to jobs: it connects again where their stream breaks off.

import { createGoogle } from "@ai-sdk/google";
import { generateText, streamText } from "ai";

import { next, plan, tell } from "./telling.mjs";

const [[name, suffix]] = Object.entries(plan.clients);
const provider = (url) => createGoogle({ apiKey: plan.key, baseURL: `${url}/v1beta` });
const [here, there] = [provider(plan.url), provider(plan.other)];
const named = (model) => (model ? `${model}-${suffix}` : plan.model);

/** What a stream has told, and the class of the error that it ended with. */
async function streamed(prompt, { model = "", at = here, ...google } = {}) {
  const told = { id: "", text: "", raised: "" };
  const options = { prompt, maxRetries: 0, onError() {}, providerOptions: { google } };
  try {
    for await (const part of streamText({ model: at.interactions(named(model)), ...options }).fullStream) {
      if (part.type === "text-delta") told.text += part.text;
      if (part.type === "error") told.raised = part.error.name;
      told.id = part.providerMetadata?.google?.interactionId ?? told.id;
    }
  } catch (error) {
    told.raised = error.name;
  }
  return told;
}

const refusal = (model, previousInteractionId) =>
  generateText({
    model: here.interactions(named(model)),
    prompt: "Hello",
    maxRetries: 0,
    providerOptions: { google: { previousInteractionId } },
  }).then(
    () => [],
    (error) => [
      error.name,
      error.statusCode,
      JSON.parse(error.responseBody).error.code,
      Number(error.responseHeaders["retry-after"] ?? 0),
    ],
  );

const first = await streamed("Hello");
const second = await streamed("Again", { at: there, previousInteractionId: first.id });
const cuts = [];
for (let number = 0; number < plan.cuts; number += 1) cuts.push(await streamed("Hello", { model: `cut-${number}` }));
const jobs = [];
for (let number = 0; number < plan.cuts; number += 1) {
  jobs.push(await streamed("Hello", { model: "said", background: true }));
}
const foreign = [await refusal("", plan.foreign)];
const spent = await refusal("spent", first.id);
tell({ [name]: { turns: [first, second], cuts, jobs, foreign, spent } });
await next();

tell({ [name]: { third: await streamed("And again", { previousInteractionId: second.id }) } });
process.exit(0);
