/** A key that was just made: the one time that it is shown. */
import { useEffect, useRef } from "react";

import { BASE_PATH } from "@/api/basePath";
import type { NewKeyOut } from "@/api/generated";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { copyText } from "@/ui/clipboard";
import { toast } from "@/ui/toasts";

import { curlOf } from "./curl";
import { Section } from "./Section";
import styles from "./settings.module.css";

export function NewKey({ made, onKept }: { made: NewKeyOut; onKept: () => void }) {
  const { t } = useI18n();
  const place = useRef<HTMLDivElement>(null);
  const call = curlOf(made, window.location.origin + BASE_PATH);
  useEffect(() => place.current?.focus(), []);
  const copy = async (text: string) => {
    const copied = await copyText(text);
    toast(t(copied ? "settings.copied" : "settings.not_copied"), copied ? "good" : "bad");
  };
  return (
    <Section title={t("settings.key_made", { name: made.name })} text={t("settings.key_made_text")}>
      <div
        ref={place}
        tabIndex={-1}
        className={styles.form}
        role="group"
        aria-label={t("settings.key_itself")}
      >
        <code className={styles.code}>{made.key}</code>
        <div className={styles.actions}>
          <Button look="primary" onClick={() => void copy(made.key)}>
            {t("settings.key_copy")}
          </Button>
          <Button onClick={onKept}>{t("settings.key_kept")}</Button>
        </div>
        <p className={styles.note}>{t("settings.key_try")}</p>
        <code className={styles.code}>{call}</code>
        <div className={styles.actions}>
          <Button small onClick={() => void copy(call)}>
            {t("settings.copy_call")}
          </Button>
        </div>
      </div>
    </Section>
  );
}
