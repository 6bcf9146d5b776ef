// Draws the head of the page and the panel with SeeSay's own status.

import { page } from "./page.js";
import { Plots } from "./plot_view.js";
import { h } from "./vue.js";
import { filled, languageOf, number } from "./words.js";

export function PageHead({ switchLanguage }) {
  const { words } = page;
  return h("header", { class: "head" }, [
    h("a", { class: "skip", href: "#question" }, words.skip),
    h("div", { class: "brand" }, [
      h("img", { src: new URL("../icon.svg", import.meta.url).pathname, alt: "", width: 40, height: 40 }),
      h("div", [h("h1", words.brand), h("p", words.tagline)]),
    ]),
    chip(words),
    h("nav", { "aria-label": words.language_switch }, [
      h(
        "ul",
        { class: "languages" },
        page.languages.map(({ code, name, tag }) =>
          h("li", { key: code }, [
            h(
              "a",
              {
                href: `?lang=${code}`,
                lang: tag,
                hreflang: tag,
                "aria-current": code === page.language ? "true" : null,
                onClick: (event) => {
                  event.preventDefault(); // so that the page is not loaded again and the conversation stays
                  switchLanguage(code);
                },
              },
              name,
            ),
          ]),
        ),
      ),
    ]),
  ]);
}

function chip(words) {
  const state = page.connected ? (page.status?.state ?? "away") : "away";
  return h("p", { class: "chip", "data-state": state }, [
    h("span", { class: "dot", "aria-hidden": "true" }),
    h("span", { class: "visually-hidden" }, words.status.now),
    " ",
    words.status.states[state] ?? state,
  ]);
}

export function StatusPanel() {
  const { status: words, tag } = page.words;
  const status = page.status ?? {};
  // What is not measured here has no row.
  const measured = (term, value, digits, unit) => value != null && [term, `${number(value, tag, digits)} ${unit}`];
  const said = (text) => (text ? h("span", { lang: languageOf(text, status.language) }, text) : words.nothing_yet);
  const size = (words, [width, height]) => filled(words, { width, height });
  const rows = [
    [words.last_question, said(status.last_question)],
    [words.last_answer, said(status.last_answer)],
    measured(words.power, status.power_watts, 1, "W"),
    measured(words.temperature, status.temperature_celsius, 0, "°C"),
    measured(words.memory, status.memory_bytes == null ? null : status.memory_bytes / 1e9, 1, "GB"),
    status.camera_pixels && [words.camera, size(words.camera_value, status.camera_pixels)],
    status.queue && [words.queue, filled(words.queue_value, status.queue)],
    [words.model, status.model ?? ""],
    [words.version, status.version ?? ""],
  ].filter(Boolean);
  return h("section", { class: "panel", "aria-labelledby": "status-heading" }, [
    h("h2", { id: "status-heading" }, words.heading),
    status.engine_away && h("p", filled(words.engine_away, { host: status.engine_away })),
    h("dl", { class: "facts" }, rows.map(([term, value]) => h("div", { key: term }, [h("dt", term), h("dd", [value])]))),
    h(Plots),
  ]);
}
