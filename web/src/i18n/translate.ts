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

const english = new Intl.PluralRules("en", { type: "ordinal" });
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
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const signed = new Intl.NumberFormat(language, { signDisplay: "exceptZero" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

  const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  // A day without a time is that day everywhere.
  const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
  const month = new Intl.DateTimeFormat(language, { year: "numeric", month: "long", timeZone: "UTC" });
  const money = new Intl.NumberFormat(language, {
    style: "currency",
    currency: "USD",
    trailingZeroDisplay: "stripIfInteger",
  });

  const t = (key: Key, blanks: Blanks = {}): string => {
    if (language !== "ko") return i18n._(key, blanks, { formats: FORMATS });
    const filling = Object.fromEntries(Object.entries(blanks).map(([name, value]) => [name, marked(value)]));
    return withParticles(i18n._(key, filling, { formats: FORMATS }));
  };

  return {
    language,
    t,
    find: (key, blanks) => (Object.hasOwn(i18n.messages, key) ? t(key as Key, blanks) : undefined),
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
    date: (iso) => (iso.includes("T") ? date : day).format(new Date(iso)),
    month: (iso) => month.format(new Date(iso)),
    money: (dollars) => money.format(Number(dollars)),
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
