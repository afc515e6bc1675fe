/** What somebody is told once they are in, by the page that let them in: what tells it comes with the studio itself. */
import { useEffect } from "react";

import { useI18n } from "@/i18n/useI18n";
import { toast } from "@/ui/toasts";

import { takeBonusWithheld } from "./bonusWithheld";

export function useWelcome(): void {
  const { t } = useI18n();
  useEffect(() => {
    // It stays until it is read: nothing else on the page says it.
    if (takeBonusWithheld()) toast(t("auth.no_bonus"), "info", { stays: true });
  }, [t]);
}
