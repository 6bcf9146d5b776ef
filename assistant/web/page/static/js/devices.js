// The browser's camera and microphone: asking for them, and what can go wrong in words of ours.

import { Failure } from "./api.js";

/** `what` is "camera" or "microphone"; throws a Failure whose code begins with it. */
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
  // A phone's rear camera, where there are two.
  return borrow("camera", { video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } } });
}
