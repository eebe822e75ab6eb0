// The official SDK: questions, answers, streams, pictures.

import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";
import { CLAUDE, NOVA, PIXEL, PIXEL_SEEN, THINKS, THOUGHT, fault, openai, said } from "./gateway.js";

const client = openai();

for (const model of [CLAUDE, NOVA]) {
  test(`${model} answers a question`, async () => {
    const { data, response, request_id } = await client.chat.completions
      .create({ model, messages: [{ role: "developer", content: "Be brief." }, ...said("hello")], max_completion_tokens: 50 })
      .withResponse();
    const [choice] = data.choices;
    assert.deepEqual([choice.message.content, choice.message.role, choice.finish_reason], ["You said: hello", "assistant", "stop"]);
    assert.deepEqual([data.object, data.model], ["chat.completion", model]);
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.equal(data.id, `chatcmpl-${request_id}`);
    assert.equal(response.headers.get("x-ignored-parameters"), null);
  });

  test(`${model} streams an answer, and its usage where it is asked for`, async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: said("hello there"),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens);
    assert.ok(last.usage.completion_tokens > 0);
    assert.ok(chunks.length > 3);
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""), "You said: hello there");
    assert.deepEqual(
      chunks.map((chunk) => chunk.choices[0].finish_reason).filter((reason) => reason !== null),
      ["stop"],
    );
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  });
}

test("without being asked for, no usage comes", async () => {
  const stream = await client.chat.completions.create({ model: CLAUDE, messages: said("hello"), stream: true });
  for await (const chunk of stream) {
    assert.equal(chunk.choices.length, 1);
    assert.equal(chunk.usage ?? null, null);
  }
});

test("the helper for streams tells of text, and ends with the whole answer", async () => {
  const stream = client.chat.completions.stream({
    model: CLAUDE,
    messages: said("hello there"),
    stream_options: { include_usage: true },
  });
  let heard = "";
  stream.on("content", (delta, snapshot) => {
    heard += delta;
    assert.equal(snapshot, heard);
  });
  const whole = await stream.finalChatCompletion();
  assert.equal(heard, "You said: hello there");
  assert.deepEqual([whole.choices[0].message.content, whole.choices[0].finish_reason], [heard, "stop"]);
  assert.equal(await stream.finalContent(), heard);
  assert.ok((await stream.totalUsage()).total_tokens > 0);
});

test("a stream goes on to another reader, split into two or as lines", async () => {
  const ask = () => client.chat.completions.create({ model: CLAUDE, messages: said("hello"), stream: true });
  const text = async (stream) => {
    let found = "";
    for await (const chunk of stream) found += chunk.choices[0].delta.content ?? "";
    return found;
  };
  const [left, right] = (await ask()).tee();
  assert.deepEqual(await Promise.all([text(left), text(right)]), ["You said: hello", "You said: hello"]);
  const { ChatCompletionStream } = await import("openai/lib/ChatCompletionStream");
  const read = ChatCompletionStream.fromReadableStream((await ask()).toReadableStream());
  assert.equal(await read.finalContent(), "You said: hello");
});

test("many streams at once are kept apart", async () => {
  const texts = await Promise.all(
    Array.from({ length: 12 }, (_, number) =>
      client.chat.completions
        .stream({ model: number % 2 ? CLAUDE : NOVA, messages: said(`number ${number}`) }, fault("split=7"))
        .finalContent(),
    ),
  );
  assert.deepEqual(texts, texts.map((_, number) => `You said: number ${number}`));
});

for (const stream of [false, true]) {
  test(`a picture in a data URL is seen, ${stream ? "streamed" : "whole"}`, async () => {
    const body = {
      model: CLAUDE,
      messages: said([
        { type: "text", text: "look" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } },
      ]),
    };
    const content = stream
      ? await client.chat.completions.stream(body).finalContent()
      : (await client.chat.completions.create(body)).choices[0].message.content;
    assert.equal(content, `You said: look ${PIXEL_SEEN}`);
  });
}

test("reasoning comes beside the answer, and goes back with it", async () => {
  const body = { model: THINKS, reasoning_effort: "low" };
  const messages = said("hello");
  const first = (await client.chat.completions.create({ ...body, messages })).choices[0].message;
  assert.deepEqual([first.reasoning_content, first.content], [THOUGHT, "You said: hello"]);
  const { data, response } = await client.chat.completions
    .create({ ...body, messages: [...messages, first, ...said("again")] })
    .withResponse();
  assert.equal(data.choices[0].message.content, "You said: again");
  assert.equal(response.headers.get("x-ignored-parameters"), null);
});

test("what Bedrock has no counterpart for is named in a header", async () => {
  const { response } = await client.chat.completions
    .create({ model: CLAUDE, messages: said("hello"), seed: 7, presence_penalty: 0.5, store: false })
    .withResponse();
  assert.equal(response.headers.get("x-ignored-parameters"), "seed,presence_penalty");
});

test("a client that has heard enough stops a stream, and the connection is good for the next", async () => {
  const stream = await client.chat.completions.create(
    { model: CLAUDE, messages: said("long:500"), stream: true },
    fault("pace=5"),
  );
  let count = 0;
  for await (const chunk of stream) {
    assert.equal(chunk.choices[0].finish_reason, null);
    count += 1;
    if (count === 5) stream.controller.abort();
  }
  // What had already come may still be read.
  assert.ok(count >= 5 && count < 400, `${count} chunks`);
  const next = await client.chat.completions.create({ model: CLAUDE, messages: said("hello") });
  assert.equal(next.choices[0].message.content, "You said: hello");
});

test("the helper for streams is aborted by a signal", async () => {
  const abort = new AbortController();
  const stream = client.chat.completions.stream(
    { model: CLAUDE, messages: said("long:500") },
    { ...fault("pace=5"), signal: abort.signal },
  );
  stream.once("content", () => abort.abort());
  await assert.rejects(stream.finalChatCompletion(), OpenAI.APIUserAbortError);
  assert.ok(stream.aborted);
});
