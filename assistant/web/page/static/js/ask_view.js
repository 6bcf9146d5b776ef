// Draws the field for a typed question, the button for a spoken one, and the button that stops everything.

import { ask, pressMicrophone, read, stop } from "./conversation.js";
import { isAnswering, page, setAloud } from "./page.js";
import { h } from "./vue.js";
import { alertBox, button } from "./views.js";
import { filled, joined, number } from "./words.js";

export function AskPanel() {
  const { ask: words } = page.words;
  const submit = (event) => {
    event.preventDefault();
    ask();
  };
  return h("section", { class: "panel", "aria-labelledby": "ask-heading" }, [
    h("h2", { id: "ask-heading", class: "visually-hidden", tabindex: -1 }, words.heading),
    h("form", { onSubmit: submit }, [
      h("label", { class: "question-label", for: "question" }, words.question),
      h("div", { class: "question-row" }, [
        h("input", {
          id: "question",
          class: "form-control form-control-lg",
          type: "text",
          autocomplete: "off",
          enterkeyhint: "send",
          maxlength: page.longestQuestion,
          "aria-describedby": page.status?.journal ? "ask-hint journal-note" : "ask-hint",
          value: page.question,
          onInput: ({ target }) => (page.question = target.value),
        }),
        button(words.ask, { kind: "primary", type: "submit", id: "ask", press: null }, "send"),
        button(words.read, { kind: "outline-primary", id: "read", press: read }, "text"),
      ]),
      h("div", { class: "buttons" }, [microphone(words), stopButton(words), recordingNow(words)]),
      aloud(words),
      h("p", { class: "hint", id: "ask-hint" }, [joined(words.hint, ""), h("span", { class: "for-keys" }, words.keys)]),
    ]),
    journalNote(),
    alertBox("ask"),
  ]);
}

/** Whoever asks is told that questions are recorded, and who else gets the records. */
function journalNote() {
  const journal = page.status?.journal;
  if (!journal) return null;
  const { journal: words } = page.words;
  const hosts = journal.records_go_to.join(", ");
  return h("div", { class: "journal-note" }, [
    h("p", { class: "note", id: "journal-note" }, [
      journal.pictures ? words.kept_with_pictures : words.kept,
      hosts && joined("", filled(words.records_leave, { hosts })),
    ]),
    h("p", h("a", { href: `/journal?lang=${page.language}`, id: "journal-link" }, words.open)),
  ]);
}

function microphone(words) {
  const { recording } = page;
  return button(
    recording ? words.send : words.speak,
    { kind: recording ? "primary" : "outline-primary", id: "microphone", press: pressMicrophone },
    recording ? "send" : "microphone",
  );
}

function recordingNow(words) {
  if (!page.recording) return null;
  const { level, seconds } = page.recording;
  return h("span", { class: "recording" }, [
    h("span", { class: "level", "aria-hidden": "true" }, h("span", { style: { transform: `scaleX(${Math.sqrt(level)})` } })),
    filled(words.recording, { seconds: number(seconds, page.words.tag) }),
  ]);
}

function stopButton(words) {
  const idle = !page.recording && !isAnswering() && !page.sounding;
  return button(page.recording ? words.discard : words.stop, { kind: "outline-danger", id: "stop", idle, press: stop }, "stop");
}

function aloud(words) {
  return h("div", { class: "form-check aloud" }, [
    h("input", {
      class: "form-check-input",
      type: "checkbox",
      id: "aloud",
      checked: page.aloud,
      onChange: ({ target }) => setAloud(target.checked),
    }),
    h("label", { class: "form-check-label", for: "aloud" }, words.aloud),
  ]);
}
