// A user of @google/generative-ai, the SDK before @google/genai. It knows no lists of models.

import { GoogleGenerativeAI, SchemaType } from "@google/generative-ai";

import { FIRST_TURN, INSTRUCTION, plan, PROMPT, RECIPE, SECOND_TURN, walk, WEATHER } from "./walking.mjs";

const { models } = plan;
// No timeout: this SDK never clears its timers, and node would wait for them at the end.
const newModel = (params, key = plan.key) =>
  new GoogleGenerativeAI(key).getGenerativeModel(params, { baseUrl: plan.url });

const getWeather = {
  name: "get_weather",
  description: "Tells the weather in a city right now.",
  parameters: { type: SchemaType.OBJECT, properties: { city: { type: SchemaType.STRING } }, required: ["city"] },
};
const recipe = {
  type: SchemaType.OBJECT,
  properties: {
    name: { type: SchemaType.STRING },
    servings: { type: SchemaType.INTEGER },
    ingredients: { type: SchemaType.ARRAY, items: { type: SchemaType.STRING } },
  },
  required: ["name", "servings", "ingredients"],
};

async function generate() {
  const model = newModel({ model: models.plain, systemInstruction: INSTRUCTION });
  const { response } = await model.generateContent(PROMPT);
  return { text: response.text(), finish: response.candidates[0].finishReason, version: response.modelVersion };
}

async function stream(heard) {
  const result = await newModel({ model: models.slow }).generateContentStream(PROMPT);
  let finish = null;
  for await (const chunk of result.stream) {
    heard.piece(chunk.text());
    finish = chunk.candidates?.[0]?.finishReason ?? finish;
  }
  return { finish };
}

async function chat() {
  const conversation = newModel({ model: models.plain }).startChat();
  const texts = [];
  for (const said of [FIRST_TURN, SECOND_TURN]) {
    texts.push((await conversation.sendMessage(said)).response.text());
  }
  return { texts, history: (await conversation.getHistory()).length };
}

async function chat_stream() {
  const conversation = newModel({ model: models.plain }).startChat();
  const texts = [];
  for (const said of [FIRST_TURN, SECOND_TURN]) {
    const result = await conversation.sendMessageStream(said);
    let text = "";
    for await (const chunk of result.stream) {
      text += chunk.text();
    }
    texts.push(text);
  }
  return { texts, history: (await conversation.getHistory()).length };
}

async function tools() {
  const asked = [];
  const conversation = newModel({ model: models.signing, tools: [{ functionDeclarations: [getWeather] }] }).startChat();
  const first = await conversation.sendMessage(WEATHER);
  const answers = first.response.functionCalls().map(({ name, args }) => {
    asked.push(args.city);
    return { functionResponse: { name, response: { weather: `22 degrees in ${args.city}` } } };
  });
  const second = await conversation.sendMessage(answers);
  return { asked, text: second.response.text() };
}

async function structured() {
  const generationConfig = { responseMimeType: "application/json", responseSchema: recipe };
  const { response } = await newModel({ model: models.plain, generationConfig }).generateContent(RECIPE);
  return { recipe: JSON.parse(response.text()) };
}

async function image() {
  const picture = { inlineData: { mimeType: "image/png", data: plan.image } };
  const { response } = await newModel({ model: models.plain }).generateContent([picture, "What is in this picture?"]);
  return { text: response.text() };
}

async function count() {
  const model = newModel({ model: models.plain });
  const { totalTokens } = await model.countTokens(PROMPT);
  const { response } = await model.generateContent(PROMPT);
  return { total: totalTokens, prompt: response.usageMetadata.promptTokenCount };
}

async function leave(heard) {
  const leaving = new AbortController();
  const { signal } = leaving;
  const result = await newModel({ model: models.leave }).generateContentStream(PROMPT, { signal });
  result.response.catch(() => {}); // that it was aborted
  for await (const chunk of result.stream) {
    heard.piece(chunk.text());
    break;
  }
  leaving.abort();
  return {};
}

async function tried({ key, model }) {
  await newModel({ model }, key).generateContent(PROMPT);
}

async function triedStream({ key, model }, heard) {
  const result = await newModel({ model }, key).generateContentStream(PROMPT);
  result.response.catch(() => {}); // the same failure again, on the promise of the whole answer
  for await (const chunk of result.stream) {
    heard.piece(chunk.text());
  }
}

await walk({ generate, stream, chat, chat_stream, tools, structured, image, count, leave }, { tried, triedStream });
