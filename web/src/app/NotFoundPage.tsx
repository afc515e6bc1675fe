import { Link } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/States";

export function NotFoundPage() {
  const { t } = useI18n();
  return (
    <Empty title={t("app.not_found_title")} text={t("app.not_found_text")}>
      <Link to="/create" className={buttonClass("primary")}>
        {t("nav.create")}
      </Link>
    </Empty>
  );
}
