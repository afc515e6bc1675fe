/** A picture with its open reports: for which reasons, in which words, and what can be done about it. */
import { useQueryClient } from "@tanstack/react-query";
import { CheckIcon, EyeOffIcon } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { dismissReports } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { ReportedImage } from "@/api/types";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { HideDialog } from "./HideDialog";
import { JudgedCard } from "./JudgedCard";
import { rereadAfterDeed } from "./queries";
import styles from "./JudgedCard.module.css";

export function ReportedCard({ reported }: { reported: ReportedImage }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { image, count, reasons, reports } = reported;
  const client = useQueryClient();
  const [hiding, setHiding] = useState(false);
  const { mutate: dismiss, isPending } = useSingleMutation({
    mutationFn: () => dismissReports({ path: { image_id: image.id }, body: {} }),
    onSuccess: async () => {
      await rereadAfterDeed(client);
      toast(t("admin.dismissed"), "good");
    },
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
  });
  return (
    <JudgedCard image={image}>
      <div className={styles.badges}>
        <strong>{t("admin.reports_of", { n: count })}</strong>
        {reasons.map(({ reason, count: n }) => (
          <Badge key={reason} tone="warn">
            {t("admin.reason_count", { reason: t(`reason.${reason}`), n })}
          </Badge>
        ))}
      </div>
      <Said reports={reports} />
      <div className={styles.ways}>
        <Button small look="danger" onClick={() => setHiding(true)}>
          <EyeOffIcon size={16} />
          {t("admin.hide")}
        </Button>
        <Button small busy={isPending} onClick={() => dismiss()}>
          <CheckIcon size={16} />
          {t("admin.dismiss")}
        </Button>
      </div>
      {hiding && (
        <HideDialog image={image} likely={reasons[0]?.reason ?? null} onClose={() => setHiding(false)} />
      )}
    </JudgedCard>
  );
}

function Said({ reports }: Pick<ReportedImage, "reports">) {
  const { t, dateTime } = useI18n();
  const said = reports.filter(({ words }) => words !== null);
  if (said.length === 0) return null;
  return (
    <ul className={styles.said} aria-label={t("admin.reports_words")}>
      {said.map(({ words, reporter, created_at }) => (
        <li key={reporter.id}>
          <p className={styles.words}>{words}</p>
          <p className={styles.faint}>
            <Link to={`/admin/users/${reporter.id}`}>{reporter.display_name}</Link> · {dateTime(created_at)}
          </p>
        </li>
      ))}
    </ul>
  );
}
