import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { copyText } from "@/ui/clipboard";
import { toast } from "@/ui/toasts";

import styles from "./RecoveryCodes.module.css";
import settings from "./settings.module.css";

/** Shown once: each stands in for the app once. */
export function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  const { t } = useI18n();
  const text = codes.join("\n");
  return (
    <div className={settings.form} role="group" aria-label={t("settings.codes")}>
      <p>{t("settings.codes_text")}</p>
      <ul className={styles.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className={settings.actions}>
        <Button look="primary" onClick={onKept}>
          {t("settings.codes_kept")}
        </Button>
        <Button
          onClick={async () => {
            const copied = await copyText(text);
            toast(t(copied ? "settings.copied" : "settings.not_copied"), copied ? "good" : "bad");
          }}
        >
          {t("settings.copy")}
        </Button>
        <Button onClick={() => save(text)}>{t("settings.codes_save")}</Button>
      </div>
    </div>
  );
}

function save(text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
  link.download = "pingvas-recovery-codes.txt";
  link.click();
  URL.revokeObjectURL(link.href);
}
