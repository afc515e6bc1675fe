/** Says on every page about money that none is paid, where that is so. */
import { useQuery } from "@tanstack/react-query";
import { FlaskConicalIcon } from "lucide-react";

import { useI18n } from "@/i18n/useI18n";

import { offersQuery } from "./queries";
import styles from "./SandboxLine.module.css";

export function SandboxLine() {
  const { t } = useI18n();
  const { data } = useQuery(offersQuery);
  if (!data?.seller?.is_sandbox) return null;
  return (
    <p className={styles.sandbox} role="note">
      <FlaskConicalIcon size={18} />
      <span>
        <strong>{t("credits.sandbox")}</strong> {t("credits.sandbox_text")}
      </span>
    </p>
  );
}
