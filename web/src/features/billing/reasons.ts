import type { Job, Transaction } from "@/api/types";
import type { Translator } from "@/i18n/translate";

type Line = Pick<Transaction, "transaction_type" | "description">;

/** Why credits came or went, as exactly as is known. */
export function reasonOf(
  { transaction_type, description }: Line,
  job: Pick<Job, "status" | "job_type"> | undefined,
  { t }: Translator,
): string {
  const given = description === null ? undefined : givenFor(description, t);
  if (given !== undefined) return given;
  if (transaction_type === "refund" && job) {
    if (job.status === "failed") return t("billing.returned_failed");
    if (job.status === "canceled") return t("billing.returned_canceled");
    if (job.status === "completed") return t("billing.returned_rest");
  }
  if (transaction_type === "consume" && job?.job_type === "upscale") return t("billing.set_aside_enlarging");
  return t(`billing.type.${transaction_type}`);
}

/** What an admin wrote: whoever was given something reads why. */
export function noteOf({ transaction_type, description }: Line, { t }: Translator): string | null {
  const isKnown = description === null || givenFor(description, t) !== undefined;
  return transaction_type === "bonus" && !isKnown ? description : null;
}

/** What the server writes of its own, in the language of the page. */
function givenFor(description: string, t: Translator["t"]): string | undefined {
  if (description === "Welcome to the studio") return t("billing.for.welcome");
  if (description === "Pack of credits") return t("billing.kind.pack");
  if (description === "The picture was lost, so it costs nothing") return t("billing.returned_lost");
  if (description.startsWith("Taken back with a payment")) return t("billing.for.refunded");
  if (description.startsWith("Trial of ")) return t("billing.kind.trial");
  const code = /^Code (\S+)$/.exec(description)?.[1];
  if (code !== undefined) return t("billing.for.code", { code });
  const [, name, what] = /^(.+), (a month|the difference|as agreed)$/.exec(description) ?? [];
  if (name === undefined) return undefined;
  return t(what === "the difference" ? "billing.for.upgrade" : "billing.for.month", { name });
}
