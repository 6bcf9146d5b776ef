// Records from the browser's microphone into a WAV file. This file does not know what is shown.

import { Failure } from "./api.js";
import { borrow } from "./devices.js";
import { RATE_HZ, resampled, wavOf } from "./wav.js";

export const LONGEST_SECONDS = 30;
const SHORTEST_SECONDS = 0.3;

/** Starts recording. `heard(level, seconds)` is called several times a second, `full()` at the longest length. */
export async function startRecording({ heard, full }) {
  const stream = await borrow("microphone", { audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
  const context = new AudioContext();
  const blocks = [];
  let count = 0;
  let toldAt = 0;

  function close() {
    stream.getTracks().forEach((track) => track.stop());
    if (context.state !== "closed") context.close();
  }

  try {
    await context.audioWorklet.addModule(new URL("recorder_worklet.js", import.meta.url));
    await context.resume();
  } catch {
    close();
    throw new Failure("microphone_failed");
  }
  const worklet = new AudioWorkletNode(context, "seesay-recorder", { numberOfOutputs: 0 });
  worklet.port.onmessage = ({ data: block }) => {
    blocks.push(block);
    count += block.length;
    const seconds = count / context.sampleRate;
    if (seconds - toldAt >= 0.1) {
      toldAt = seconds;
      heard(Math.max(...block.map(Math.abs)), seconds);
    }
    if (seconds >= LONGEST_SECONDS) full();
  };
  context.createMediaStreamSource(stream).connect(worklet);

  return {
    discard: close,
    /** Ends the recording and returns it as a WAV file. */
    finish() {
      worklet.port.onmessage = null;
      close();
      if (count < SHORTEST_SECONDS * context.sampleRate) throw new Failure("too_short");
      const samples = new Float32Array(count);
      let at = 0;
      for (const block of blocks) {
        samples.set(block, at);
        at += block.length;
      }
      return wavOf(resampled(samples, context.sampleRate, RATE_HZ), RATE_HZ);
    },
  };
}
