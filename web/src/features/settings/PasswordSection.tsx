import { useState } from "react";

import { changePassword } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { PasswordField } from "@/entities/user/PasswordField";
import { passwordText } from "@/entities/user/passwordText";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { problemText } from "@/ui/problemText";

import { Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

export function PasswordSection({ has, email }: { has: boolean; email: string | null }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState("");
  const end = () => {
    setOpen(false);
    setPassword("");
  };
  const change = useChange(() => changePassword({ body: { password } }), {
    beside: true,
    said: t("settings.password_saved"),
    onDone: end,
  });
  const problem = change.error && asProblem(change.error);
  return (
    <Section
      title={t("settings.password")}
      text={t(has ? "settings.password_text" : "settings.password_none")}
      aside={
        !open && (
          <Button small onClick={() => setOpen(true)}>
            {t(has ? "settings.password_change" : "settings.password_set")}
          </Button>
        )
      }
    >
      {open && (
        <form
          className={styles.form}
          aria-label={t(has ? "settings.password_change" : "settings.password_set")}
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate();
          }}
        >
          {/* So that who keeps passwords knows whose this is. */}
          <input
            type="text"
            autoComplete="username"
            value={email ?? ""}
            readOnly
            tabIndex={-1}
            aria-hidden="true"
            className="visually-hidden"
          />
          <PasswordField
            label={t("settings.password_new")}
            hint={t("settings.password_hint")}
            autoComplete="new-password"
            required
            value={password}
            error={problem ? (passwordText(i18n, problem) ?? problemText(i18n, problem)) : undefined}
            onChange={(event) => setPassword(event.target.value)}
          />
          <div className={styles.actions}>
            <Button type="submit" look="primary" busy={change.isPending}>
              {t("settings.save")}
            </Button>
            <Button look="quiet" onClick={end}>
              {t("action.cancel")}
            </Button>
          </div>
        </form>
      )}
    </Section>
  );
}
