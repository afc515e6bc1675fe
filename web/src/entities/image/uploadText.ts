import { asProblem } from "@/api/problem";
import type { Translator } from "@/i18n/translate";
import { problemText } from "@/ui/problemText";

/** Why a picture was not taken, where that says more than the same code elsewhere. */
export function uploadText(i18n: Translator, error: unknown): string {
  const problem = asProblem(error);
  const key = `upload_error.${problem.code}`;
  const { max_bytes: bytes, max_pixels: pixels, max_side: side, max_passes: passes } = problem.numbers;
  // A limit is named by its number, where the server tells it.
  const limit =
    bytes !== undefined
      ? i18n.find(`${key}.bytes`, { size: i18n.bytes(bytes) })
      : pixels !== undefined && side !== undefined
        ? i18n.find(`${key}.pixels`, { side, pixels })
        : passes !== undefined && i18n.find(`${key}.passes`, { passes });
  return limit || (i18n.find(key) ?? problemText(i18n, problem));
}
