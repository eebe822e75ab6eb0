// The official SDK: tools, and answers of a given form.

import assert from "node:assert/strict";
import test from "node:test";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { BY_TOOL, CLAUDE, NOVA, openai, said } from "./gateway.js";

const client = openai();

function declared(name, ...properties) {
  const parameters = {
    type: "object",
    properties: Object.fromEntries(properties.map((property) => [property, { type: "string" }])),
    required: properties,
  };
  return { type: "function", function: { name, description: "Does it.", parameters } };
}

const WEATHER = declared("get_weather", "city");
const TIME = declared("get_time", "zone");
const BOTH = "get_weather city=Rome and get_time zone=CET";

/** Names and arguments of a message's calls. */
function calls(message) {
  return message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
}

for (const model of [CLAUDE, NOVA]) {
  test(`${model}: calls go out, results come back, and the loop ends`, async () => {
    const messages = said(BOTH);
    const first = await client.chat.completions.create({ model, messages, tools: [WEATHER, TIME] });
    const [choice] = first.choices;
    assert.equal(choice.finish_reason, "tool_calls");
    assert.deepEqual(calls(choice.message), [
      ["get_weather", { city: "Rome" }],
      ["get_time", { zone: "CET" }],
    ]);
    messages.push(choice.message);
    for (const call of [...choice.message.tool_calls].reverse()) {
      messages.push({ role: "tool", tool_call_id: call.id, content: `result of ${call.function.name}` });
    }
    const second = await client.chat.completions.create({ model, messages, tools: [WEATHER, TIME] });
    assert.equal(second.choices[0].finish_reason, "stop");
    assert.match(second.choices[0].message.content, /^The tool said: .*result of get_weather/s);
    assert.match(second.choices[0].message.content, /result of get_time/);
  });

  test(`${model}: streamed calls add up to the whole ones`, async () => {
    const body = { model, messages: said(BOTH), tools: [WEATHER, TIME] };
    const whole = (await client.chat.completions.create(body)).choices[0].message;
    const stream = client.chat.completions.stream(body);
    const done = [];
    const deltas = {};
    stream.on("tool_calls.function.arguments.delta", ({ index, arguments_delta }) => {
      deltas[index] = (deltas[index] ?? "") + arguments_delta;
    });
    stream.on("tool_calls.function.arguments.done", ({ index, name, arguments: text }) => {
      assert.equal(deltas[index], text);
      done.push([name, JSON.parse(text)]);
    });
    const streamed = (await stream.finalChatCompletion()).choices[0];
    assert.equal(streamed.finish_reason, "tool_calls");
    assert.deepEqual(calls(streamed.message), calls(whole));
    assert.deepEqual(done, calls(whole));
    assert.deepEqual(
      streamed.message.tool_calls.map((call) => call.id),
      whole.tool_calls.map((call) => call.id),
    );
    assert.equal(streamed.message.content, whole.content);
  });

  for (const stream of [false, true]) {
    test(`${model}: runTools runs them by itself, ${stream ? "streamed" : "whole"}`, async () => {
      const asked = [];
      const runner = client.chat.completions.runTools({
        model,
        stream,
        messages: said(BOTH),
        tools: [
          {
            type: "function",
            function: {
              ...WEATHER.function,
              parse: JSON.parse,
              function: ({ city }) => {
                asked.push(city);
                return `sunny in ${city}`;
              },
            },
          },
          zodFunction({
            name: "get_time",
            parameters: z.object({ zone: z.string() }),
            function: ({ zone }) => {
              asked.push(zone);
              return { time: "noon", zone };
            },
          }),
        ],
      });
      const answer = await runner.finalContent();
      assert.deepEqual(asked.sort(), ["CET", "Rome"]);
      assert.match(answer, /^The tool said: .*sunny in Rome/s);
      assert.match(answer, /noon/);
      assert.deepEqual(
        runner.messages.map((message) => message.role),
        ["user", "assistant", "tool", "tool", "assistant"],
      );
    });
  }
}

test("a tool that is asked for by name is called, and none where none may be", async () => {
  const ask = async (tool_choice) =>
    (await client.chat.completions.create({ model: CLAUDE, messages: said("weather?"), tools: [WEATHER, TIME], tool_choice }))
      .choices[0].message;
  const [call] = (await ask({ type: "function", function: { name: "get_time" } })).tool_calls;
  assert.equal(call.function.name, "get_time");
  assert.equal((await ask("none")).content, "You said: weather?");
});

const Order = z.object({
  item: z.string(),
  count: z.number().int(),
  size: z.enum(["small", "large"]),
  to: z.object({ street: z.string(), zip: z.number().int().nullable() }),
  tags: z.array(z.string()),
});
const QUESTION = said('item="two apples" count=7 size=large street=Elm zip=123');
const ORDER = { item: "two apples", count: 7, size: "large", to: { street: "Elm", zip: 123 }, tags: ["tags"] };

for (const model of [CLAUDE, NOVA, BY_TOOL]) {
  const body = { model, messages: QUESTION, response_format: zodResponseFormat(Order, "order") };

  test(`${model}: an answer is parsed into its type`, async () => {
    const [choice] = (await client.chat.completions.parse(body)).choices;
    assert.deepEqual(choice.message.parsed, ORDER);
    assert.deepEqual([choice.finish_reason, choice.message.tool_calls ?? []], ["stop", []]);
  });

  test(`${model}: a streamed answer is parsed into its type`, async () => {
    const stream = client.chat.completions.stream(body);
    let pieces = 0;
    stream.on("content.delta", () => (pieces += 1));
    const [choice] = (await stream.finalChatCompletion()).choices;
    assert.deepEqual(choice.message.parsed, ORDER);
    assert.ok(pieces > 3);
  });
}

test("a strict tool's arguments are parsed into their type", async () => {
  const tool = zodFunction({ name: "get_weather", parameters: z.object({ city: z.string(), days: z.number() }) });
  const answer = await client.chat.completions.parse({
    model: CLAUDE,
    messages: said("weather? city=Rome days=3"),
    tools: [tool],
  });
  const [call] = answer.choices[0].message.tool_calls;
  assert.deepEqual(call.function.parsed_arguments, { city: "Rome", days: 3 });
});
