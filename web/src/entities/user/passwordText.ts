/** Why a new password was not taken, in the person's language; as the server says it where that has no words here yet, undefined
 * where the problem is not about the password. */
import type { Problem } from "@/api/problem";
import type { Translator } from "@/i18n/translate";

export function passwordText({ t }: Translator, problem: Problem): string | undefined {
  const said = problem.for("password");
  if (said === undefined) return undefined;
  if (said.includes("at least")) return t("password.too_short");
  if (said.includes("more than")) return t("password.too_long");
  if (said.includes("first that anybody")) return t("password.too_common");
  if (said.includes("your e-mail address")) return t("password.is_address");
  return said;
}
