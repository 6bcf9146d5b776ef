// Draws the sample pictures, for whoever has none yet, and the questions that can be asked about them with one press.

import { sampleAddress } from "./api.js";
import { askAbout } from "./conversation.js";
import { page } from "./page.js";
import { chooseSample } from "./picture.js";
import { h, nextTick } from "./vue.js";
import { button } from "./views.js";

const NAMES = ["shapes", "sign", "stars"];

export function SampleChoice() {
  const { samples: words } = page.words;
  return h("div", { class: "samples" }, [
    h("p", { id: "samples-hint" }, words.hint),
    h(
      "ul",
      { "aria-labelledby": "samples-hint" },
      NAMES.map((name) =>
        h("li", { key: name }, [
          h("button", { type: "button", id: `sample-${name}`, class: "sample", onClick: () => choose(name) }, [
            h("img", { src: sampleAddress(name), alt: "", width: 96, height: 96 }),
            h("span", words.names[name]),
          ]),
        ]),
      ),
    ),
  ]);
}

/** The button that was pressed goes away, so the first question gets its focus. */
async function choose(name) {
  await chooseSample(name, page.words.samples.names[name]);
  await nextTick();
  document.querySelector(".sample-questions button")?.focus({ preventScroll: true });
}

export function SampleQuestions() {
  const name = page.picture?.sample;
  if (!name) return null;
  // The demo model knows English alone.
  const words = page.status?.is_demo ? page.english : page.words;
  return h("div", { class: "sample-questions" }, [
    h("p", { id: "sample-questions-hint" }, page.words.samples.ask),
    h(
      "div",
      { class: "buttons", role: "group", "aria-labelledby": "sample-questions-hint" },
      words.samples.questions[name].map((question) =>
        button(question, { key: question, lang: words.tag, kind: "outline-primary", press: () => askAbout(question) }, "send"),
      ),
    ),
  ]);
}
