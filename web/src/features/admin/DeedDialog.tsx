import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { newIdempotencyKey } from "@/api/random";
import { refresh } from "@/api/session";
import type { PersonDetails } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { TextField } from "@/ui/Field";
import { NumberField } from "@/ui/NumberField";
import { toast } from "@/ui/toasts";

import type { Deed } from "./deeds";
import { rereadAfterDeed } from "./queries";
import { ReasonDialog } from "./ReasonDialog";

const MOST_CREDITS = 10_000_000;
const FIRST_OFFERED = 100;
const MOST_DAYS = 3650;

interface DeedDialogProps {
  deed: Deed;
  person: PersonDetails;
  /** It is the admin themselves to whom it is done. */
  oneself: boolean;
  onClose: () => void;
}

export function DeedDialog({ deed, person, oneself, onClose }: DeedDialogProps) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [credits, setCredits] = useState(FIRST_OFFERED);
  // Empty: they do not expire.
  const [days, setDays] = useState("");
  const [key] = useState(newIdempotencyKey);
  const { name, danger, run } = deed;
  const blanks = { name: person.display_name };

  const outOfRange = name === "give_credits" && (credits < 1 || credits > MOST_CREDITS);
  const keepDays = days.trim() === "" ? null : Number(days);
  const wrongDays =
    keepDays !== null && !(Number.isInteger(keepDays) && keepDays >= 1 && keepDays <= MOST_DAYS);

  const go = async (reason: string) => {
    // It is said beside the field.
    if (outOfRange || wrongDays) return;
    const n = await run(person.id, { reason, credits, keepDays, key });
    // Whoever is an admin no more learns it by a token of their own.
    if (oneself) await refresh();
    await rereadAfterDeed(client);
    toast(t(`admin.done.${name}`, { ...blanks, n }), "good");
    onClose();
  };

  return (
    <ReasonDialog
      title={t(`admin.ask.${name}`, blanks)}
      text={t(`admin.means.${name}`)}
      action={t(`admin.do.${name}`)}
      danger={danger}
      hint={t(name === "suspend" || name === "give_credits" ? "admin.reason_told" : "admin.reason_kept")}
      onGo={go}
      onClose={onClose}
    >
      {name === "give_credits" && (
        <>
          <NumberField
            label={t("admin.credits")}
            value={credits}
            min={1}
            max={MOST_CREDITS}
            stepper
            error={outOfRange ? t("admin.credits_range", { most: MOST_CREDITS }) : undefined}
            onChange={setCredits}
          />
          <TextField
            label={t("admin.keep_days")}
            hint={t("admin.keep_days_hint")}
            value={days}
            inputMode="numeric"
            autoComplete="off"
            error={wrongDays ? t("admin.keep_days_range", { most: MOST_DAYS }) : undefined}
            onChange={({ target }) => setDays(target.value)}
          />
        </>
      )}
    </ReasonDialog>
  );
}
