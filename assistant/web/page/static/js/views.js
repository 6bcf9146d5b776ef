// Draws small parts that several views use.

import { page } from "./page.js";
import { h } from "./vue.js";
import { clock, filled, joined } from "./words.js";

const PATHS = {
  camera: "M4 8h3l2-3h6l2 3h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zm8 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  image: "M4 5h16v14H4zm0 11 5-5 4 4 3-3 4 4M15.500 8.500h.01",
  microphone: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  send: "M4 12h14M12 6l6 6-6 6",
  text: "M5 6h14M5 10h14M5 14h14M5 18h8",
  stop: "M6 6h12v12H6z",
  sound: "M4 10v4h4l5 4V6l-5 4zM16 9a4 4 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11",
};

export function icon(name) {
  return h("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: PATHS[name] }));
}

/** A button that keeps the focus while it has nothing to do; a `disabled` button would lose it. */
export function button(label, { kind = "outline-primary", idle = false, press, ...rest }, iconName) {
  return h(
    "button",
    {
      type: "button",
      class: `btn btn-${kind}`,
      "aria-disabled": idle ? "true" : null,
      onClick: (event) => (idle ? event.preventDefault() : press?.()),
      ...rest,
    },
    [iconName && icon(iconName), h("span", label)],
  );
}

/** The place for an alert. It always exists, so that a screen reader notices when an alert is put in. */
export function alertBox(place) {
  const failure = page.problems[place];
  const { errors } = page.words;
  return h("div", { class: "alert-place", role: "alert", id: `${place}-problem` }, [
    failure &&
      h("div", { class: "alert alert-danger d-flex flex-wrap gap-3 align-items-start", key: "problem" }, [
        h("p", { class: "flex-grow-1 m-0" }, [
          sentenceOf(failure, page.words),
          ["no_picture", "no_camera_yet"].includes(failure.code) &&
            h("button", { type: "button", class: "btn btn-link alert-link", id: "to-picture", onClick: goToPicture }, errors.to_picture),
          failure.status === 401 && h("a", { class: "alert-link ms-2", href: `/login?lang=${page.language}` }, errors.login),
        ]),
        h("button", {
          type: "button",
          class: "btn-close",
          "aria-label": errors.close,
          onClick: (event) => {
            page.problems[place] = null;
            // The button goes away, so its panel gets the focus, which would otherwise go back to the top of the page.
            event.currentTarget.closest("section").querySelector("h2").focus();
          },
        }),
      ]),
  ]);
}

/** Leads to the control that gets a picture, whichever source is chosen. */
function goToPicture() {
  document.querySelector("#picture-heading").scrollIntoView({ block: "start" });
  document.querySelector("#file, #shutter").focus({ preventScroll: true });
}

/**
 * The sentence for a failure, in the page's language if there are words for it. Otherwise it is the server's own
 * message, which already says when to come back.
 */
function sentenceOf({ code, status, message, retryAfterSeconds, values }, { errors }) {
  const ours = errors.codes[code] ?? errors.server[code] ?? errors.statuses[status];
  if (!ours) return message.charAt(0).toUpperCase() + message.slice(1).replace(/([^.!?。！？])$/, "$1.");
  const said = filled(ours, values);
  return retryAfterSeconds && status === 429 ? joined(said, filled(errors.retry, { seconds: retryAfterSeconds })) : said;
}

/** Tells where the picture is from and when it was taken. `kind` is "about" (a full sentence) or "caption". */
export function wordsAbout(picture, kind) {
  return filled(page.words.picture[kind][picture.source], {
    name: picture.name,
    time: clock(picture.takenAt, page.words.tag),
  });
}
