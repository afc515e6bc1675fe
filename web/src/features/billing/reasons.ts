import type { Job, Transaction } from "@/api/types";
import type { Translator } from "@/i18n/translate";

/** Why credits came or went, as exactly as is known. */
export function reasonOf(
  { transaction_type }: Pick<Transaction, "transaction_type">,
  job: Pick<Job, "status" | "job_type"> | undefined,
  { t }: Translator,
): string {
  if (transaction_type === "refund" && job) {
    if (job.status === "failed") return t("billing.returned_failed");
    if (job.status === "canceled") return t("billing.returned_canceled");
    if (job.status === "completed") return t("billing.returned_rest");
  }
  if (transaction_type === "consume" && job?.job_type === "upscale") return t("billing.set_aside_enlarging");
  return t(`billing.type.${transaction_type}`);
}
