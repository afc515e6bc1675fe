/** Everything the studio has of one: fetching it, and having it deleted. */
import { useState } from "react";

import { deleteMe } from "@/api/generated";
import { refresh } from "@/api/session";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";

import { ExportSection } from "./ExportSection";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

export function DataPage() {
  const { t } = useI18n();
  const [asked, setAsked] = useState(false);
  // Who is there is asked anew: somebody whose account is leaving, who sees another page.
  const deleting = useChange(async () => {
    await deleteMe();
    await refresh();
  });
  return (
    <>
      <ExportSection />
      <Section danger title={t("settings.delete")} text={t("settings.delete_text")}>
        <ul className={styles.steps}>
          <li>{t("settings.delete_at_once")}</li>
          <li>{t("settings.delete_for_days")}</li>
          <li>{t("settings.delete_then")}</li>
          <li>{t("settings.delete_fetch_first")}</li>
        </ul>
        <div className={styles.actions}>
          <Button look="danger" busy={deleting.isPending} onClick={() => setAsked(true)}>
            {t("settings.delete_action")}
          </Button>
        </div>
      </Section>
      {asked && (
        <ConfirmDialog
          title={t("settings.delete_title")}
          text={t("settings.delete_question")}
          action={t("settings.delete_action")}
          onClose={() => setAsked(false)}
          onConfirm={() => {
            setAsked(false);
            deleting.mutate();
          }}
        />
      )}
    </>
  );
}
