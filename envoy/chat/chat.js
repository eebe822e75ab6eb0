"use strict";
// A chat by POST /v1/chat/completions of the gateway that the page comes from. Texts of models are never HTML here.

const [key, model, conversation, error, message, send, stop] =
  ["key", "model", "conversation", "error", "message", "send", "stop"].map((id) => document.getElementById(id));
let turns = [];
let running = null;
let isListing = false;

async function ask(path, options = {}) {
  const headers = { authorization: `Bearer ${key.value}`, "content-type": "application/json" };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Error("The gateway does not answer. Is it still running?");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Error(explained(body?.error) ?? `The gateway answered ${response.status} without saying why.`);
}

function explained(failure) {
  if (!failure?.message) return null;
  return failure.code ? `${failure.message} (${failure.code})` : failure.message;
}

function tell(problem) {
  error.textContent = problem ? problem.message : "";
}

// Models

async function listModels() {
  tell(null);
  const before = model.value;
  model.disabled = isListing = true;
  try {
    const { data } = await (await ask("/v1/models?type=chat")).json();
    model.replaceChildren(...data.map(({ id }) => new Option(id)));
    if (data.some(({ id }) => id === before)) model.value = before;
    model.disabled = data.length === 0;
    if (data.length === 0) throw new Error("There is no model that this key may chat with.");
    return true;
  } catch (problem) {
    tell(problem);
    return false;
  } finally {
    isListing = false;
  }
}

// The conversation

function show(who, text = "") {
  const [turn, head, words, foot] = ["article", "h2", "p", "small"].map((name) => document.createElement(name));
  if (who === "You") turn.className = "own";
  head.textContent = who;
  words.textContent = text;
  turn.append(head, words, foot);
  conversation.append(turn);
  turn.scrollIntoView({ block: "end" });
  return { turn, words, foot };
}

async function* events(response) {
  const decoder = new TextDecoder();
  let rest = "";
  for (const reader = response.body.getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The answer broke off before its end.");
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines.filter((line) => line.startsWith("data:"))) {
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}

async function receive(answer, messages) {
  const body = { model: model.value, messages, stream: true, stream_options: { include_usage: true } };
  const response = await ask("/v1/chat/completions", { method: "POST", body: JSON.stringify(body), signal: running.signal });
  for await (const event of events(response)) {
    if (event.error) throw new Error(explained(event.error) ?? "The answer ended with an error.");
    const isAtEnd = conversation.scrollHeight - conversation.scrollTop - conversation.clientHeight < 40;
    answer.words.append(event.choices[0]?.delta?.content ?? "");
    if (event.usage) answer.foot.textContent = `${event.usage.prompt_tokens} tokens in, ${event.usage.completion_tokens} out`;
    if (isAtEnd) conversation.scrollTop = conversation.scrollHeight;
  }
}

async function chat(text) {
  tell(null);
  const question = show("You", text);
  const answer = show(model.value);
  const mine = turns;
  mine.push({ role: "user", content: text });
  message.value = "";
  setRunning(new AbortController());
  try {
    await receive(answer, mine);
  } catch (problem) {
    if (problem.name === "AbortError") answer.foot.textContent = "stopped";
    else tell(problem);
  }
  setRunning(null);
  const said = answer.words.textContent;
  if (said) {
    mine.push({ role: "assistant", content: said });
  } else if (mine === turns) {
    // Nothing came: the question is there to be sent again.
    mine.pop();
    question.turn.remove();
    answer.turn.remove();
    message.value ||= text;
  }
  message.focus();
}

// While an answer comes in, screen readers wait for its end.
function setRunning(controller) {
  running = controller;
  conversation.setAttribute("aria-busy", String(controller !== null));
  send.hidden = controller !== null;
  stop.hidden = controller === null;
}

// What the person does

async function signIn() {
  if (key.value && (await listModels())) {
    sessionStorage.setItem("key", key.value);
    message.focus();
  }
}

key.addEventListener("change", signIn);
document.getElementById("access").addEventListener("submit", (event) => {
  event.preventDefault();
  // Whoever types a key and Enter has changed it already.
  if (!isListing) signIn();
});
document.getElementById("new").addEventListener("click", () => {
  running?.abort();
  turns = [];
  conversation.replaceChildren();
  tell(null);
  message.focus();
});
document.getElementById("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = message.value.trim();
  if (running || !text) return;
  if (model.disabled) {
    tell(new Error("First the API key: then there are models to choose from."));
    key.focus();
  } else {
    chat(text);
  }
});
message.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});
stop.addEventListener("click", () => running?.abort());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") running?.abort();
});

key.value = sessionStorage.getItem("key") ?? "";
if (key.value) listModels();
else key.focus();
