// The page's words in its language, and how that language writes times and counts.

export const language = document.documentElement.lang;
const words = await (await fetch(`/static/words.${language}.json`)).json();
// The browser's own kind of English or French: it knows about 24 hours and the order of day and month.
const locale = navigator.languages.find((one) => one.startsWith(language)) ?? language;
const plural = new Intl.PluralRules(locale);
const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const whole = new Intl.DateTimeFormat(locale, {
  weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

export const say = (name, values = {}) =>
  Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), words[name] ?? name);

export const size = ({ encoding, parts }) => `${encoding} · ${say(`part_${plural.select(parts)}`, { n: parts })}`;

export const clock = (at) => hour.format(at);
export const date = (at) => day.format(at);
export const instant = (at) => whole.format(at);
