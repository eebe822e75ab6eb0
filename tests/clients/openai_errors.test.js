// The official SDK: whatever goes wrong is the exception that its users catch.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import OpenAI from "openai";
import { CLAUDE, fault, openai, said } from "./gateway.js";

const client = openai();
const BODY = { model: CLAUDE, messages: said("hello") };

/** The error of a call that must fail so. */
async function caught(promise, kind, expected) {
  const error = await promise.then(
    () => assert.fail("no error"),
    (error) => error,
  );
  assert.equal(error.constructor, kind, String(error));
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, error[name]]));
  assert.deepEqual(found, expected);
  return error;
}

for (const stream of [false, true]) {
  const how = stream ? "streamed" : "whole";
  const create = (changes, options) => client.chat.completions.create({ ...BODY, stream, ...changes }, options);

  test(`a wrong key, ${how}`, () =>
    caught(openai({ apiKey: "wrong" }).chat.completions.create({ ...BODY, stream }), OpenAI.AuthenticationError, {
      status: 401,
      code: "invalid_api_key",
    }));

  test(`an unknown model, ${how}`, () =>
    caught(create({ model: "no-such" }), OpenAI.NotFoundError, { status: 404, code: "model_not_found", param: "model" }));

  test(`a parameter of a wrong value, ${how}`, () =>
    caught(create({ temperature: 3 }), OpenAI.BadRequestError, { status: 400, param: "temperature" }));

  test(`a member of a wrong type, ${how}`, () =>
    caught(create({ messages: said([{ type: "text", text: 7 }]) }), OpenAI.BadRequestError, {
      status: 400,
      type: "invalid_request_error",
      param: "messages[0].content[0].text",
    }));

  test(`a parameter without a counterpart, ${how}`, () =>
    caught(create({ logprobs: true }), OpenAI.BadRequestError, { status: 400, param: "logprobs", code: "unsupported_parameter" }));

  test(`too many requests, ${how}`, async () => {
    const error = await caught(create({}, fault("error=ThrottlingException;retry-after=3")), OpenAI.RateLimitError, {
      status: 429,
      code: "rate_limit_exceeded",
    });
    assert.equal(error.headers.get("retry-after"), "3");
    assert.ok(error.requestID);
  });

  test(`a failure of Bedrock's, ${how}`, () =>
    caught(create({}, fault("error=ServiceUnavailableException")), OpenAI.InternalServerError, { status: 503 }));

  test(`the SDK tries again where it should, ${how}`, async () => {
    const patient = openai({ maxRetries: 2 });
    const once = fault(`throttle=1;retry-after=0;key=${randomUUID()}`);
    if (stream) {
      assert.equal(await patient.chat.completions.stream(BODY, once).finalContent(), "You said: hello");
    } else {
      const answer = await patient.chat.completions.create(BODY, once);
      assert.equal(answer.choices[0].message.content, "You said: hello");
    }
  });
}

test("an exception before the first event is an error with its status", () =>
  caught(
    client.chat.completions.create({ ...BODY, stream: true }, fault("exception=0:throttlingException")),
    OpenAI.RateLimitError,
    { status: 429 },
  ));

// What breaks in the middle has no status any more.
for (const [directives, expected] of [
  ["exception=4:throttlingException", { type: "rate_limit_error", code: "rate_limit_exceeded" }],
  ["exception=4:modelStreamErrorException", { type: "server_error", code: "model_error" }],
  ["cut=4", { type: "server_error", code: "stream_cut" }],
  ["badcrc=4", { type: "server_error", code: "bad_upstream_response" }],
]) {
  test(`a stream that breaks off (${directives}) throws after what it gave`, async () => {
    const stream = await client.chat.completions.create({ ...BODY, stream: true }, fault(directives));
    const pieces = [];
    await caught(
      (async () => {
        for await (const chunk of stream) pieces.push(chunk);
      })(),
      OpenAI.APIError,
      { status: undefined, ...expected },
    );
    assert.ok(pieces.length > 0);
    assert.ok(pieces.every((chunk) => chunk.choices[0].finish_reason === null));
  });

  test(`the helper for streams rejects (${directives})`, () =>
    caught(client.chat.completions.stream(BODY, fault(directives)).finalChatCompletion(), OpenAI.APIError, expected));
}

test("a part of the API that is not served", () => caught(client.files.list(), OpenAI.NotFoundError, { status: 404, code: "unsupported_endpoint" }));
test("a path that is none", () => caught(client.get("/no/such"), OpenAI.NotFoundError, { status: 404, code: "unknown_url" }));

test("a slow answer is a timeout", async () => {
  const hurried = openai({ timeout: 100 });
  await caught(hurried.chat.completions.create(BODY, fault("slow=1500")), OpenAI.APIConnectionTimeoutError, {});
});
