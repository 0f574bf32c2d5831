// A user of @google/genai.

import { GoogleGenAI, Type } from "@google/genai";

import { FIRST_TURN, INSTRUCTION, plan, PROMPT, RECIPE, SECOND_TURN, walk, WEATHER } from "./walking.mjs";

const { models } = plan;
const newClient = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: plan.url, timeout: 20_000 } });
const client = newClient(plan.key);

const getWeather = {
  name: "get_weather",
  description: "Tells the weather in a city right now.",
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ["city"] },
};
const recipe = {
  type: Type.OBJECT,
  properties: {
    name: { type: Type.STRING },
    servings: { type: Type.INTEGER },
    ingredients: { type: Type.ARRAY, items: { type: Type.STRING } },
  },
  required: ["name", "servings", "ingredients"],
};

async function generate() {
  const config = { systemInstruction: INSTRUCTION, temperature: 0.5 };
  const response = await client.models.generateContent({ model: models.plain, contents: PROMPT, config });
  return { text: response.text, finish: response.candidates[0].finishReason, version: response.modelVersion };
}

async function stream(heard) {
  let finish = null;
  for await (const chunk of await client.models.generateContentStream({ model: models.slow, contents: PROMPT })) {
    heard.piece(chunk.text);
    finish = chunk.candidates?.[0]?.finishReason ?? finish;
  }
  return { finish };
}

async function chat() {
  const conversation = client.chats.create({ model: models.plain });
  const texts = [];
  for (const message of [FIRST_TURN, SECOND_TURN]) {
    texts.push((await conversation.sendMessage({ message })).text);
  }
  return { texts, history: conversation.getHistory(true).length };
}

async function chat_stream() {
  const conversation = client.chats.create({ model: models.plain });
  const texts = [];
  for (const message of [FIRST_TURN, SECOND_TURN]) {
    let text = "";
    for await (const chunk of await conversation.sendMessageStream({ message })) {
      text += chunk.text ?? "";
    }
    texts.push(text);
  }
  return { texts, history: conversation.getHistory(true).length };
}

async function tools() {
  const asked = [];
  const config = { tools: [{ functionDeclarations: [getWeather] }] };
  const contents = [{ role: "user", parts: [{ text: WEATHER }] }];
  const first = await client.models.generateContent({ model: models.signing, contents, config });
  contents.push(first.candidates[0].content, { role: "user", parts: [] });
  for (const { id, name, args } of first.functionCalls) {
    asked.push(args.city);
    const response = { weather: `22 degrees in ${args.city}` };
    contents.at(-1).parts.push({ functionResponse: { id, name, response } });
  }
  const second = await client.models.generateContent({ model: models.signing, contents, config });
  return { asked, text: second.text };
}

async function structured() {
  const config = { responseMimeType: "application/json", responseSchema: recipe };
  const response = await client.models.generateContent({ model: models.plain, contents: RECIPE, config });
  return { recipe: JSON.parse(response.text) };
}

async function image() {
  const picture = { inlineData: { mimeType: "image/png", data: plan.image } };
  const contents = [picture, "What is in this picture?"];
  const response = await client.models.generateContent({ model: models.plain, contents });
  return { text: response.text };
}

async function count() {
  const question = { model: models.plain, contents: PROMPT };
  const counted = await client.models.countTokens(question);
  const response = await client.models.generateContent(question);
  return { total: counted.totalTokens, prompt: response.usageMetadata.promptTokenCount };
}

async function list_models() {
  const pager = await client.models.list({ config: { pageSize: 3 } });
  const first_page = pager.page.length;
  const names = [];
  for await (const model of pager) {
    names.push(model.name);
  }
  return { first_page, names };
}

async function get_model() {
  const model = await client.models.get({ model: models.plain });
  return { name: model.name, input: model.inputTokenLimit, output: model.outputTokenLimit };
}

async function leave(heard) {
  const leaving = new AbortController();
  const config = { abortSignal: leaving.signal };
  const question = { model: models.leave, contents: PROMPT, config };
  for await (const chunk of await client.models.generateContentStream(question)) {
    heard.piece(chunk.text);
    break;
  }
  leaving.abort();
  return {};
}

async function tried({ key, model }) {
  await newClient(key).models.generateContent({ model, contents: PROMPT });
}

async function triedStream({ key, model }, heard) {
  for await (const chunk of await newClient(key).models.generateContentStream({ model, contents: PROMPT })) {
    heard.piece(chunk.text);
  }
}

await walk(
  { generate, stream, chat, chat_stream, tools, structured, image, count, list_models, get_model, leave },
  { tried, triedStream },
);
