/**
 * Korean particles after a blank. Which form a particle takes depends on the sound before it, and what fills a blank is known
 * only when it is shown. The catalogue writes both forms as Korean does, `{name}을(를)`, and the right one is taken here.
 */
import { getJosaPicker } from "josa";

/** The two forms as a catalogue writes them, and the form by which `josa` knows the pair. */
const PAIRS: Record<string, string> = {
  "은(는)": "은",
  "이(가)": "이",
  "을(를)": "을",
  "과(와)": "과",
  "(으)로": "으로",
};

/** Stands behind what filled a blank, so that what a person wrote is never taken for a particle of ours. */
const MARK = "\u{F8FF}";
const AFTER_BLANK = new RegExp(`${MARK}(은\\(는\\)|이\\(가\\)|을\\(를\\)|과\\(와\\)|\\(으\\)로)?`, "gu");
/** Signs that are not read aloud. */
const SILENT = /[^\p{L}\p{N}]+$/u;

export function marked<V>(value: V): V | string {
  return typeof value === "string" ? value.replaceAll(MARK, "") + MARK : value;
}

export function withParticles(text: string): string {
  return text.replace(AFTER_BLANK, (_, pair: string | undefined, place: number) => {
    if (pair === undefined) return "";
    const word = text.slice(0, place).replace(SILENT, "");
    return getJosaPicker(PAIRS[pair] ?? "")(word);
  });
}
