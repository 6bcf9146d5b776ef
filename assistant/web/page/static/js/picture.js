// The picture that the questions are about: from SeeSay's camera, from the browser's, or from a file.
// Questions are always about the picture that is shown.

import * as api from "./api.js";
import { borrowCamera } from "./devices.js";
import { announce, forgetPicture, page, tellProblem } from "./page.js";
import { photoOfFile, photoOfVideo } from "./photo.js";
import { chooseSource } from "./status.js";
import { markRaw } from "./vue.js";

/** The picture on the page, or else a new one from the chosen camera. Throws a Failure if there is none. */
export async function pictureToAskAbout() {
  if (page.picture) return page.picture;
  if (page.source === "file") throw new api.Failure("no_picture");
  await take();
  return page.picture;
}

export function changeSource(source) {
  const isSame = source === page.source;
  // Called even for the source that the page began with, so that the first status no longer changes it.
  chooseSource(source);
  if (isSame) return;
  page.problems.picture = null;
  turnCameraOff();
  page.picture = null;
}

/** Called by the button of the camera sources: turns the browser's camera on, or takes a picture. */
export function pressShutter() {
  const isOff = page.source === "browser" && !page.camera;
  return showingProblems(isOff ? turnCameraOn : take);
}

export function chooseFile(file, name) {
  if (!file) return;
  return showingProblems(async () => {
    const photo = await photoOfFile(file, name);
    turnCameraOff();
    chooseSource("file");
    show(photo, "file", name);
  });
}

/** `shown` is the name of the sample as the page shows it. */
export function chooseSample(name, shown) {
  return showingProblems(async () => {
    const blob = await api.sample(name);
    turnCameraOff();
    chooseSource("file");
    show(blob, "file", shown, name);
  });
}

export function turnCameraOff() {
  page.camera?.getTracks().forEach((track) => track.stop());
  page.camera = null;
}

async function turnCameraOn() {
  page.camera = markRaw(await borrowCamera());
  page.picture = null;
}

async function take() {
  if (page.source === "server") {
    show(await api.serverPicture(), "server");
    return;
  }
  const photo = await photoOfVideo(document.querySelector("#live-view"));
  turnCameraOff(); // so that its light goes out and it takes no power during the answer
  show(photo, "browser");
}

function show(blob, source, name = "", sample = null) {
  const previous = page.picture;
  page.picture = { blob: markRaw(blob), url: URL.createObjectURL(blob), source, name, takenAt: new Date(), conversation: null, sample };
  announce(page.words.picture.new);
  if (previous) forgetPicture(previous);
}

async function showingProblems(work) {
  if (page.busyWithPicture) return;
  page.busyWithPicture = true;
  page.problems.picture = null;
  try {
    await work();
  } catch (error) {
    await tellProblem("picture", error instanceof api.Failure ? error : new api.Failure("camera_failed"));
  } finally {
    page.busyWithPicture = false;
  }
}
