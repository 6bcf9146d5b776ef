// Sentences aloud, one after the other. Knows nothing of what is shown.

import * as api from "./api.js";

/** Fetched at once and kept: the server forgets sounds after some minutes. `address` becomes one in this page, or null. */
export function loadSound(address) {
  const fetched = api.sound(address).then(URL.createObjectURL);
  // A sentence whose sound is lost is passed over: its text is on the page.
  return { address: fetched.catch(() => null) };
}

export async function forgetSound(sound) {
  URL.revokeObjectURL(await sound.address);
}

/** `changed(sounding)` tells when sound begins and ends; `blocked()` that the browser wants a press of a button first. */
export function createSpeaker({ changed, blocked }) {
  const waiting = []; // bounded by an answer's sentences
  const audio = new Audio(); // one for all: a phone that has let it play once lets it play on
  let sounding = null;

  async function next() {
    const mine = (sounding = waiting.shift() ?? null);
    changed(sounding !== null);
    if (!mine) return;
    const address = await mine.address;
    if (mine !== sounding) return; // silenced meanwhile
    const goOn = () => mine === sounding && next();
    if (!address) return goOn();
    audio.onended = goOn;
    audio.onerror = goOn;
    audio.src = address;
    audio.play().catch((error) => {
      if (mine !== sounding) return;
      if (error.name !== "NotAllowedError") return goOn();
      silence();
      blocked();
    });
  }

  function silence() {
    waiting.length = 0;
    if (!sounding) return;
    sounding = null;
    audio.pause();
    changed(false);
  }

  return {
    say(sound) {
      waiting.push({ ...sound }); // the same sound may be said twice
      if (!sounding) next();
    },
    silence,
  };
}
