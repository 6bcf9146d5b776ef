// Runs in the audio thread: hands each block of the microphone's samples to the page, and does nothing else.
registerProcessor(
  "seesay-recorder",
  class extends AudioWorkletProcessor {
    process([[channel]]) {
      if (channel) this.port.postMessage(channel.slice());
      return true;
    }
  },
);
