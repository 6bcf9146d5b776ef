// Draws the newest answer, in large letters, and the earlier questions.

import { copy } from "./clipboard.js";
import { sayAgain } from "./conversation.js";
import { announce, page } from "./page.js";
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
    turn.isAnew && h("p", { class: "note anew" }, words.anew),
    turn.isUnsure && h("p", { class: "note" }, words.unsure),
    turn.advice && h("p", { class: "note", lang: languageOf(turn.advice, page.status?.language) }, turn.advice),
    turn.lines.length > 0 && printed(turn, words),
    turn.answer && !turn.lines.length && h("p", { class: ["answer", { growing: turn.state === "answering" }], lang: languageOf(turn.answer, page.status?.language) }, turn.answer),
    stateOf(turn, words),
    (turn.sounds.length > 0 || turn.timing || canBeCopied(turn)) &&
      h("div", { class: "after" }, [
        turn.sounds.length > 0 && button(words.again, { kind: "sm btn-outline-secondary", press: () => sayAgain(turn) }, "sound"),
        canBeCopied(turn) && button(turn.isCopied ? words.copied : words.copy, { kind: "sm btn-outline-secondary", press: () => copyAnswer(turn) }, "copy"),
        turn.timing && h("details", { class: "hint" }, [h("summary", words.details), h("p", { class: "m-0" }, timingOf(turn, words))]),
      ]),
  ];
}

function canBeCopied({ state, answer, lines }) {
  return ["done", "stopped", "failed"].includes(state) && Boolean(answer || lines.length);
}

/** Copies the answer, or the lines of print as they stand on the page, without the marks of doubt. */
async function copyAnswer(turn) {
  const text = turn.lines.length ? turn.lines.map((line) => line.text).join("\n") : turn.answer;
  turn.isCopied = await copy(text);
  announce(turn.isCopied ? page.words.answer.copied : page.words.answer.not_copied);
}

/** The lines of print as text to copy: a line below the other, and paragraphs apart. */
function printed({ lines, state }, words) {
  const paragraphs = [];
  lines.forEach((line, index) => {
    if (!index || line.paragraph !== lines[index - 1].paragraph) paragraphs.push([]);
    paragraphs.at(-1).push(line);
  });
  return h(
    "div",
    { class: ["answer", "printed", { growing: state === "answering" }] },
    paragraphs.map((paragraph, number) => h("p", { key: number }, paragraph.map((line, index) => printedLine(line, index, words)))),
  );
}

function printedLine({ text, is_doubtful }, index, words) {
  const { tag } = page.words;
  return h("span", { class: "line", key: index }, [
    !text && h("span", { class: "unreadable", lang: tag }, words.unreadable),
    text && h("span", { class: { doubtful: is_doubtful }, lang: languageOf(text, page.status?.language) }, text),
    // It is read by screen readers and seen, and left out of what is copied.
    text && is_doubtful && h("span", { class: "doubt", lang: tag }, ` ${words.not_sure}`),
  ]);
}

function stateOf(turn, words) {
  const text = {
    sending: words.sending,
    queued: filled(words.queued, { count: turn.ahead }),
    seeing: words.seeing,
    finding: words.finding,
    stopped: words.stopped,
    failed: words.failed,
  }[turn.state];
  const isWaiting = !["stopped", "failed"].includes(turn.state);
  return text && h("p", { class: ["state", { waiting: isWaiting }] }, text);
}

function timingOf({ lines, timing: { first, total, tokens } }, words) {
  const { tag } = page.words;
  if (lines.length) {
    const seconds = { first: number(first, tag, 1), total: number(total, tag, 1) };
    return filled(words.read_timing, { ...seconds, lines: number(lines.length, tag) });
  }
  return filled(words.timing, { first: number(first, tag, 1), total: number(total, tag, 1), tokens: number(tokens, tag) });
}
