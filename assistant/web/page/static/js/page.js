// The state of the page: one reactive object that the views draw. This file knows neither the server nor any device.

import { forgetSound } from "./speaker.js";
import { nextTick, reactive } from "./vue.js";

export const HISTORY_SECONDS = 600;
const KEPT_TURNS = 50;
const ALOUD = "seesay.aloud";

export const page = reactive({
  language: "en",
  languages: [], // [{code, name, tag}]
  words: null,
  english: null, // the words in English
  status: null, // the last answer of /api/status
  history: [], // of the last ten minutes: {seconds, watts, celsius, queue}, null where it is not measured
  round: null, // the last answer of /api/round, or null where no inspection round runs
  connected: true,
  announcements: [], // [{id, text}]; a screen reader reads each as it is added
  problems: { picture: null, ask: null }, // each is a Failure or null
  source: "file", // "server" | "browser" | "file"
  picture: null, // {blob, url, source, name, takenAt, conversation, sample}; `sample` is the name of a sample picture, or null
  camera: null, // the browser's camera, while it is on
  busyWithPicture: false,
  dropping: false,
  question: "",
  longestQuestion: 1000, // characters; the server tells the true value
  recording: null, // {level, seconds}
  aloud: remembered(ALOUD) !== "no",
  sounding: false,
  turns: [], // the newest first; newTurn makes them
});

/** `question` is "" while a spoken one has not been heard. */
export function newTurn(picture, question) {
  const turn = {
    id: crypto.randomUUID?.() ?? String(Math.random()), // randomUUID exists on secure pages only
    picture,
    question,
    isUnsure: false,
    isCopied: false,
    isAnew: false, // true if the server no longer had what was said before about the picture
    answer: "",
    lines: [], // of print: {text, paragraph, is_doubtful, …} as the server sends them; they are shown in place of `answer`
    state: "sending", // "queued" | "seeing" | "finding" | "answering" | "done" | "stopped" | "failed"
    ahead: 0,
    advice: null, // what is wrong with the picture, in words, or null
    sounds: [], // the results of loadSound
    timing: null, // {first, total, tokens}, seconds
  };
  page.turns.unshift(turn);
  for (const dropped of page.turns.splice(KEPT_TURNS)) {
    dropped.sounds.forEach(forgetSound);
    forgetPicture(dropped.picture);
  }
  return page.turns[0]; // the reactive object that Vue made of `turn`
}

/** Frees the picture's memory, unless something on the page still shows it. */
export function forgetPicture(picture) {
  const isShown = page.picture?.url === picture.url || page.turns.some((turn) => turn.picture.url === picture.url);
  if (!isShown) URL.revokeObjectURL(picture.url);
}

/** Tells a screen reader. Earlier sentences stay until the next question, because fast ones would be lost otherwise. */
export function announce(text) {
  page.announcements.push({ id: (page.announcements.at(-1)?.id ?? 0) + 1, text });
}

/**
 * Shows a problem in `place`, which is "picture" or "ask". The same words are removed and put in again, because a screen
 * reader tells only changes.
 */
export async function tellProblem(place, failure) {
  page.problems[place] = null;
  await nextTick();
  page.problems[place] = failure;
}

export function setAloud(aloud) {
  page.aloud = aloud;
  try {
    localStorage.setItem(ALOUD, aloud ? "yes" : "no");
  } catch {
    // A private window may refuse to store it. The choice then holds until the page is closed.
  }
}

export function isAnswering() {
  return ["sending", "queued", "seeing", "finding", "answering"].includes(page.turns[0]?.state);
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
