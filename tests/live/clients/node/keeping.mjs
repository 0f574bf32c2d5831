// The user of ../python/keeping.py with @google/genai.

import { readFileSync } from "node:fs";

import { GoogleGenAI } from "@google/genai";

import { CAPITAL, next, pause, plan, QUESTION, refusal, tell } from "./telling.mjs";

const client = new GoogleGenAI({ apiKey: plan.key, httpOptions: { baseUrl: plan.url, timeout: 60_000 } });
const { model } = plan;
const ask = (contents, config) => client.models.generateContent({ model, contents, config });
const upload = (file, name, mimeType = "text/plain") => client.files.upload({ file, config: { mimeType, name } });
const named = (file) => ({ fileData: { mimeType: file.mimeType, fileUri: file.uri } });

const [first, second] = [await upload(plan.files[0]), await upload(plan.files[1])];
const large = await upload(plan.large, undefined, "application/octet-stream");
const chosen = await upload(plan.files[0], plan.chosen);
const both = await ask([named(first), named(second), QUESTION]);
const embedded = await client.models.embedContent({ model: plan.embedding, contents: [QUESTION, CAPITAL] });
const cache = await client.caches.create({ model, config: { contents: plan.manual, ttl: "600s" } });
const requests = await upload(plan.requests, undefined, "application/jsonl");
let batch = await client.batches.create({ model, src: requests.name });
const store = await client.fileSearchStores.create({ config: { displayName: "manuals" } });
let operation = await client.fileSearchStores.importFile({ fileSearchStoreName: store.name, fileName: first.name });
tell({
  names: [first, second, large, cache, batch, store].map((made) => made.name),
  large: [Number(large.sizeBytes), large.sha256Hash, large.uri],
  chosen: chosen.name,
  both: both.text,
  vectors: embedded.embeddings.map((embedding) => embedding.values.length),
});
await next();

const again = await client.files.get({ name: first.name });
const cached = await ask(CAPITAL, { cachedContent: cache.name });
while (!["JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED"].includes(batch.state)) {
  await pause();
  batch = await client.batches.get({ name: batch.name });
}
await client.files.download({ file: batch.dest.fileName, downloadPath: plan.results });
while (!operation.done) {
  await pause();
  operation = await client.operations.get({ operation });
}
const found = await ask(QUESTION, { tools: [{ fileSearch: { fileSearchStoreNames: [store.name] } }] });
const listed = [];
for await (const file of await client.files.list({ config: { pageSize: 20 } })) listed.push(file.name);
tell({
  file: [again.name, again.state],
  cached: cached.usageMetadata.cachedContentTokenCount,
  batch: readFileSync(plan.results, "utf8"),
  store: found.text,
  listed: listed.sort(),
});
await next();

await client.files.delete({ name: second.name });
tell({ deleted: await refusal(client.files.get({ name: second.name })) });
process.exit(0);
