// The user of ../python/keeping.py with @google/genai.

import { createInterface } from "node:readline/promises";

import { GoogleGenAI } from "@google/genai";

const QUESTION = "How long does the warranty last?";
const CAPITAL = "What is the capital of France?";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;
const tell = (outcome) => console.log(JSON.stringify(outcome));
const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

const plan = JSON.parse(await next());
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
const src = [{ contents: [{ role: "user", parts: [{ text: CAPITAL }] }] }];
let batch = await client.batches.create({ model, src });
const store = await client.fileSearchStores.create({ config: { displayName: "manuals" } });
let operation = await client.fileSearchStores.importFile({ fileSearchStoreName: store.name, fileName: first.name });
tell({
  names: [first, second, large, cache, batch, store].map((made) => made.name),
  large: Number(large.sizeBytes),
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
while (!operation.done) {
  await pause();
  operation = await client.operations.get({ operation });
}
const found = await ask(QUESTION, { tools: [{ fileSearch: { fileSearchStoreNames: [store.name] } }] });
const listed = [];
for await (const file of await client.files.list({ config: { pageSize: 2 } })) listed.push(file.name);
tell({
  file: [again.name, again.state],
  cached: cached.usageMetadata.cachedContentTokenCount,
  batch: batch.dest.inlinedResponses[0].response.candidates[0].content.parts[0].text,
  store: found.text,
  listed: listed.sort(),
});
await next();

await client.files.delete({ name: second.name });
const deleted = await client.files.get({ name: second.name }).then(
  () => null,
  (error) => error.status,
);
tell({ deleted });
process.exit(0);
