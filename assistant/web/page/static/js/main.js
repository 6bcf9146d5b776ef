// Starts the page: its words, views and keys, dropped files, and the status that is read again and again.

import { keepAnswerInView } from "./answer_in_view.js";
import { AnswerPanel, EarlierPanel } from "./answer_view.js";
import { AskPanel } from "./ask_view.js";
import { stop } from "./conversation.js";
import { page } from "./page.js";
import { chooseFile, turnCameraOff } from "./picture.js";
import { PicturePanel } from "./picture_view.js";
import { RoundPanel } from "./round_view.js";
import { keepStatus } from "./status.js";
import { PageHead, StatusPanel } from "./status_view.js";
import { createApp, h } from "./vue.js";
import { loadWords } from "./words.js";

const PATIENCE_MS = 1000;

const Announcer = () =>
  h(
    "div",
    // The region is not atomic, so that each sentence is read once, when it is added.
    { id: "announcer", class: "visually-hidden", role: "status", "aria-live": "polite", "aria-atomic": "false" },
    page.announcements.map(({ id, text }) => h("p", { key: id }, text)),
  );

const Page = () => [
  h(PageHead, { switchLanguage }),
  h("main", { class: "grid" }, [
    h("div", { class: "column" }, [h(RoundPanel), h(PicturePanel)]),
    h("div", { class: "column" }, [h(AskPanel), h(AnswerPanel), h(EarlierPanel)]),
    h("div", { class: "column facts-column" }, [h(StatusPanel)]),
  ]),
  h(Announcer),
];

function switchLanguage(code) {
  page.words = words[code];
  page.language = code;
  document.documentElement.lang = page.words.tag;
  document.title = page.words.title;
  history.replaceState(null, "", `?lang=${code}`);
}

function pictureIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? transfer?.files?.[0];
}

function listen() {
  addEventListener("keydown", ({ key, isComposing }) => {
    if (key === "Escape" && !isComposing) stop();
  });
  addEventListener("paste", ({ clipboardData }) => {
    const file = pictureIn(clipboardData);
    if (file) chooseFile(file, page.words.picture.pasted);
  });
  // A file may be dropped anywhere, because a drop beside a small target would make the browser leave the page.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    page.dropping = true;
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) page.dropping = false;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    page.dropping = false;
    const file = pictureIn(event.dataTransfer);
    if (file) chooseFile(file, file.name);
  });
  addEventListener("pagehide", turnCameraOff);
}

const place = document.querySelector("#app");
page.language = place.dataset.language;
page.longestQuestion = Number(place.dataset.longestQuestion);
page.languages = JSON.parse(place.dataset.languages);
// The words of all languages are loaded, so that the language can be changed even while the server cannot be reached
// and its alerts are all that there is to read.
const words = Object.fromEntries(await Promise.all(page.languages.map(async ({ code }) => [code, await loadWords(code)])));
page.words = words[page.language];
page.english = words.en;
// The first status decides which source is chosen. The page waits for it, so that the choice does not change later.
await Promise.race([keepStatus(), new Promise((go) => setTimeout(go, PATIENCE_MS))]);
createApp(Page).mount(place);
keepAnswerInView();
listen();
