/** Words with their blanks filled in, and numbers, times and sizes as the language writes them. */
import type { I18n, MessageId } from "@lingui/core";

import type { Language } from "./language";
import { marked, withParticles } from "./particles";

export type Key = MessageId;
type Blanks = Record<string, string | number>;

export interface Translator {
  language: Language;
  /** The words of a message. Its catalogue says how a number is written, and which form goes with how many. */
  t: (key: Key, blanks?: Blanks) => string;
  /** The words under a key made at run time, if there are any. */
  find: (key: string, blanks?: Blanks) => string | undefined;
  number: (value: number) => string;
  /** With a plus or minus sign always. */
  signed: (value: number) => string;
  /** "5 minutes ago", or the date when it is longer than a week ago. */
  ago: (iso: string) => string;
  dateTime: (iso: string) => string;
  /** The day alone. */
  date: (iso: string) => string;
  /** "March 2026", of its first day. */
  month: (day: string) => string;
  /** US dollars, cents only where there are some. Takes what the API writes: "75.00". */
  money: (dollars: number | string) => string;
  duration: (seconds: number) => string;
  /** A place in a row: "3rd". In Korean the number alone, which the words around it make a place of. */
  ordinal: (place: number) => string;
  bytes: (value: number) => string;
}

/** What writes numbers and times is slow to make, and made when it is first needed, once for each language. */
const once = <T>(make: (language: Language) => T) => {
  const made = new Map<Language, T>();
  return (language: Language): T => {
    const there = made.get(language) ?? make(language);
    made.set(language, there);
    return there;
  };
};
const numbers = once((language) => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }));
const signedNumbers = once((language) => new Intl.NumberFormat(language, { signDisplay: "exceptZero" }));
const times = once(
  (language) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
);
const dates = once((language) => new Intl.DateTimeFormat(language, { dateStyle: "medium" }));
// A day without a time is that day everywhere.
const days = once((language) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }));
const months = once(
  (language) => new Intl.DateTimeFormat(language, { year: "numeric", month: "long", timeZone: "UTC" }),
);
const amounts = once(
  (language) =>
    new Intl.NumberFormat(language, {
      style: "currency",
      currency: "USD",
      trailingZeroDisplay: "stripIfInteger",
    }),
);
const distances = once(
  (language) => new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }),
);
const places = once((language) => new Intl.PluralRules(language, { type: "ordinal" }));
const ENGLISH_ENDINGS: Record<Intl.LDMLPluralRule, string> = {
  zero: "th",
  one: "st",
  two: "nd",
  few: "rd",
  many: "th",
  other: "th",
};

/** What a catalogue may ask for beside ICU's own: `{weight, number, short}`. */
const FORMATS = { short: { maximumFractionDigits: 2 } };

export function translator(i18n: I18n): Translator {
  const language = i18n.locale as Language;
  const number = (value: number) => numbers(language).format(value);
  const dateTime = (iso: string) => times(language).format(new Date(iso));
  const distance = (value: number, unit: Intl.RelativeTimeFormatUnit) =>
    distances(language).format(Math.round(value), unit);

  const t = (key: Key, blanks: Blanks = {}): string => {
    if (language !== "ko") return i18n._(key, blanks, { formats: FORMATS });
    const filling = Object.fromEntries(Object.entries(blanks).map(([name, value]) => [name, marked(value)]));
    return withParticles(i18n._(key, filling, { formats: FORMATS }));
  };

  return {
    language,
    t,
    find: (key, blanks) => (Object.hasOwn(i18n.messages, key) ? t(key as Key, blanks) : undefined),
    number,
    signed: (value) => signedNumbers(language).format(value),
    ago: (iso) => {
      const seconds = (Date.parse(iso) - Date.now()) / 1000;
      if (seconds < -7 * 86_400) return dateTime(iso);
      if (seconds < -86_400) return distance(seconds / 86_400, "day");
      if (seconds < -3600) return distance(seconds / 3600, "hour");
      if (seconds < -60) return distance(seconds / 60, "minute");
      return t("time.just_now");
    },
    dateTime,
    date: (iso) => (iso.includes("T") ? dates : days)(language).format(new Date(iso)),
    month: (iso) => months(language).format(new Date(iso)),
    money: (dollars) => amounts(language).format(Number(dollars)),
    duration: (seconds) => {
      const whole = Math.max(1, Math.ceil(seconds));
      if (whole < 90) return t("time.seconds", { n: whole });
      const minutes = Math.ceil(whole / 60);
      return minutes < 90
        ? t("time.minutes", { n: minutes })
        : t("time.hours", { n: Math.ceil(minutes / 60) });
    },
    ordinal: (place) =>
      number(place) + (language === "en" ? ENGLISH_ENDINGS[places(language).select(place)] : ""),
    bytes: (value) => {
      // The short name of this unit, unlike those of the others, has no plural and no Korean.
      if (value < 1024) return t("size.bytes", { n: Math.round(value) });
      const units = ["kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
      let size = value / 1024;
      let step = 0;
      // What would be rounded to 1,000 of one is 0.98 of the next.
      while (size >= 999.5 && step < units.length - 1) {
        size /= 1024;
        step += 1;
      }
      const unit = units[step];
      return new Intl.NumberFormat(language, {
        style: "unit",
        unit,
        unitDisplay: "short",
        maximumSignificantDigits: 3,
      }).format(size);
    },
  };
}
