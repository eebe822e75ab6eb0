// Where the gateway is, and what the tests of all clients ask it with.

import OpenAI from "openai";

export const url = process.env.GATEWAY_URL;
export const key = process.env.GATEWAY_KEY;
if (!url || !key) throw new Error("GATEWAY_URL and GATEWAY_KEY say which gateway is tested");

export const CLAUDE = "gpt-4o";
export const NOVA = "nova-lite";
// Claude 3.7, which answers by a schema only if a tool carries it.
export const BY_TOOL = "us.anthropic.claude-3-7-sonnet-20250219-v1:0";
export const THINKS = BY_TOOL;
export const THOUGHT = "The user said 1 words. I answer from what they said.";

/** The official SDK; it tries nothing again, so that no fault is hidden. */
export function openai(options = {}) {
  return new OpenAI({ baseURL: url, apiKey: key, maxRetries: 0, timeout: 20_000, ...options });
}

/** Options that let the emulator do what its page says of faults. */
export function fault(directives) {
  return { headers: { "x-emulator": directives } };
}

export function said(content) {
  return [{ role: "user", content }];
}

/** A picture of one pixel, and how the emulator speaks of it. */
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const PIXEL_SEEN = `[1 image: png, ${Buffer.from(PIXEL, "base64").length} bytes]`;
