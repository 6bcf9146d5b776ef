// Asks for the browser's camera and microphone, and turns the browser's errors into codes of our own.

import { Failure } from "./api.js";

/** `what` is "camera" or "microphone". Throws a Failure whose code begins with that word. */
export async function borrow(what, constraints) {
  if (!navigator.mediaDevices) throw new Failure("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    const reasons = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "missing", OverconstrainedError: "missing" };
    throw new Failure(`${what}_${reasons[error.name] ?? "failed"}`);
  }
}

export function borrowCamera() {
  // If a phone has two cameras, this asks for the rear one. Print is read from this picture, so it has to be large.
  return borrow("camera", { video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } } });
}
