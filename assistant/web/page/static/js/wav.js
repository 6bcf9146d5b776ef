// Turns samples into the WAV file that the server wants: 16 kHz, mono, 16 bits. These are pure functions.

export const RATE_HZ = 16000;
const HALF_WIDTH = 12; // zero crossings of the filter on each side; with 12 nothing folds back into speech

/** Resamples with a windowed sinc. Some browsers convert linearly, and others refuse to convert. */
export function resampled(samples, fromHz, toHz) {
  if (fromHz === toHz) return samples;
  const step = fromHz / toHz;
  // A share of the source's Nyquist frequency. The remaining 8 % leave room for the filter's slope.
  const cutoff = 0.92 * Math.min(1, 1 / step);
  const reach = HALF_WIDTH / cutoff;
  const output = new Float32Array(Math.floor(samples.length / step));
  for (let i = 0; i < output.length; i++) {
    const centre = i * step;
    const last = Math.min(samples.length - 1, Math.floor(centre + reach));
    let sum = 0;
    for (let k = Math.max(0, Math.ceil(centre - reach)); k <= last; k++) {
      const distance = k - centre;
      const x = Math.PI * cutoff * distance;
      const hann = 0.5 + 0.5 * Math.cos((Math.PI * distance) / reach);
      sum += samples[k] * (x === 0 ? 1 : Math.sin(x) / x) * hann;
    }
    output[i] = sum * cutoff;
  }
  return output;
}

/** A RIFF file of 16-bit samples, as a blob. */
export function wavOf(samples, rateHz) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (offset, letters) => [...letters].forEach((letter, i) => view.setUint8(offset + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // mono
  view.setUint32(24, rateHz, true);
  view.setUint32(28, 2 * rateHz, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => view.setInt16(44 + 2 * i, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return new Blob([view.buffer], { type: "audio/wav" });
}
