// Draws the picture panel: the choice of the source, the picture, and the button that gets one.

import { page } from "./page.js";
import { changeSource, chooseFile, pressShutter, turnCameraOff } from "./picture.js";
import { h } from "./vue.js";
import { SampleChoice, SampleQuestions } from "./samples_view.js";
import { alertBox, button, icon, wordsAbout } from "./views.js";
import { filled } from "./words.js";

export function PicturePanel() {
  return h("section", { class: "panel", "aria-labelledby": "picture-heading" }, [
    h("h2", { id: "picture-heading", tabindex: -1 }, page.words.picture.heading),
    leaving(),
    page.status?.is_demo && h("p", { class: "demo", id: "demo-note" }, page.words.status.demo),
    sources(),
    hasNoCamera() && h("p", { class: "hint", id: "no-camera" }, page.words.picture.no_camera),
    h("div", { class: ["view", viewState()] }, shown()),
    page.picture && h("p", { class: "caption" }, wordsAbout(page.picture, "caption")),
    h(SampleQuestions),
    h("div", { class: "buttons" }, page.source === "file" ? fileButton() : cameraButtons()),
    page.source === "file" && h("p", { class: "hint for-keys", id: "drop-hint" }, page.words.picture.drop),
    alertBox("picture"),
  ]);
}

function viewState() {
  const wasAskedAbout = page.turns.length > 0 && page.turns[0].picture.url === page.picture?.url;
  return { empty: !page.picture && !page.camera, dropping: page.dropping, compact: wasAskedAbout || page.picture?.sample };
}

/** If another computer answers, the user is told so before the picture goes there. */
function leaving() {
  const host = page.status?.pictures_go_to;
  return host && h("p", { class: "demo", id: "leaving" }, filled(page.words.status.pictures_leave, { host }));
}

/** The server has answered, and has no camera. */
function hasNoCamera() {
  return page.status?.has_camera === false;
}

function sources() {
  const { picture } = page.words;
  return h("fieldset", { class: "segments" }, [
    h("legend", { class: "visually-hidden" }, picture.source),
    ...["server", "browser", "file"].map((source) =>
      h("div", { key: source }, [
        h("input", {
          type: "radio",
          name: "source",
          id: `source-${source}`,
          value: source,
          checked: page.source === source,
          disabled: source === "server" && !page.status?.has_camera,
          "aria-describedby": source === "server" && hasNoCamera() ? "no-camera" : null,
          // Keys cause a click as well, and a click also tells when the chosen source is chosen again.
          onClick: () => changeSource(source),
        }),
        h("label", { for: `source-${source}` }, picture.sources[source]),
      ]),
    ),
  ]);
}

function shown() {
  if (page.camera) {
    return h("video", {
      id: "live-view",
      key: "live",
      srcObject: page.camera,
      autoplay: true,
      muted: true,
      playsinline: true,
      "aria-label": page.words.picture.live,
    });
  }
  if (page.picture) return h("img", { key: "picture", src: page.picture.url, alt: wordsAbout(page.picture, "about") });
  return h("div", { key: "none", class: "none" }, [h("p", [icon("image"), page.words.picture.none]), h(SampleChoice)]);
}

function cameraButtons() {
  const { picture } = page.words;
  const isOff = page.source === "browser" && !page.camera;
  const label = isOff ? picture.turn_on : page.picture ? picture.take_new : picture.take;
  return [
    button(label, { id: "shutter", idle: page.busyWithPicture, press: pressShutter }, "camera"),
    page.camera &&
      button(picture.turn_off, {
        kind: "outline-secondary",
        press: () => {
          document.querySelector("#shutter").focus(); // because this button goes away with the live view
          turnCameraOff();
        },
      }),
  ];
}

function fileButton() {
  const { picture } = page.words;
  return [
    h("input", {
      type: "file",
      id: "file",
      class: "visually-hidden",
      accept: "image/*",
      "aria-describedby": "drop-hint",
      onChange: ({ target }) => {
        const [file] = target.files;
        chooseFile(file, file?.name);
        target.value = ""; // so that the same file can be chosen again
      },
    }),
    h("label", { for: "file", class: "btn btn-outline-primary" }, [
      icon("image"),
      h("span", page.picture ? picture.choose_new : picture.choose),
    ]),
  ];
}
