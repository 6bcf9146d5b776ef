// Draws small plots of the last ten minutes: watts, °C and the queue, where they are measured. Only what was measured while
// the page was open is in them.

import { HISTORY_SECONDS, page } from "./page.js";
import { h } from "./vue.js";
import { filled, number } from "./words.js";

const [WIDTH, HEIGHT] = [240, 40]; // units of the drawing, which is stretched to the width of its panel

export function Plots() {
  const { status: words, tag } = page.words;
  const { history } = page;
  const isMeasured = history.some(({ watts, celsius }) => watts !== null || celsius !== null);
  if (!isMeasured) return null;
  const plots = [
    ["watts", words.power, 1, "W"],
    ["celsius", words.temperature, 0, "°C"],
    ["queue", words.queue, 0, ""],
  ];
  return h("div", { class: "plots" }, plots.map(([key, name, digits, unit]) => plot(key, name, (value) => `${number(value, tag, digits)} ${unit}`.trim())));
}

function plot(key, name, shown) {
  const points = page.history.filter((point) => point[key] !== null);
  if (points.length < 2) return null;
  const values = points.map((point) => point[key]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const now = page.history.at(-1).seconds;
  const x = ({ seconds }) => WIDTH * (1 - (now - seconds) / HISTORY_SECONDS);
  const y = (point) => (high > low ? (HEIGHT - 4) * (1 - (point[key] - low) / (high - low)) + 2 : HEIGHT / 2);
  const path = points.map((point) => `${x(point).toFixed(1)},${y(point).toFixed(1)}`).join(" ");
  const range = low < high ? page.words.status.plot : page.words.status.plot_flat;
  return h("figure", { key, id: `plot-${key}` }, [
    h("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, h("polyline", { points: path })),
    h("figcaption", filled(range, { name, low: shown(low), high: shown(high) })),
  ]);
}
