/** Where the links lead by which the old address and the new one agree to a change. */
import { useQueryClient } from "@tanstack/react-query";

import { confirmEmail } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { userKeys } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";

import { Onward } from "./Onward";
import { Outcome } from "./Outcome";
import { useAtOnce } from "./useAtOnce";

export function ConfirmEmailPage() {
  const { t } = useI18n();
  const client = useQueryClient();
  const { data, error } = useAtOnce((token) => {
    // Also a change that cannot be made is over.
    return confirmEmail({ body: { token } }).finally(
      () => void client.invalidateQueries({ queryKey: userKeys.me }),
    );
  });

  if (error && asProblem(error).code === "invalid_token") {
    return (
      <Outcome title={t("auth.link_over")} text={t("auth.confirm_over_text")}>
        <Onward />
      </Outcome>
    );
  }
  if (error && asProblem(error).code === "email_exists") {
    return (
      <Outcome title={t("auth.confirm_taken")} text={t("auth.confirm_taken_text")}>
        <Onward />
      </Outcome>
    );
  }
  if (error) {
    return (
      <Outcome title={t("auth.confirm_failed")} error={error} text={t("auth.confirm_failed_text")}>
        <Onward />
      </Outcome>
    );
  }
  if (!data) return <Outcome title={t("auth.confirm_title")} working={t("auth.link_working")} />;
  const { waiting } = data;
  if (!waiting) {
    return (
      <Outcome title={t("auth.confirmed")} text={t("auth.confirmed_text")}>
        <Onward />
      </Outcome>
    );
  }
  const text = waiting.new_confirmed
    ? t("auth.confirm_waits_old")
    : t("auth.confirm_waits_new", { email: waiting.new_email });
  return (
    <Outcome title={t("auth.confirm_half")} text={text}>
      <Onward />
    </Outcome>
  );
}
