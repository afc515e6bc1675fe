import { useQuery } from "@tanstack/react-query";

import { trashQuery } from "@/entities/image/trash";
import { useI18n } from "@/i18n/useI18n";

/** For how long what is deleted can come back, in words. */
export function useTrashDays(): string {
  const { t } = useI18n();
  const { data } = useQuery(trashQuery);
  return data ? t("gallery.delete_text", { days: data.keep_days }) : "";
}
