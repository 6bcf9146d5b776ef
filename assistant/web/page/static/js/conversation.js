// Sends a question, or has the picture read, and receives the answer: text, lines, sentences, sound. This file does not
// know how they are drawn.

import * as api from "./api.js";
import { announce, isAnswering, newTurn, page, tellProblem } from "./page.js";
import { pictureToAskAbout } from "./picture.js";
import { startRecording } from "./recorder.js";
import { createSpeaker, loadSound } from "./speaker.js";
import { markRaw } from "./vue.js";
import { filled, joined } from "./words.js";

const SURE = 0.5; // a question that was heard with less confidence may have been another one

const speaker = createSpeaker({
  changed: (sounding) => (page.sounding = sounding),
  blocked: () => fail(new api.Failure("sound_blocked")),
});
let asking = null; // {controller, turn} of the newest question, while it is answered
let recorder = null;
let isStarting = false; // true while the browser asks the user for permission to listen

/** Asks the typed question or the recorded one. A question during an answer ends that answer. */
export async function ask(recording = null) {
  const question = page.question.trim();
  if (!recording && !question) return fail(new api.Failure("no_question"));
  await begin(recording ? "" : question, { send: api.ask, question, audio: recording });
}

/** Asks this question about the picture on the page, in place of what is typed. */
export async function askAbout(question) {
  page.question = question;
  await ask();
}

/** Has all print in the picture read. It ends an answer, as a question does. */
export async function read() {
  await begin(page.words.ask.read, { send: api.read });
}

/** `shown` is the question as the page shows it, "" for a spoken one. */
async function begin(shown, request) {
  if (page.recording) discardRecording(); // the user has done something else instead
  end();
  page.problems.ask = null;
  page.announcements = [];
  const mine = (asking = { controller: new AbortController(), turn: null });
  try {
    const picture = await pictureToAskAbout();
    if (asking !== mine) return;
    mine.turn = newTurn(picture, shown);
    await follow(mine, { ...request, speak: page.aloud });
  } catch (error) {
    if (asking !== mine || error.name === "AbortError") return;
    if (mine.turn) mine.turn.state = "failed";
    fail(error instanceof api.Failure ? error : new api.Failure("strange_answer"));
  } finally {
    if (asking === mine) asking = null;
  }
}

/** Ends whatever is going on: a recording, an answer, the voice. */
export function stop() {
  if (page.recording) return discardRecording();
  if (end()) announce(page.words.answer.stopped);
}

export function sayAgain(turn) {
  page.problems.ask = null;
  speaker.silence();
  turn.sounds.forEach(speaker.say);
}

/** Begins a recording, or sends the one that is running. */
export async function pressMicrophone() {
  page.problems.ask = null;
  if (page.recording) return sendRecording();
  if (isStarting) return;
  end(); // otherwise the microphone would hear the answer
  page.recording = { level: 0, seconds: 0 };
  isStarting = true;
  try {
    recorder = await startRecording({
      heard: (level, seconds) => page.recording && Object.assign(page.recording, { level, seconds }),
      full: sendRecording,
    });
    if (!page.recording) return discardRecording(); // it was discarded while the browser asked the user
    announce(page.words.ask.recording_started);
  } catch (error) {
    page.recording = null;
    fail(error);
  } finally {
    isStarting = false;
  }
}

async function sendRecording() {
  if (!recorder) return; // the recording has not started yet
  const finished = recorder;
  page.recording = recorder = null;
  try {
    await ask(finished.finish());
  } catch (error) {
    fail(error);
  }
}

function discardRecording() {
  recorder?.discard();
  page.recording = recorder = null;
  announce(page.words.ask.discarded);
}

async function follow(mine, request) {
  const { turn } = mine;
  const { picture } = turn;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  let first = null;
  for await (const { name, data } of eventsAbout(turn, request, mine.controller.signal)) {
    if (asking !== mine) return;
    if (name === "accepted") {
      picture.conversation = data.conversation;
      if (request.question && page.question.trim() === request.question) page.question = "";
      turn.ahead = data.queue_position;
      turn.state = turn.ahead > 0 ? "queued" : "sending";
      if (turn.ahead > 0) announce(filled(page.words.answer.queued, { count: turn.ahead }));
    } else if (name === "queued") {
      turn.ahead = data.queue_position;
      turn.state = turn.ahead > 0 ? "queued" : "sending";
    } else if (name === "heard") {
      turn.question = data.text;
      turn.isUnsure = data.confidence < SURE;
      announce(filled(page.words.answer.heard, data));
      if (turn.isUnsure) announce(page.words.answer.unsure);
    } else if (name === "seeing") {
      turn.state = request.send === api.read ? "finding" : "seeing";
      turn.advice = data.advice ?? null;
      announce(page.words.answer[turn.state]);
      if (turn.advice) announce(turn.advice);
    } else if (name === "found") {
      // The sentences tell the same, so nothing is announced here.
      turn.advice = data.advice.reduce((before, { sentence }) => (before ? joined(before, sentence) : sentence), "") || null;
      if (data.lines) turn.state = "finding";
    } else if (name === "line") {
      first ??= seconds();
      turn.state = "answering";
      turn.lines.push(data);
    } else if (name === "text") {
      first ??= seconds();
      turn.state = "answering";
      turn.answer += data.text;
    } else if (name === "sentence") {
      announce(data.text);
      if (data.audio && request.speak) hearSentence(turn, data.audio);
    } else if (name === "done" || name === "end") {
      turn.answer = data.answer;
      turn.timing = { first: first ?? seconds(), total: seconds(), tokens: data.tokens?.answer ?? 0 };
      turn.state = data.finish === "cancelled" ? "stopped" : "done";
    }
  }
}

function hearSentence(turn, address) {
  const sound = markRaw(loadSound(address));
  turn.sounds.push(sound);
  speaker.say(sound);
}

/**
 * A follow-up names the conversation. If the server has forgotten that, the picture is sent again, and the user is told
 * that the answer does not rest on what was said before.
 */
async function* eventsAbout(turn, request, signal) {
  const { picture } = turn;
  const { conversation, blob } = picture;
  try {
    yield* request.send({ ...request, conversation, image: blob }, signal);
  } catch (error) {
    if (!conversation || error.status !== 404) throw error;
    picture.conversation = null;
    turn.isAnew = page.turns.some((other) => other.id !== turn.id && other.picture.url === picture.url && other.answer);
    if (turn.isAnew) announce(page.words.answer.anew);
    yield* request.send({ ...request, image: blob }, signal);
  }
}

/** Ends the answer and the voice. Returns whether there was something to end. */
function end() {
  const wasBusy = isAnswering() || page.sounding;
  speaker.silence();
  const ended = asking;
  asking = null;
  if (!ended || ended.turn?.timing) return wasBusy; // the answer is complete
  ended.controller.abort();
  if (!ended.turn) return wasBusy; // it was still waiting for its picture
  ended.turn.state = "stopped";
  if (ended.turn.picture.conversation) api.stop(ended.turn.picture.conversation);
  return true;
}

function fail(error) {
  return tellProblem("ask", error instanceof api.Failure ? error : new api.Failure("strange_answer"));
}
