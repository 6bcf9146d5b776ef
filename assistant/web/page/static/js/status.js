// Asks for the status once a second, while somebody looks.

import * as api from "./api.js";
import { announce, page } from "./page.js";

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

async function once() {
  try {
    page.status = await api.status(AbortSignal.timeout(PATIENCE_MS));
    if (!page.connected) announce(page.words.status.back);
    page.connected = true;
    if (!isSourceChosen) chooseSource(page.status.has_camera ? "server" : "file");
  } catch (error) {
    // Told once, not at every look: an alert that is closed stays closed.
    if (page.connected && error.status === 401) page.problems.ask = error;
    else if (page.connected) announce(page.words.status.gone);
    page.connected = false;
  }
}
