// What every JavaScript client has in common: handed a plan, it walks through its steps and tells how each one went.
// Plan and outcomes are those of ../python/walking.py.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

export const INSTRUCTION = "You are a terse assistant.";
export const PROMPT = "Count to 20, please.";
export const FIRST_TURN = "Hello, my name is Zoe.";
export const SECOND_TURN = "What is my name?";
export const WEATHER = "What is the weather in Paris right now?";
export const RECIPE = "Write down a recipe for pancakes.";

export const plan = JSON.parse(readFileSync(0, "utf8"));

/** The pieces of one stream as they came; events without text are no news to a reader. */
class Heard {
  pieces = [];
  at = [];

  piece(text) {
    if (text) {
      this.pieces.push(text);
      this.at.push(performance.now() / 1000);
    }
  }
}

export async function walk(ordinary, { tried, triedStream }) {
  const steps = { ...ordinary };
  for (const [name, trial] of Object.entries(plan.trials)) {
    steps[name] = (heard) => (trial.stream ? triedStream : tried)(trial, heard);
  }
  const told = {};
  for (const [name, step] of Object.entries(steps)) {
    const heard = new Heard();
    let outcome;
    try {
      outcome = { gave: (await step(heard)) ?? null };
    } catch (error) {
      outcome = { raised: described(error) };
    }
    told[name] = { ...outcome, pieces: heard.pieces, at: heard.at };
  }
  console.log(JSON.stringify(told));
}

function described(error) {
  return {
    type: error.constructor.name,
    code: typeof error.status === "number" ? error.status : null,
    status: null,
    message: String(error.message).slice(0, 2000),
    traceback: String(error.stack).slice(0, 4000),
  };
}
