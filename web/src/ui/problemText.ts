/** What a Problem says to a person, in their language where its code is known. */
import type { Problem } from "@/api/problem";
import type { Translator } from "@/i18n/translate";

export function problemText({ find, duration, t }: Translator, problem: Problem): string {
  const wait = problem.retryAfter === null ? "" : duration(problem.retryAfter);
  const known =
    (wait && find(`problem.${problem.code}.wait`, { wait })) || find(`problem.${problem.code}`, { wait });
  return known ?? (problem.detail || t("problem.unexpected"));
}
