// Asks for the status again and again while the page is visible, and for the inspection round where one runs. The server
// says how long to pause: a second, and longer if many pages are open behind one address.

import * as api from "./api.js";
import { announce, HISTORY_SECONDS, page } from "./page.js";
import { filled } from "./words.js";

const SHORTEST_PAUSE_SECONDS = 1;
const PATIENCE_MS = 5000;
let isSourceChosen = false;

export function keepStatus() {
  let timer = null;
  let newest = null;
  async function look() {
    clearTimeout(timer);
    if (document.visibilityState !== "visible") return;
    const mine = (newest = {});
    const seconds = await once();
    // If the page was hidden and shown again meanwhile, a later look goes on.
    if (mine === newest) timer = setTimeout(look, Math.max(SHORTEST_PAUSE_SECONDS, seconds) * 1000);
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

function noteHistory({ power_watts, temperature_celsius, queue }) {
  const seconds = performance.now() / 1000;
  const point = { seconds, watts: power_watts, celsius: temperature_celsius, queue: queue?.length ?? null };
  page.history = [...page.history.filter((old) => seconds - old.seconds <= HISTORY_SECONDS), point];
}

/** Returns how many seconds to pause before the next look. */
async function once() {
  try {
    const before = page.status?.engine_away ?? null;
    page.status = await api.status(AbortSignal.timeout(PATIENCE_MS));
    noteHistory(page.status);
    page.round = page.status.has_round ? await api.round(AbortSignal.timeout(PATIENCE_MS)) : null;
    tellWhoAnswers(before, page.status.engine_away ?? null);
    if (!page.connected) announce(page.words.status.back);
    page.connected = true;
    if (!isSourceChosen) chooseSource(page.status.has_camera ? "server" : "file");
    return page.status.look_again_seconds ?? SHORTEST_PAUSE_SECONDS;
  } catch (error) {
    // The server is there and wants to be asked later: the connection is not lost.
    if (error.status === 429) return error.retryAfterSeconds ?? SHORTEST_PAUSE_SECONDS;
    // It is told once and not every second, so that an alert that was closed stays closed.
    if (page.connected && error.status === 401) page.problems.ask = error;
    else if (page.connected) announce(page.words.status.gone);
    page.connected = false;
    return SHORTEST_PAUSE_SECONDS;
  }
}
