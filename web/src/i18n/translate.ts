/** Words with their blanks filled in, and numbers, times and sizes as the language writes them. */
import type { Key, Language, PluralKey, Words } from "./store";

export type Blanks = Record<string, string | number>;

export interface Translator {
  language: Language;
  t: (key: Key, blanks?: Blanks) => string;
  /** For keys with `.one` and `.other`; the number fills `{n}`. */
  count: (key: PluralKey, n: number, blanks?: Blanks) => string;
  /** The words under a key made at run time, if there are any. */
  find: (key: string, blanks?: Blanks) => string | undefined;
  number: (value: number) => string;
  /** With a plus or minus sign always. */
  signed: (value: number) => string;
  /** "5 minutes ago", or the date when it is longer than a week ago. */
  ago: (iso: string) => string;
  dateTime: (iso: string) => string;
  duration: (seconds: number) => string;
  /** A place in a row: "3rd". In Korean the number alone, which the words around it make a place of. */
  ordinal: (place: number) => string;
  bytes: (value: number) => string;
}

const english = new Intl.PluralRules("en", { type: "ordinal" });
const ENGLISH_ENDINGS: Record<Intl.LDMLPluralRule, string> = {
  zero: "th",
  one: "st",
  two: "nd",
  few: "rd",
  many: "th",
  other: "th",
};

export function translator(language: Language, words: Words): Translator {
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const signed = new Intl.NumberFormat(language, { signDisplay: "exceptZero" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

  const fill = (text: string, blanks: Blanks): string =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = blanks[name];
      return value === undefined ? whole : typeof value === "number" ? number.format(value) : value;
    });
  const t = (key: Key, blanks: Blanks = {}) => fill(words[key], blanks);

  return {
    language,
    t,
    count: (key, n, blanks = {}) => {
      // Exactly one is the only difference either language makes here.
      const ending = n === 1 ? "one" : "other";
      return t(`${key}.${ending}` as Key, { n, ...blanks });
    },
    find: (key, blanks = {}) => (key in words ? t(key as Key, blanks) : undefined),
    number: (value) => number.format(value),
    signed: (value) => signed.format(value),
    ago: (iso) => {
      const seconds = (Date.parse(iso) - Date.now()) / 1000;
      if (seconds < -7 * 86_400) return dateTime.format(new Date(iso));
      if (seconds < -86_400) return relative.format(Math.round(seconds / 86_400), "day");
      if (seconds < -3600) return relative.format(Math.round(seconds / 3600), "hour");
      if (seconds < -60) return relative.format(Math.round(seconds / 60), "minute");
      return t("time.just_now");
    },
    dateTime: (iso) => dateTime.format(new Date(iso)),
    duration: (seconds) => {
      const whole = Math.max(1, Math.ceil(seconds));
      if (whole < 90) return t("time.seconds", { n: whole });
      const minutes = Math.ceil(whole / 60);
      return minutes < 90
        ? t("time.minutes", { n: minutes })
        : t("time.hours", { n: Math.ceil(minutes / 60) });
    },
    ordinal: (place) =>
      number.format(place) + (language === "en" ? ENGLISH_ENDINGS[english.select(place)] : ""),
    bytes: (value) => {
      const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
      let size = value;
      let step = 0;
      while (size >= 1000 && step < units.length - 1) {
        size /= 1024;
        step += 1;
      }
      return new Intl.NumberFormat(language, {
        style: "unit",
        unit: units[step] ?? "byte",
        unitDisplay: "short",
        maximumSignificantDigits: 3,
      }).format(size);
    },
  };
}
