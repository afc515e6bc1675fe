/** The button, what it costs, and why it may not work. */
import { useQuery } from "@tanstack/react-query";
import { memo } from "react";

import type { Problem } from "@/api/problem";
import type { JobRequest } from "@/api/types";
import { NotEnough } from "@/entities/subscription/NotEnough";
import { meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";

import styles from "./CreateForm.module.css";
import { useEstimate, wordlessRequest } from "./useEstimate";

interface SendProps {
  count: number;
  idle: boolean;
  priced: JobRequest | null;
  problem: Problem | null;
  busy: boolean;
}

/** Words cost nothing, so that it is not drawn again for them. */
export const Send = memo(function Send({ count, idle, priced, problem, busy }: SendProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const me = useQuery(meQuery);
  const estimate = useEstimate(priced);
  const cost = estimate.data?.estimated_credits;
  const balance = me.data?.credits.balance;
  const short = !problem && cost !== undefined && balance !== undefined && cost > balance;
  // What the server has counted, for all pictures of this press.
  const refused = problem?.code === "insufficient_credits" ? lackOf(problem) : null;
  const lacking = refused ?? (short ? { cost, balance } : null);
  return (
    <div className={styles.send}>
      {problem && !refused && (
        <p className={styles.problem} role="alert">
          {problemText(i18n, problem)}
        </p>
      )}
      {lacking && <NotEnough {...lacking} />}
      {idle && <p className={styles.idle}>{t("create.idle")}</p>}
      <Button type="submit" look="primary" wide busy={busy} className={styles.button}>
        <span>{i18n.t("create.submit", { n: count })}</span>
        {cost !== undefined && (
          <span className={styles.cost} data-stale={estimate.isPlaceholderData || undefined}>
            {i18n.t("job.cost", { n: cost })}
          </span>
        )}
      </Button>
      <p className={styles.keys}>{t("create.shortcut")}</p>
    </div>
  );
}, alike);

function lackOf({ numbers: { required, balance } }: Problem) {
  return required === undefined || balance === undefined ? null : { cost: required, balance };
}

function alike({ priced: old, ...before }: SendProps, { priced, ...after }: SendProps): boolean {
  return (
    before.count === after.count &&
    before.idle === after.idle &&
    before.problem === after.problem &&
    before.busy === after.busy &&
    wordlessRequest(old) === wordlessRequest(priced)
  );
}
