import { Link } from "react-router";

import { signOut } from "@/api/session";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";

import styles from "./AuthPages.module.css";

/** What a suspension means and what can be done, told to whoever has proven that the account is theirs. */
export function Suspended({ reason }: { reason: string | undefined }) {
  const { t } = useI18n();
  return (
    <>
      <h1 className={styles.title}>{t("auth.suspended_title")}</h1>
      <div className={styles.suspended} role="alert">
        {reason && (
          <>
            <p>{t("auth.suspended_reason")}</p>
            <blockquote>{reason}</blockquote>
          </>
        )}
        <p>{t("auth.suspended_means")}</p>
        <p>{t("auth.suspended_do")}</p>
      </div>
      <p className={styles.onward}>
        <Link
          to="/sign-in"
          className={buttonClass("plain", { wide: true })}
          // Forgets why the last session ended.
          onClick={() => signOut()}
          reloadDocument
        >
          {t("auth.other_account")}
        </Link>
      </p>
    </>
  );
}
