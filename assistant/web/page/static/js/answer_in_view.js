// Scrolls to the newest answer where it would grow below the edge of the screen, as on a phone. The focus stays where it
// is. This file does not know how an answer is drawn.

import { page } from "./page.js";
import { watch } from "./vue.js";

/**
 * Scrolls when a question is sent, and once more when its first words come. It never scrolls after that, so that nobody
 * who reads loses the place.
 */
export function keepAnswerInView() {
  const moment = () => {
    const [turn] = page.turns;
    return turn && `${turn.id} ${turn.answer || turn.lines.length ? "has words" : "has none"}`;
  };
  // "post": after the answer has been drawn.
  watch(moment, () => document.querySelector(".now")?.scrollIntoView({ block: "nearest" }), { flush: "post" });
}
