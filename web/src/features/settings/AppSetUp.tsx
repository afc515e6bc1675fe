import { useState } from "react";

import { confirmSecondFactor, type BegunOut } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";

import styles from "./AppSetUp.module.css";
import { QrCode } from "./QrCode";
import settings from "./settings.module.css";
import { useChange } from "./useChange";

interface AppSetUpProps {
  begun: BegunOut;
  onDone: (codes: readonly string[]) => void;
  onCancel: () => void;
}

/** The app reads the picture, and shows by a first code that it did. */
export function AppSetUp({ begun, onDone, onCancel }: AppSetUpProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const [code, setCode] = useState("");
  const confirming = useChange(() => confirmSecondFactor({ body: { code: code.trim() } }), {
    beside: true,
    onDone: ({ recovery_codes }) => onDone(recovery_codes),
  });
  const problem = confirming.error && asProblem(confirming.error);
  return (
    <div className={styles.parts}>
      <QrCode label={t("settings.app_qr")} text={begun.uri} />
      <form
        className={settings.form}
        aria-label={t("settings.app_set_up")}
        onSubmit={(event) => {
          event.preventDefault();
          confirming.mutate();
        }}
      >
        <p>{t("settings.app_scan")}</p>
        <div>
          <p className={settings.note}>{t("settings.app_type")}</p>
          <code className={settings.code}>{begun.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>
        </div>
        <TextField
          label={t("settings.app_code")}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          value={code}
          error={problem ? problemText(i18n, problem) : undefined}
          onChange={(event) => setCode(event.target.value)}
        />
        <div className={settings.actions}>
          <Button type="submit" look="primary" busy={confirming.isPending}>
            {t("settings.app_confirm")}
          </Button>
          <Button look="quiet" onClick={onCancel}>
            {t("action.cancel")}
          </Button>
        </div>
      </form>
    </div>
  );
}
