import { CompassIcon } from "lucide-react";
import { Link } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { HOME } from "./places";

export function NotFoundPage() {
  const { t } = useI18n();
  useTitle(t("app.not_found_title"));
  return (
    <Empty page icon={CompassIcon} title={t("app.not_found_title")} text={t("app.not_found_text")}>
      <Link to={HOME} className={buttonClass("primary")}>
        {t("nav.create")}
      </Link>
    </Empty>
  );
}
