/** Asks to prove the address, on every page, until that is done. */
import { useQuery } from "@tanstack/react-query";
import { MailIcon } from "lucide-react";

import { sendVerification } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { User } from "@/api/types";
import { meQuery } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import styles from "./ProveAddressLine.module.css";

/** Mail leaves no host for such an address (RFC 6762): the owner whom the studio makes at first has one. */
const WITHOUT_MAIL = ".local";

/** `user`: who signed in, so that the line is there with the page and pushes nothing down later. */
export function ProveAddressLine({ user }: { user: User }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { data, refetch } = useQuery(meQuery);
  const again = useSingleMutation({
    mutationFn: () => sendVerification(),
    onSuccess: () => toast(t("account.mail_sent"), "good"),
    onError: (error) => {
      toast(problemText(i18n, asProblem(error)), "bad");
      // It may have been proven elsewhere meanwhile.
      void refetch();
    },
  });
  const { email, email_verified_at: proven } = data?.user ?? user;
  if (!email || proven !== null || data?.viewed_by_admin) return null;
  if (email.endsWith(WITHOUT_MAIL)) return null;
  return (
    <section className={styles.line} aria-label={t("account.prove_address")}>
      <MailIcon size={16} />
      <p>
        {data && data.bonus_due > 0
          ? t("account.prove_for_bonus", { email, credits: data.bonus_due })
          : t("account.prove_text", { email })}
      </p>
      <button type="button" disabled={again.isPending} onClick={() => again.mutate()}>
        {t("account.send_again")}
      </button>
    </section>
  );
}
