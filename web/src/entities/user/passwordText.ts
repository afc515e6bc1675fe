/** Why a new password was not taken, in the person's language; as the server says it where that has no words here yet, undefined
 * where the problem is not about the password. */
import type { Problem } from "@/api/problem";
import type { Translator } from "@/i18n/translate";
import { fieldText } from "@/ui/problemText";

export function passwordText(i18n: Translator, problem: Problem): string | undefined {
  const { t } = i18n;
  const wrong = problem.for("password");
  if (wrong === undefined) return undefined;
  const said = wrong.message;
  if (said.includes("at least")) return t("password.too_short");
  if (said.includes("more than")) return t("password.too_long");
  if (said.includes("first that anybody")) return t("password.too_common");
  if (said.includes("your e-mail address")) return t("password.is_address");
  return fieldText(i18n, wrong);
}
