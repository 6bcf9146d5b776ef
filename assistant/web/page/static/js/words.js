// Loads the words of the page, one file for each language, and puts values into them. This file does not know what is
// shown.

export async function loadWords(language) {
  const response = await fetch(new URL(`../words/${language}.json`, import.meta.url));
  if (!response.ok) throw new Error(`no words for ${language}`);
  return response.json();
}

/** Puts values into a template: "{count} before you" with {count: 2} becomes "2 before you". */
export function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Joins two sentences. In Chinese there is no space between them. */
export function joined(one, other) {
  return /[。！？]$/.test(one) ? one + other : `${one} ${other}`;
}

/** A number as the language writes it, with `digits` digits after the point. */
export function number(value, tag, digits = 0) {
  return new Intl.NumberFormat(tag, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

export function clock(date, tag) {
  return new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date);
}

/** The `lang` of a text that a user or a model wrote, so that a screen reader uses the right voice. */
export function languageOf(text, otherwise) {
  if (/[\u3400-\u9fff]/.test(text)) return "zh-CN";
  return otherwise === "zh" ? "en" : otherwise;
}
