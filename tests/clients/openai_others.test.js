// The official SDK: embeddings and models.

import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";
import { openai } from "./gateway.js";

const client = openai();
const ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0";

for (const model of ["text-embedding-3-small", "cohere.embed-english-v3"]) {
  test(`${model}: a vector is the same however it comes`, async () => {
    const ask = async (encoding_format) => {
      const answer = await client.embeddings.create({ model, input: "some text", encoding_format });
      assert.deepEqual([answer.object, answer.model, answer.data.length], ["list", model, 1]);
      assert.ok(answer.usage.total_tokens > 0);
      return answer.data[0].embedding;
    };
    const floats = await ask("float");
    assert.ok(floats.length >= 1024 && floats.every((value) => Number.isFinite(value)));
    const single = (values) => Array.from(new Float32Array(values));
    // The SDK's own way: it asks for base64 and decodes.
    assert.deepEqual(single(await ask(undefined)), single(floats));
    const text = await ask("base64");
    assert.equal(typeof text, "string");
    const bytes = new Uint8Array(Buffer.from(text, "base64"));
    assert.deepEqual(Array.from(new Float32Array(bytes.buffer)), single(floats));
  });
}

test("several texts have a vector each, in their order", async () => {
  const ask = async (input) => (await client.embeddings.create({ model: "cohere.embed-english-v3", input })).data;
  const both = await ask(["one", "two"]);
  assert.deepEqual(both.map((item) => item.index), [0, 1]);
  for (const [at, text] of ["one", "two"].entries()) {
    assert.deepEqual(both[at].embedding, (await ask(text))[0].embedding);
  }
  assert.notDeepEqual(both[0].embedding, both[1].embedding);
});

test("a vector has the dimensions that are asked for", async () => {
  const answer = await client.embeddings.create({ model: "text-embedding-3-small", input: "some text", dimensions: 256 });
  assert.equal(answer.data[0].embedding.length, 256);
});

test("every model that is listed is found", async () => {
  const names = [];
  for await (const model of client.models.list()) {
    assert.deepEqual(await client.models.retrieve(model.id), model);
    names.push(model.id);
  }
  assert.ok(["gpt-4o", "nova-lite", "text-embedding-3-small"].every((name) => names.includes(name)), String(names));
});

test("an id with colons and slashes is found", async () => {
  assert.equal((await client.models.retrieve(ARN)).id, ARN);
});

test("an unknown model is not found", async () => {
  await assert.rejects(client.models.retrieve("no-such"), OpenAI.NotFoundError);
});
