// Plays the sound of sentences, one after the other. This file does not know what is shown.

import * as api from "./api.js";

/**
 * Fetches a sound at once and keeps it, because the server forgets sounds after some minutes. `address` becomes an
 * address within this page, or null.
 */
export function loadSound(address) {
  const fetched = api.sound(address).then(URL.createObjectURL);
  // A sentence whose sound is lost is skipped, because its text is on the page.
  return { address: fetched.catch(() => null) };
}

export async function forgetSound(sound) {
  URL.revokeObjectURL(await sound.address);
}

/**
 * `changed(sounding)` is called when sound begins and ends; `blocked()` is called if the browser plays nothing until the
 * user has pressed a button.
 */
export function createSpeaker({ changed, blocked }) {
  const waiting = []; // never more than the sentences of an answer
  const audio = new Audio(); // one for all sounds, because a phone that has let it play once lets it play again
  let sounding = null;

  async function next() {
    const mine = (sounding = waiting.shift() ?? null);
    changed(sounding !== null);
    if (!mine) return;
    const address = await mine.address;
    if (mine !== sounding) return; // it was silenced in the meantime
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
      waiting.push({ ...sound }); // a copy, because the same sound may be played twice
      if (!sounding) next();
    },
    silence,
  };
}
