// Vercel's AI SDK, by its provider for whatever speaks as OpenAI does.

import assert from "node:assert/strict";
import test from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { CLAUDE, NOVA, PIXEL, PIXEL_SEEN, THINKS, THOUGHT, fault, key, url } from "./gateway.js";

const gateway = createOpenAICompatible({
  name: "gateway",
  baseURL: url,
  apiKey: key,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const ONCE = { maxRetries: 0 };
const MODELS = [CLAUDE, NOVA];

for (const model of MODELS) {
  test(`${model}: generateText`, async () => {
    const answer = await generateText({
      ...ONCE,
      model: gateway(model),
      system: "Be brief.",
      prompt: "hello",
      temperature: 0.5,
      maxOutputTokens: 50,
    });
    assert.deepEqual([answer.text, answer.finishReason, answer.warnings], ["You said: hello", "stop", []]);
    assert.equal(answer.usage.totalTokens, answer.usage.inputTokens + answer.usage.outputTokens);
    assert.equal(answer.response.modelId, model);
  });

  test(`${model}: streamText`, async () => {
    const answer = streamText({ ...ONCE, model: gateway(model), prompt: "hello there" });
    let text = "";
    for await (const piece of answer.textStream) text += piece;
    assert.equal(text, "You said: hello there");
    assert.equal(await answer.finishReason, "stop");
    const usage = await answer.usage;
    assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
  });

  for (const run of [generateText, streamText]) {
    test(`${model}: ${run.name} goes on until no tool is called`, async () => {
      const called = [];
      const told = (input) => {
        called.push(input);
        return { found: Object.values(input)[0] };
      };
      const tools = {
        get_weather: tool({ description: "The weather.", inputSchema: z.object({ city: z.string() }), execute: told }),
        get_time: tool({ description: "The time.", inputSchema: z.object({ zone: z.string() }), execute: told }),
      };
      const prompt = "get_weather city=Rome and get_time zone=CET";
      const answer = run({ ...ONCE, model: gateway(model), tools, prompt, stopWhen: stepCountIs(4) });
      const { text, steps } = run === streamText ? { text: await answer.text, steps: await answer.steps } : await answer;
      assert.deepEqual(called, [{ city: "Rome" }, { zone: "CET" }]);
      assert.deepEqual(
        steps.map((step) => [step.finishReason, step.toolCalls.length]),
        [
          ["tool-calls", 2],
          ["stop", 0],
        ],
      );
      assert.equal(text, 'The tool said: {"found":"Rome"}; {"found":"CET"}');
    });
  }
}

const Order = z.object({ item: z.string(), count: z.number().int() });
const QUESTION = "item=apples count=7";
const ORDER = { item: "apples", count: 7 };

for (const model of MODELS) {
  test(`${model}: an object by its schema`, async () => {
    const answer = await generateObject({ ...ONCE, model: gateway(model), schema: Order, prompt: QUESTION });
    assert.deepEqual([answer.object, answer.finishReason, answer.warnings ?? []], [ORDER, "stop", []]);
  });

  test(`${model}: an object by its schema, streamed`, async () => {
    const answer = streamObject({ ...ONCE, model: gateway(model), schema: Order, prompt: QUESTION });
    const partial = [];
    for await (const object of answer.partialObjectStream) partial.push(object);
    assert.deepEqual(partial.at(-1), ORDER);
    assert.deepEqual(await answer.object, ORDER);
  });
}

const Bounded = z.object({ item: z.string().min(1).max(20), count: z.number().int().min(1).max(9), tags: z.array(z.string()).min(1).max(3) });

for (const model of MODELS) {
  test(`${model}: an object whose fields have bounds`, async () => {
    const answer = await generateObject({ ...ONCE, model: gateway(model), schema: Bounded, prompt: QUESTION });
    assert.deepEqual(answer.object, { ...ORDER, tags: ["tags"] });
  });
}

test("an object as the output of a text", async () => {
  const answer = await generateText({
    ...ONCE,
    model: gateway(CLAUDE),
    output: Output.object({ schema: Order }),
    prompt: QUESTION,
  });
  assert.deepEqual(answer.output, ORDER);
});

test("a picture", async () => {
  const content = [
    { type: "text", text: "look" },
    { type: "image", image: Buffer.from(PIXEL, "base64") },
  ];
  const answer = await generateText({ ...ONCE, model: gateway(CLAUDE), messages: [{ role: "user", content }] });
  assert.equal(answer.text, `You said: look ${PIXEL_SEEN}`);
});

const THINKING = { ...ONCE, model: gateway(THINKS), prompt: "hello", providerOptions: { gateway: { reasoningEffort: "low" } } };

test("reasoning is beside the text", async () => {
  const answer = await generateText(THINKING);
  assert.deepEqual([answer.reasoningText, answer.text], [THOUGHT, "You said: hello"]);
});

test("reasoning is streamed before the text", async () => {
  const kinds = [];
  let reasoning = "";
  for await (const part of streamText(THINKING).fullStream) {
    if (part.type === "reasoning-delta") reasoning += part.text;
    if (kinds.at(-1) !== part.type) kinds.push(part.type);
  }
  assert.equal(reasoning, THOUGHT);
  assert.ok(kinds.indexOf("reasoning-delta") < kinds.indexOf("text-delta"), String(kinds));
});

test("a conversation goes on after reasoning", async () => {
  const first = await generateText(THINKING);
  const messages = [{ role: "user", content: "hello" }, ...first.response.messages, { role: "user", content: "again" }];
  const { prompt, ...thinking } = THINKING;
  const second = await generateText({ ...thinking, messages });
  assert.equal(second.text, "You said: again");
});

for (const run of [generateText, streamText]) {
  test(`${run.name} thinks at every step of a loop, though it sends no signature back`, async () => {
    const cities = ["Rome", "Oslo", "Bern", "Riga"];
    const told = ({ city }) => {
      const next = cities[cities.indexOf(city) + 1];
      return next ? `sunny; next: get_weather city=${next}` : "sunny";
    };
    const tools = { get_weather: tool({ description: "The weather.", inputSchema: z.object({ city: z.string() }), execute: told }) };
    const answer = run({ ...THINKING, prompt: "get_weather city=Rome", tools, stopWhen: stepCountIs(9) });
    const steps = run === streamText ? await answer.steps : (await answer).steps;
    assert.deepEqual(
      steps.map((step) => [step.toolCalls[0]?.input.city, /I answer from what they said/.test(step.reasoningText)]),
      [...cities.map((city) => [city, true]), [undefined, true]],
    );
  });
}

test("an error has its status and message", async () => {
  const asked = generateText({ ...ONCE, model: gateway("no-such"), prompt: "hello" });
  await assert.rejects(asked, (error) => APICallError.isInstance(error) && error.statusCode === 404 && /no-such/.test(error.message));
});

test("too many requests are tried again", async () => {
  const headers = fault(`throttle=1;retry-after=0;key=${crypto.randomUUID()}`).headers;
  const answer = await generateText({ maxRetries: 1, model: gateway(CLAUDE), prompt: "hello", headers });
  assert.equal(answer.text, "You said: hello");
});

for (const directives of ["exception=4:throttlingException", "cut=4"]) {
  test(`a stream that breaks off (${directives}) is an error and no end`, async () => {
    const { headers } = fault(directives);
    const answer = streamText({ ...ONCE, model: gateway(CLAUDE), prompt: "hello", headers, onError: () => {} });
    const parts = [];
    for await (const part of answer.fullStream) parts.push(part);
    assert.ok(parts.some((part) => part.type === "error"));
    assert.ok(parts.some((part) => part.type === "text-delta"));
    const end = parts.find((part) => part.type === "finish");
    assert.ok(end === undefined || end.finishReason === "error", JSON.stringify(end));
  });
}
