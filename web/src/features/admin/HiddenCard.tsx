/** A picture that nobody but its owner sees, and why; an admin shows it again. */
import { useQueryClient } from "@tanstack/react-query";
import { EyeIcon } from "lucide-react";
import { useState } from "react";

import { showImage } from "@/api/generated";
import type { HiddenImage } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toasts";

import { JudgedCard } from "./JudgedCard";
import { rereadAfterDeed } from "./queries";
import { ReasonDialog } from "./ReasonDialog";
import styles from "./JudgedCard.module.css";

export function HiddenCard({ hidden }: { hidden: HiddenImage }) {
  const { t, dateTime } = useI18n();
  const { image, reason, words, hidden_at } = hidden;
  const client = useQueryClient();
  const [showing, setShowing] = useState(false);
  const show = async (why: string) => {
    await showImage({ path: { image_id: image.id }, body: { reason: why } });
    await rereadAfterDeed(client);
    toast(t("admin.shown"), "good");
    setShowing(false);
  };
  return (
    <JudgedCard image={image}>
      <div className={styles.badges}>
        <Badge tone="bad">{t(`reason.${reason}`)}</Badge>
        <span className={styles.faint}>{t("admin.hidden_at", { at: dateTime(hidden_at) })}</span>
      </div>
      {words !== null && <p className={styles.words}>{words}</p>}
      <div className={styles.ways}>
        <Button small onClick={() => setShowing(true)}>
          <EyeIcon size={16} />
          {t("admin.show_again")}
        </Button>
      </div>
      {showing && (
        <ReasonDialog
          title={t("admin.show_again")}
          text={t("admin.show_again_text")}
          action={t("admin.show_again")}
          hint={t("admin.reason_kept")}
          onGo={show}
          onClose={() => setShowing(false)}
        />
      )}
    </JudgedCard>
  );
}
