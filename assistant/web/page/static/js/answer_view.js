// Draws the newest answer, in large letters, and the earlier questions.

import { sayAgain } from "./conversation.js";
import { page } from "./page.js";
import { h } from "./vue.js";
import { button, wordsAbout } from "./views.js";
import { filled, languageOf, number } from "./words.js";

export function AnswerPanel() {
  const [turn] = page.turns;
  const { answer } = page.words;
  return h("section", { class: "panel", "aria-labelledby": "answer-heading" }, [
    h("h2", { id: "answer-heading" }, answer.heading),
    turn ? h("div", { class: "now", key: turn.id }, parts(turn)) : h("p", { class: "hint" }, answer.none),
  ]);
}

export function EarlierPanel() {
  const [, ...earlier] = page.turns;
  if (!earlier.length) return null;
  const { answer } = page.words;
  return h("section", { class: "panel", "aria-labelledby": "earlier-heading" }, [
    h("h2", { id: "earlier-heading" }, answer.earlier),
    h(
      "ol",
      { class: "earlier", reversed: true },
      earlier.map((turn) =>
        h("li", { key: turn.id }, [
          h("img", {
            src: turn.picture.url,
            alt: filled(answer.earlier_picture, { caption: wordsAbout(turn.picture, "caption") }),
          }),
          h("div", parts(turn)),
        ]),
      ),
    ),
  ]);
}

function parts(turn) {
  const { answer: words } = page.words;
  return [
    h("p", { class: "asked", lang: turn.question ? languageOf(turn.question, page.status?.language) : null }, [
      h("span", { class: "visually-hidden", lang: page.words.tag }, `${words.you}: `),
      turn.question || words.spoken_question,
    ]),
    turn.isUnsure && h("p", { class: "note" }, words.unsure),
    turn.advice && h("p", { class: "note", lang: languageOf(turn.advice, page.status?.language) }, turn.advice),
    turn.answer && h("p", { class: ["answer", { growing: turn.state === "answering" }], lang: languageOf(turn.answer, page.status?.language) }, turn.answer),
    stateOf(turn, words),
    (turn.sounds.length > 0 || turn.timing) &&
      h("div", { class: "after" }, [
        turn.sounds.length > 0 && button(words.again, { kind: "sm btn-outline-secondary", press: () => sayAgain(turn) }, "sound"),
        turn.timing && h("span", { class: "hint" }, timingOf(turn.timing, words)),
      ]),
  ];
}

function stateOf(turn, words) {
  const text = {
    sending: words.sending,
    queued: filled(words.queued, { count: turn.ahead }),
    seeing: words.seeing,
    stopped: words.stopped,
    failed: words.failed,
  }[turn.state];
  const isWaiting = !["stopped", "failed"].includes(turn.state);
  return text && h("p", { class: ["state", { waiting: isWaiting }] }, text);
}

function timingOf({ first, total, tokens }, words) {
  const { tag } = page.words;
  return filled(words.timing, { first: number(first, tag, 1), total: number(total, tag, 1), tokens: number(tokens, tag) });
}
