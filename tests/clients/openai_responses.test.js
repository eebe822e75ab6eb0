// The official SDK: responses, whole, streamed and parsed.

import assert from "node:assert/strict";
import test from "node:test";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { BY_TOOL, CLAUDE, NOVA, PIXEL, PIXEL_SEEN, THINKS, THOUGHT, openai } from "./gateway.js";

const client = openai();
const WEATHER = {
  type: "function",
  name: "get_weather",
  description: "The weather of a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
};

for (const model of [CLAUDE, NOVA]) {
  test(`${model}: a text is answered`, async () => {
    const answer = await client.responses.create({ model, input: "hello", instructions: "Be brief." });
    assert.deepEqual([answer.output_text, answer.status, answer.model], ["You said: hello", "completed", model]);
  });

  test(`${model}: a streamed response is the same as the whole one`, async () => {
    const stream = client.responses.stream({ model, input: "get_weather city=Rome", tools: [WEATHER] });
    let [text, args] = ["", ""];
    stream.on("response.output_text.delta", (event) => (text += event.delta));
    stream.on("response.function_call_arguments.delta", (event) => (args += event.delta));
    const final = await stream.finalResponse();
    const whole = await client.responses.create({ model, input: "get_weather city=Rome", tools: [WEATHER] });
    assert.equal(text, final.output_text);
    assert.equal(text, whole.output_text);
    const calls = (response) => response.output.filter((item) => item.type === "function_call");
    assert.deepEqual(calls(final).map((call) => [call.name, call.arguments]), [["get_weather", args]]);
    assert.deepEqual(calls(whole).map((call) => [call.name, JSON.parse(call.arguments)]), [["get_weather", JSON.parse(args)]]);
  });

  test(`${model}: a loop of tools ends`, async () => {
    const input = [{ role: "user", content: "get_weather city=Rome" }];
    const first = await client.responses.create({ model, input, tools: [WEATHER], store: false });
    const call = first.output.find((item) => item.type === "function_call");
    input.push(...first.output, { type: "function_call_output", call_id: call.call_id, output: "Sunny." });
    const second = await client.responses.create({ model, input, tools: [WEATHER], store: false });
    assert.equal(second.output_text, "The tool said: Sunny.");
  });
}

for (const model of [CLAUDE, NOVA, BY_TOOL]) {
  test(`${model}: an answer is parsed by its schema`, async () => {
    const Order = z.object({ item: z.string(), count: z.number() });
    const format = zodTextFormat(Order, "order");
    const answer = await client.responses.parse({ model, input: "item=apples count=7", text: { format } });
    assert.deepEqual(answer.output_parsed, { item: "apples", count: 7 });
  });
}

test("what the model thinks is told as a summary, and goes back", async () => {
  const reasoning = { effort: "low", summary: "auto" };
  const input = [{ role: "user", content: "get_weather city=Rome" }];
  const first = await client.responses.create({ model: THINKS, input, reasoning, tools: [WEATHER] });
  const [thought] = first.output;
  assert.match(thought.summary[0].text, /^The user said/);
  assert.ok(thought.encrypted_content);
  const call = first.output.find((item) => item.type === "function_call");
  input.push(...first.output, { type: "function_call_output", call_id: call.call_id, output: "Sunny." });
  const answer = client.responses.create({ model: THINKS, input, reasoning, tools: [WEATHER] });
  const { data, response } = await answer.withResponse();
  assert.equal(data.output_text, "The tool said: Sunny.");
  // Claude 3.7 has no strict tools.
  assert.equal(response.headers.get("x-ignored-parameters"), "tools[].strict");
});

test("a thought is streamed before the text", async () => {
  const kinds = [];
  let thought = "";
  for await (const event of await client.responses.create({
    model: THINKS,
    input: "hello",
    reasoning: { effort: "low", summary: "auto" },
    stream: true,
  })) {
    kinds.push(event.type);
    if (event.type === "response.reasoning_summary_text.delta") thought += event.delta;
  }
  assert.equal(thought, THOUGHT);
  assert.ok(kinds.indexOf("response.reasoning_summary_text.done") < kinds.indexOf("response.output_text.delta"));
});

test("a picture is seen", async () => {
  const content = [
    { type: "input_text", text: "look" },
    { type: "input_image", image_url: `data:image/png;base64,${PIXEL}`, detail: "auto" },
  ];
  const answer = await client.responses.create({ model: CLAUDE, input: [{ role: "user", content }] });
  assert.equal(answer.output_text, `You said: look ${PIXEL_SEEN}`);
});

test("a refusal of what needs something kept names it", async () => {
  const asked = client.responses.create({ model: CLAUDE, input: "hello", previous_response_id: "resp_1" });
  await assert.rejects(asked, (error) => error.status === 400 && error.param === "previous_response_id");
});
