// The words of the page, one file a language, and how values are put into them. Knows no screen.

export async function loadWords(language) {
  const response = await fetch(new URL(`../words/${language}.json`, import.meta.url));
  if (!response.ok) throw new Error(`no words for ${language}`);
  return response.json();
}

/** "{count} before you" with {count: 2} is "2 before you". */
export function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Two sentences; Chinese has no space between them. */
export function joined(one, other) {
  return /[。！？]$/.test(one) ? one + other : `${one} ${other}`;
}

/** A number as the language writes it, with at most so many digits behind the point. */
export function number(value, tag, digits = 0) {
  return new Intl.NumberFormat(tag, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

export function clock(date, tag) {
  return new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date);
}

/** The `lang` of a text somebody or something wrote, so that a screen reader takes the right voice. */
export function languageOf(text, otherwise) {
  if (/[\u3400-\u9fff]/.test(text)) return "zh-CN";
  return otherwise === "zh" ? "en" : otherwise;
}
