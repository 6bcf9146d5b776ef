// Draws the inspection round that is under way: where it is, what is awaited, each station with its result, and the notes.

import { page } from "./page.js";
import { h } from "./vue.js";
import { filled, languageOf } from "./words.js";

export function RoundPanel() {
  const { round } = page;
  if (!round) return null;
  const words = page.words.round;
  const count = round.stations.length;
  const done = round.stations.filter(({ state }) => state !== "open").length;
  return h("section", { class: "panel round", "aria-labelledby": "round-heading" }, [
    h("h2", { id: "round-heading" }, [words.heading, " ", said(round.title, round)]),
    // Only this line is told to a screen reader by itself: with everything that changes it would never be silent.
    h("p", { id: "round-here", "aria-live": "polite", "aria-atomic": "true" }, here(round, words)),
    !round.has_ended && h("p", { id: "round-awaits" }, [filled(words.awaits, { what: words.awaited[round.awaits] }), " ", prompt(round)]),
    h("p", { class: "hint", id: "round-done" }, filled(words.done, { done, count })),
    // `role` is given, because a list without its numbers is no list for some screen readers.
    h("ol", { class: "stations", role: "list" }, round.stations.map((station, place) => stationItem(station, place + 1, round))),
    round.notes.length > 0 && h("h3", words.notes),
    round.notes.length > 0 && h("ul", { id: "round-notes" }, round.notes.map((note, key) => noteItem(note, key, round))),
    page.status?.journal && journalLink(round, words),
  ]);
}

function here(round, words) {
  if (round.has_ended) return words.ended;
  if (round.station === null) return words.none_open;
  const { name } = round.stations[round.station - 1];
  return filled(words.here, { number: round.station, count: round.stations.length, name });
}

function prompt(round) {
  return h("q", { class: "prompt", lang: languageOf(round.prompt, round.language) }, round.prompt);
}

function stationItem(station, number, round) {
  const words = page.words.round;
  const current = number === round.station ? "step" : null;
  return h("li", { key: number, "data-state": station.state, "aria-current": current }, [
    h("p", { class: "station" }, [
      h("span", { class: "station-name" }, [`${number}. `, said(station.name, round)]),
      " ",
      h("span", { class: "station-state" }, statesOf(station, words).join(words.between)),
    ]),
    ...facts(station, words).map(([kind, text]) => h("p", { class: `hint ${kind}`, key: kind }, text)),
    station.reason && h("p", { class: "hint reason" }, [`${words.reason} `, said(station.reason, round)]),
  ]);
}

function statesOf({ state, is_doubtful }, words) {
  return is_doubtful && state !== "doubtful" ? [words.states[state], words.states.doubtful] : [words.states[state]];
}

/** The value, its limits, and what the camera has read where that is something else. */
function facts(station, words) {
  const { value, reading } = station;
  return [
    value && ["value", filled(words.value, { value: withUnit(value, station, words) })],
    ["limits", limits(station, words)],
    reading && reading !== value && ["reading", filled(words.reading, { reading: withUnit(reading, station, words) })],
  ].filter((fact) => fact && fact[1]);
}

function withUnit(value, { answer, unit }, words) {
  if (answer === "yes/no") return words.answers[value] ?? value;
  return unit ? `${value} ${unit}` : value;
}

function limits(station, words) {
  const { low, high, right } = station;
  const shown = (limit) => withUnit(String(limit), station, words);
  if (low !== null && high !== null) return filled(words.limits.both, { low, high: shown(high) });
  if (low !== null) return filled(words.limits.low, { low: shown(low) });
  if (high !== null) return filled(words.limits.high, { high: shown(high) });
  return right.length > 0 ? filled(words.limits.right, { right: right.map(shown).join(words.between) }) : "";
}

function noteItem({ station, text }, key, round) {
  return h("li", { key }, [said(station, round), page.words.round.colon, said(text, round)]);
}

function said(text, round) {
  return h("span", { lang: languageOf(text, round.language) }, text);
}

function journalLink(round, words) {
  const query = new URLSearchParams({ lang: page.language, round: round.id });
  return h("p", h("a", { href: `/journal?${query}`, id: "round-journal" }, words.journal));
}
