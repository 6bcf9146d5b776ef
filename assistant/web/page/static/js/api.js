// SeeSay's API as functions. This file does not know what is shown.

import { eventsOf } from "./sse.js";

/** An error. `code` comes from the server or from this page; `values` are put into the sentence for the code. */
export class Failure extends Error {
  constructor(code, { message = code, status = 0, retryAfterSeconds = null, values = {} } = {}) {
    super(message);
    Object.assign(this, { code, status, retryAfterSeconds, values });
  }
}

export async function status(signal) {
  return (await reach("/api/status", { signal })).json();
}

/** How the inspection round stands. Fails where none runs: `has_round` of the status tells whether one does. */
export async function round(signal) {
  return (await reach("/api/round", { signal })).json();
}

/** Makes the server's camera take a picture now, and returns it. */
export async function serverPicture(signal) {
  return (await reach("/api/frame.jpg", { signal, cache: "no-store" })).blob();
}

/** A picture that belongs to the page. */
export async function sample(name) {
  return (await reach(sampleAddress(name), {})).blob();
}

export function sampleAddress(name) {
  return new URL(`../samples/${name}.jpg`, import.meta.url).pathname;
}

/** The sound of a sentence, as a WAV file. */
export async function sound(address) {
  return (await reach(address, {})).blob();
}

/**
 * Yields {name, data} until the answer is done. `audio` and `image` are blobs; `conversation` is an id from an earlier
 * answer.
 */
export async function* ask({ question, audio, image, conversation, speak }, signal) {
  const form = new FormData();
  if (audio) form.set("audio", audio, "question.wav");
  else form.set("question", question);
  yield* answered("/api/ask", "done", form, { image, conversation, speak }, signal);
}

/** Yields {name, data} until all print in the picture has been read. */
export async function* read({ image, conversation, speak }, signal) {
  const form = new FormData();
  form.set("stream", "1");
  yield* answered("/api/read", "end", form, { image, conversation, speak }, signal);
}

async function* answered(address, last, form, { image, conversation, speak }, signal) {
  if (conversation) form.set("conversation", conversation);
  else form.set("image", image, "picture");
  if (speak) form.set("speak", "1");

  const response = await reach(address, { method: "POST", body: form, signal });
  if (!(response.headers.get("Content-Type") ?? "").startsWith("text/event-stream")) throw new Failure("strange_answer");
  let isDone = false;
  try {
    for await (const event of eventsOf(response.body)) {
      if (event.name === "error") throw failureOf(event.data, 0, null);
      yield event;
      // The page waits until the server ends the stream: leaving first would look like a client that went away.
      isDone ||= event.name === last;
    }
  } catch (error) {
    if (error instanceof Failure || error.name === "AbortError") throw error;
    throw new Failure(error instanceof SyntaxError ? "strange_answer" : "broken_off");
  }
  if (!isDone) throw new Failure("broken_off");
}

/** Ends an answer, without waiting for it. It is no error if the answer has already ended by itself. */
export function stop(conversation) {
  const body = JSON.stringify({ conversation });
  fetch("/api/stop", { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true }).catch(() => {});
}

async function reach(address, options) {
  let response;
  try {
    response = await fetch(address, { headers: { Accept: "application/json, text/event-stream, image/*, audio/wav" }, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("unreachable");
  }
  if (response.ok) return response;
  const retryAfterSeconds = Number(response.headers.get("Retry-After")) || null;
  throw failureOf(await response.json().catch(() => ({})), response.status, retryAfterSeconds);
}

function failureOf(body, status, retryAfterSeconds) {
  const { code = "strange_answer", message } = body?.error ?? {};
  return new Failure(code, { message, status, retryAfterSeconds });
}
