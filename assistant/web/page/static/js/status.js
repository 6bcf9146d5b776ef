// Asks for the status once a second, while the page is visible, and for the inspection round where one runs.

import * as api from "./api.js";
import { announce, page } from "./page.js";
import { filled } from "./words.js";

const EVERY_MS = 1000;
const PATIENCE_MS = 5000;
let isSourceChosen = false;

export function keepStatus() {
  let timer = null;
  async function look() {
    clearTimeout(timer);
    if (document.visibilityState !== "visible") return;
    await once();
    timer = setTimeout(look, EVERY_MS);
  }
  document.addEventListener("visibilitychange", look);
  return look();
}

export function chooseSource(source) {
  isSourceChosen = true;
  page.source = source;
}

/** Announces who answers, because a user who relies on an answer has to know that a smaller model gives it. */
function tellWhoAnswers(before, host) {
  const words = page.words.status;
  if (host && host !== before) {
    announce(filled(words.engine_away, { host }));
    if (page.status.is_demo) announce(words.demo);
  } else if (before && !host) announce(filled(words.engine_back, { host: before }));
}

async function once() {
  try {
    const before = page.status?.engine_away ?? null;
    page.status = await api.status(AbortSignal.timeout(PATIENCE_MS));
    page.round = page.status.has_round ? await api.round(AbortSignal.timeout(PATIENCE_MS)) : null;
    tellWhoAnswers(before, page.status.engine_away ?? null);
    if (!page.connected) announce(page.words.status.back);
    page.connected = true;
    if (!isSourceChosen) chooseSource(page.status.has_camera ? "server" : "file");
  } catch (error) {
    // It is told once and not every second, so that an alert that was closed stays closed.
    if (page.connected && error.status === 401) page.problems.ask = error;
    else if (page.connected) announce(page.words.status.gone);
    page.connected = false;
  }
}
