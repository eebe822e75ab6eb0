// Anthropic's SDK: messages whole and streamed, tools, counts, models.

import assert from "node:assert/strict";
import test from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { NOVA, PIXEL, PIXEL_SEEN, key, said, url } from "./gateway.js";

const CLAUDE = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const client = new Anthropic({ baseURL: url.replace(/\/v1$/, ""), apiKey: key, maxRetries: 0, timeout: 20_000 });
const TOOL = {
  name: "get_weather",
  description: "Tells the weather.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

const asked = (model, more = {}) => ({ model, max_tokens: 100, messages: said("hello"), ...more });
const plain = ({ content, stop_reason, usage }) => ({
  content: content.map(({ type, text, name, input }) => ({ type, text, name, input })),
  stop_reason,
  tokens: [usage.input_tokens, usage.output_tokens],
});

for (const model of [CLAUDE, NOVA]) {
  test(`${model} answers`, async () => {
    const { data, request_id } = await client.messages.create(asked(model)).withResponse();
    assert.deepEqual(data.content, [{ type: "text", text: "You said: hello" }]);
    assert.deepEqual([data.type, data.role, data.stop_reason], ["message", "assistant", "end_turn"]);
    assert.ok(request_id);
  });

  test(`${model} streams what it says whole, calls too`, async () => {
    for (const more of [{}, { tools: [TOOL], messages: said("get_weather city=Rome") }]) {
      const whole = await client.messages.create(asked(model, more));
      const streamed = await client.messages.stream(asked(model, more)).finalMessage();
      assert.deepEqual(plain(streamed), plain(whole));
    }
  });

  test(`${model} goes on from what a tool gave`, async () => {
    const messages = said("get_weather city=Rome");
    const first = await client.messages.create(asked(model, { tools: [TOOL], messages }));
    const call = first.content.find((block) => block.type === "tool_use");
    assert.deepEqual([call.name, call.input, first.stop_reason], ["get_weather", { city: "Rome" }, "tool_use"]);
    messages.push({ role: "assistant", content: first.content });
    messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "sunny" }] });
    const second = await client.messages.create(asked(model, { tools: [TOOL], messages }));
    assert.equal(second.content[0].text, "The tool said: sunny");
  });

  test(`${model} sees a picture`, async () => {
    const source = { type: "base64", media_type: "image/png", data: PIXEL };
    const content = [{ type: "text", text: "Look." }, { type: "image", source }];
    const { content: [block] } = await client.messages.create(asked(model, { messages: [{ role: "user", content }] }));
    assert.equal(block.text, `You said: Look. ${PIXEL_SEEN}`);
  });
}

test("tokens are counted", async () => {
  const { input_tokens } = await client.messages.countTokens({ model: CLAUDE, messages: said("hello") });
  assert.ok(input_tokens > 0);
});

test("models are listed", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes(NOVA));
  assert.equal((await client.models.retrieve(NOVA)).type, "model");
});

test("errors are Anthropic's", async () => {
  const other = new Anthropic({ baseURL: url.replace(/\/v1$/, ""), apiKey: "wrong", maxRetries: 0 });
  await assert.rejects(other.messages.create(asked(CLAUDE)), Anthropic.AuthenticationError);
  await assert.rejects(client.messages.create(asked("nobody-knows-it")), (error) => {
    assert.ok(error instanceof Anthropic.NotFoundError);
    assert.equal(error.error.error.type, "not_found_error");
    return true;
  });
});
