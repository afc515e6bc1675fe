/** What the server has to say about a form, placed beside the fields it speaks of. */
import type { FieldValues, Path, UseFormSetError } from "react-hook-form";

import type { Problem } from "@/api/problem";
import type { Translator } from "@/i18n/translate";

import { fieldText } from "./problemText";

/**
 * Places every error whose `loc` names a field of the form. False when none does: the problem is then told as a whole.
 * `nameOf` says what a field of the request is called in the form, where that differs.
 */
export function placeErrors<Values extends FieldValues>(
  i18n: Translator,
  problem: Problem,
  names: readonly Path<Values>[],
  setError: UseFormSetError<Values>,
  nameOf: (field: string) => string = (field) => field,
): boolean {
  const placed = problem.errors.flatMap((error) => {
    const name = names.find((known) => known === nameOf(error.field));
    return name === undefined ? [] : [{ name, message: fieldText(i18n, error) }];
  });
  for (const { name, message } of placed) setError(name, { type: "server", message });
  return placed.length > 0;
}
