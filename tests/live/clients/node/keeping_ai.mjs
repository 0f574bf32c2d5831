// The same user with the AI SDK, which has no functions for caches and stores: it names those that it is given.

import { readFileSync } from "node:fs";

import { createGoogle } from "@ai-sdk/google";
import {
  embedMany,
  experimental_generateVideo as generateVideo,
  experimental_getBatchResults as getBatchResults,
  experimental_getBatchStatus as getBatchStatus,
  experimental_startBatch as startBatch,
  generateText,
  uploadFile,
} from "ai";

import { CAPITAL, next, pause, plan, QUESTION, tell } from "./telling.mjs";

const google = createGoogle({ apiKey: plan.key, baseURL: `${plan.url}/v1beta` });
const model = google(plan.model);
const ask = (prompt, more) => generateText({ model, prompt, maxRetries: 0, ...more });
const upload = (path, mediaType = "text/plain") =>
  uploadFile({ api: google.files(), data: readFileSync(path), mediaType });
const part = ({ providerReference: data, mediaType }) => ({ type: "file", data, mediaType });

const [first, second] = [await upload(plan.files[0]), await upload(plan.files[1])];
const large = await upload(plan.large, "application/octet-stream");
const content = [part(first), part(second), { type: "text", text: QUESTION }];
const both = await ask([{ role: "user", content }]);
const { embeddings } = await embedMany({ model: google.embedding(plan.embedding), values: [QUESTION, CAPITAL] });
const requests = [{ id: "one", type: "text", model: plan.model, prompt: CAPITAL }];
const batch = await startBatch({ provider: google, requests });
const made = [first, second, large].map(({ providerMetadata }) => providerMetadata.google);
tell({
  names: made.map((file) => file.name),
  large: [Number(made[2].sizeBytes), made[2].sha256Hash, made[2].uri],
  both: both.text,
  vectors: embeddings.map((values) => values.length),
});
await next();

const cached = await ask(CAPITAL, { providerOptions: { google: { cachedContent: plan.given.cache } } });
while ((await getBatchStatus({ provider: google, batch })).status === "pending") await pause();
const results = [];
for await (const result of getBatchResults({ provider: google, batch })) results.push(result);
const tools = { file_search: google.tools.fileSearch({ fileSearchStoreNames: [plan.given.store] }) };
const found = await ask(QUESTION, { tools });
const { video } = await generateVideo({
  model: google.video(plan.video),
  prompt: "A kettle",
  providerOptions: { google: { pollIntervalMs: 100 } },
  // Its own function refuses addresses of private networks.
  download: async ({ url }) => ({ data: new Uint8Array(await (await fetch(url)).arrayBuffer()), mediaType: "video/mp4" }),
});
tell({
  cached: cached.usage.inputTokenDetails.cacheReadTokens,
  batch: JSON.stringify(results),
  store: found.text,
  video: video.uint8Array.length,
});
await next();
tell({});
process.exit(0);
