// The same user with @google/generative-ai, the SDK before @google/genai: it uploads by the multipart protocol.

import { GoogleGenerativeAI } from "@google/generative-ai";
import { GoogleAICacheManager, GoogleAIFileManager } from "@google/generative-ai/server";

import { CAPITAL, next, plan, QUESTION, refusal, tell } from "./telling.mjs";

const options = { baseUrl: plan.url };
const google = new GoogleGenerativeAI(plan.key);
const files = new GoogleAIFileManager(plan.key, options);
const caches = new GoogleAICacheManager(plan.key, options);
const model = google.getGenerativeModel({ model: plan.model }, options);
const upload = async (path, name, mimeType = "text/plain") => (await files.uploadFile(path, { mimeType, name })).file;
const named = (file) => ({ fileData: { mimeType: file.mimeType, fileUri: file.uri } });
const content = (text) => ({ role: "user", parts: [{ text }] });

const [first, second] = [await upload(plan.files[0]), await upload(plan.files[1])];
const large = await upload(plan.large, undefined, "application/octet-stream");
const chosen = await upload(plan.files[0], plan.chosen);
const both = await model.generateContent([named(first), named(second), QUESTION]);
const embedding = google.getGenerativeModel({ model: plan.embedding }, options);
const one = await embedding.embedContent(QUESTION);
const more = await embedding.batchEmbedContents({ requests: [{ content: content(CAPITAL) }] });
const cache = await caches.create({ model: plan.model, contents: [content(plan.manual)], ttlSeconds: 600 });
tell({
  names: [first, second, large, cache].map((made) => made.name),
  large: [Number(large.sizeBytes), large.sha256Hash, large.uri],
  chosen: chosen.name,
  both: both.response.text(),
  vectors: [one.embedding, ...more.embeddings].map(({ values }) => values.length),
});
await next();

const again = await files.getFile(first.name);
const known = await caches.get(cache.name);
const cached = await google.getGenerativeModelFromCachedContent(known, undefined, options).generateContent(CAPITAL);
const listed = [];
for (let pageToken; ; ) {
  const page = await files.listFiles({ pageSize: 20, pageToken });
  listed.push(...page.files.map((file) => file.name));
  if (!(pageToken = page.nextPageToken)) break;
}
tell({
  file: [again.name, again.state],
  cached: cached.response.usageMetadata.cachedContentTokenCount,
  listed: listed.sort(),
});
await next();

await files.deleteFile(second.name);
tell({ deleted: await refusal(files.getFile(second.name)) });
process.exit(0);
