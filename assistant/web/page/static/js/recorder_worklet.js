// Runs in the audio thread. It only hands each block of the microphone's samples to the page.
registerProcessor(
  "seesay-recorder",
  class extends AudioWorkletProcessor {
    process([[channel]]) {
      if (channel) this.port.postMessage(channel.slice());
      return true;
    }
  },
);
