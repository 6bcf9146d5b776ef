// Makes a JPEG of sensible size from a file or a video element. This file does not know what is shown.

import { Failure } from "./api.js";

const LONGEST_SIDE = 2048; // pixels: more than the model ever sees, and less than a server accepts
const QUALITY = 0.92;

/** The file itself if it is small enough, or a smaller copy. The browser turns a phone's picture upright. */
export async function photoOfFile(file, name) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) throw new Failure("not_a_picture", { values: { name } });
  const known = ["image/jpeg", "image/png"].includes(file.type);
  if (known && Math.max(bitmap.width, bitmap.height) <= LONGEST_SIDE && file.size <= 4_000_000) return file;
  return drawn(bitmap, bitmap.width, bitmap.height);
}

export async function photoOfVideo(video) {
  if (!video?.videoWidth) throw new Failure("no_camera_yet");
  return drawn(video, video.videoWidth, video.videoHeight);
}

function drawn(source, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // for the transparent parts, because JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Failure("camera_failed"))), "image/jpeg", QUALITY);
  });
}
