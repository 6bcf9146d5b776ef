// What the page knows: one reactive object that the views draw. Knows neither the server nor any device.

import { forgetSound } from "./speaker.js";
import { nextTick, reactive } from "./vue.js";

const KEPT_TURNS = 50;
const ALOUD = "seesay.aloud";

export const page = reactive({
  language: "en",
  languages: [], // [{code, name, tag}]
  words: null,
  status: null, // what /api/status said last
  connected: true,
  announcements: [], // [{id, text}], read by a screen reader as they are added
  problems: { picture: null, ask: null }, // a Failure each
  source: "file", // "server" | "browser" | "file"
  picture: null, // {blob, url, source, name, takenAt, conversation}
  camera: null, // the browser's, while it is on
  busyWithPicture: false,
  dropping: false,
  question: "",
  longestQuestion: 1000, // characters; the server says
  recording: null, // {level, seconds}
  aloud: remembered(ALOUD) !== "no",
  sounding: false,
  turns: [], // newest first; see newTurn
});

export function newTurn(picture, question, isSpoken) {
  const turn = {
    id: crypto.randomUUID?.() ?? String(Math.random()), // randomUUID is for secure pages only
    picture,
    question,
    isSpoken,
    isUnsure: false,
    answer: "",
    state: "sending", // "queued" | "seeing" | "answering" | "done" | "stopped" | "failed"
    ahead: 0,
    advice: null, // what is wrong with the picture
    sounds: [], // see loadSound
    timing: null, // {first, total, tokens}, seconds
  };
  page.turns.unshift(turn);
  for (const dropped of page.turns.splice(KEPT_TURNS)) {
    dropped.sounds.forEach(forgetSound);
    forgetPicture(dropped.picture);
  }
  return page.turns[0]; // the reactive one
}

/** Frees a picture that nothing on the page shows any more. */
export function forgetPicture(picture) {
  const isShown = page.picture?.url === picture.url || page.turns.some((turn) => turn.picture.url === picture.url);
  if (!isShown) URL.revokeObjectURL(picture.url);
}

/** Tells a screen reader. Earlier sentences stay until the next question, else fast ones would be lost. */
export function announce(text) {
  page.announcements.push({ id: (page.announcements.at(-1)?.id ?? 0) + 1, text });
}

/** `place` is "picture" or "ask". The same words again are put in anew: a screen reader tells only what changes. */
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
    // private windows may refuse: then it holds until the page is closed
  }
}

export function isAnswering() {
  return ["sending", "queued", "seeing", "answering"].includes(page.turns[0]?.state);
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
