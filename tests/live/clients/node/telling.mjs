// What the JavaScript clients share that make resources, as ../python/keeping.py says: the plan, and telling of it.

import { createInterface } from "node:readline/promises";

export const QUESTION = "How long does the warranty last?";
export const CAPITAL = "What is the capital of France?";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
export const next = async () => (await lines.next()).value;
export const tell = (outcome) => console.log(JSON.stringify(outcome));
export const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
/** The status that a promise is refused with. */
export const refusal = (promise) =>
  promise.then(
    () => null,
    (error) => error.status,
  );

export const plan = JSON.parse(await next());
