/** Marks every page while an admin looks through somebody's eyes, and tells it when that is over. */
import { EyeIcon } from "lucide-react";
import { useEffect } from "react";
import { useNavigate } from "react-router";

import { endView, takeEndedView } from "@/api/session";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toasts";

import { useSession } from "./useSession";
import styles from "./ViewBar.module.css";

export function ViewBar() {
  const { t } = useI18n();
  const session = useSession();
  if (session.status !== "signed-in" || !session.viewed) return null;
  const name = session.user.display_name;
  return (
    <section className={styles.bar} aria-label={t("view.label")}>
      <EyeIcon size={18} />
      <p className={styles.text}>
        <strong>{t("view.as", { name })}</strong> {t("view.read_only")}
      </p>
      <Button small onClick={endView}>
        {t("view.end")}
      </Button>
    </section>
  );
}

/** For the frame, whose notices are there before it: whoever is back at themselves stands where they began, and is told of it. */
export function useEndedView(): void {
  const { t } = useI18n();
  const navigate = useNavigate();
  useEffect(() => {
    const was = takeEndedView();
    if (!was) return;
    void navigate(`/admin/users/${was.id}`, { replace: true });
    toast(t("view.ended", { name: was.display_name }));
  }, [t, navigate]);
}
