// Vercel's AI SDK, by its provider for OpenAI, whose default are responses.

import assert from "node:assert/strict";
import test from "node:test";
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { CLAUDE, NOVA, PIXEL, PIXEL_SEEN, THINKS, THOUGHT, fault, key, url } from "./gateway.js";

const gateway = createOpenAI({ baseURL: url, apiKey: key });
const ONCE = { maxRetries: 0, providerOptions: { openai: { store: false } } };

for (const model of [CLAUDE, NOVA]) {
  for (const run of [generateText, streamText]) {
    test(`${model}: ${run.name} answers`, async () => {
      const answer = await run({ ...ONCE, model: gateway(model), system: "Be brief.", prompt: "hello" });
      if (run === streamText) await answer.consumeStream();
      assert.equal(await answer.text, "You said: hello");
      assert.equal(await answer.finishReason, "stop");
      const usage = await answer.usage;
      assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
    });

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
      const answer = await run({ ...ONCE, model: gateway(model), tools, prompt, stopWhen: stepCountIs(4) });
      if (run === streamText) await answer.consumeStream();
      assert.equal(await answer.text, 'The tool said: {"found":"Rome"}; {"found":"CET"}');
      assert.deepEqual(called, [{ city: "Rome" }, { zone: "CET" }]);
    });
  }

  test(`${model}: objects by their schema`, async () => {
    const schema = z.object({ item: z.string(), count: z.number() });
    const asked = { ...ONCE, model: gateway(model), schema, prompt: "item=apples count=7" };
    const expected = { item: "apples", count: 7 };
    assert.deepEqual((await generateObject(asked)).object, expected);
    const streamed = streamObject(asked);
    for await (const _ of streamed.partialObjectStream);
    assert.deepEqual(await streamed.object, expected);
  });
}

test("reasoning is beside the text, and a conversation goes on after it", async () => {
  const options = { openai: { store: false, forceReasoning: true, reasoningEffort: "low", reasoningSummary: "auto", include: ["reasoning.encrypted_content"] } };
  const asked = { maxRetries: 0, model: gateway(THINKS), providerOptions: options };
  const first = await generateText({ ...asked, prompt: "hello" });
  assert.deepEqual([first.reasoningText, first.text], [THOUGHT, "You said: hello"]);
  const messages = [{ role: "user", content: "hello" }, ...first.response.messages, { role: "user", content: "again" }];
  const second = await generateText({ ...asked, messages });
  assert.equal(second.text, "You said: again");
  assert.equal(second.response.headers["x-ignored-parameters"], undefined);
});

test("a picture", async () => {
  const content = [
    { type: "text", text: "look" },
    { type: "image", image: Buffer.from(PIXEL, "base64") },
  ];
  const answer = await generateText({ ...ONCE, model: gateway(CLAUDE), messages: [{ role: "user", content }] });
  assert.equal(answer.text, `You said: look ${PIXEL_SEEN}`);
});

for (const directives of ["exception=4:throttlingException", "cut=4"]) {
  test(`a stream that breaks off (${directives}) is an error and no end`, async () => {
    const { headers } = fault(directives);
    const answer = streamText({ ...ONCE, model: gateway(CLAUDE), prompt: "long:20", headers, onError: () => {} });
    const parts = [];
    for await (const part of answer.fullStream) parts.push(part);
    assert.ok(parts.some((part) => part.type === "text-delta"));
    const end = parts.find((part) => part.type === "finish");
    assert.ok(end === undefined || end.finishReason !== "stop", JSON.stringify(end));
  });
}
