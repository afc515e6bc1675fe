/** What a Problem says to a person, in their language where its code is known. */
import type { FieldError, Problem } from "@/api/problem";
import type { Translator } from "@/i18n/translate";

export function problemText({ find, duration, t }: Translator, problem: Problem): string {
  const wait = problem.retryAfter === null ? "" : duration(problem.retryAfter);
  const known =
    (wait && find(`problem.${problem.code}.wait`, { wait })) || find(`problem.${problem.code}`, { wait });
  return known ?? (problem.detail || t("problem.unexpected"));
}

/** What is wrong with one field: in words of its code, or as the server says it where those are words of the page's language. */
export function fieldText({ find, language, t }: Translator, { code, message }: FieldError): string {
  const known = code === null ? undefined : find(`problem.entry.${code}`);
  return known ?? (language === "en" ? message : t("problem.entry"));
}
