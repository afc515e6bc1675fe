/** Where the link leads that proves an address. */
import { useQueryClient } from "@tanstack/react-query";

import { verifyEmail } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { userKeys } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";

import { Onward } from "./Onward";
import { Outcome } from "./Outcome";
import { useAtOnce } from "./useAtOnce";

export function VerifyEmailPage() {
  const { t } = useI18n();
  const client = useQueryClient();
  const { data, error } = useAtOnce(async (token) => {
    const proven = await verifyEmail({ body: { token } });
    void client.invalidateQueries({ queryKey: userKeys.me });
    return proven;
  });

  if (error && asProblem(error).code === "invalid_token") {
    return (
      <Outcome title={t("auth.link_over")} text={t("auth.verify_over_text")}>
        <Onward />
      </Outcome>
    );
  }
  if (error) {
    return (
      <Outcome title={t("auth.verify_failed")} error={error} text={t("auth.verify_failed_text")}>
        <Onward />
      </Outcome>
    );
  }
  if (!data) return <Outcome title={t("auth.verify_title")} working={t("auth.link_working")} />;
  const { email, bonus_credits: credits } = data;
  const text =
    credits > 0 ? t("auth.verified_bonus", { email, credits }) : t("auth.verified_text", { email });
  return (
    <Outcome title={t("auth.verified")} text={text}>
      <Onward />
    </Outcome>
  );
}
