import { useState, type ComponentProps } from "react";

import { useI18n } from "@/i18n/useI18n";
import { TextField } from "@/ui/Field";

import styles from "./PasswordField.module.css";

/** A password, which whoever types it can look at. */
export function PasswordField(props: Omit<ComponentProps<typeof TextField>, "type" | "aside">) {
  const { t } = useI18n();
  const [shown, setShown] = useState(false);
  return (
    <TextField
      {...props}
      type={shown ? "text" : "password"}
      aside={
        <button type="button" className={styles.reveal} aria-pressed={shown} onClick={() => setShown(!shown)}>
          {t(shown ? "password.hide" : "password.show")}
        </button>
      }
    />
  );
}
