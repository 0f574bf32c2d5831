// The same user with LangChain for JavaScript, which makes neither files nor caches: it names those that it is given.

import { ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings } from "@langchain/google-genai";

import { CAPITAL, next, plan, QUESTION, tell } from "./telling.mjs";

const options = { apiKey: plan.key, baseUrl: plan.url, maxRetries: 0 };
const chat = () => new ChatGoogleGenerativeAI({ ...options, model: plan.model });
const file = (fileUri) => ({ type: "media", mimeType: "text/plain", fileUri });

const content = [...plan.given.files.map((made) => file(made.uri)), { type: "text", text: QUESTION }];
const both = await chat().invoke([{ role: "user", content }]);
const embedded = await new GoogleGenerativeAIEmbeddings({ ...options, model: plan.embedding }).embedDocuments([
  QUESTION,
  CAPITAL,
]);
tell({ names: [], both: both.text, vectors: embedded.map((values) => values.length) });
await next();

const using = chat();
using.useCachedContent({ name: plan.given.cache, model: `models/${plan.model}`, contents: [] });
const cached = await using.invoke(CAPITAL);
tell({ cached: cached.usage_metadata.input_token_details.cache_read });
await next();
tell({});
process.exit(0);
