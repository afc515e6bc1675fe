/** A plan that is agreed with somebody, without a seller; and the end of that. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { agreePlan, endAgreedPlan } from "@/api/generated";
import type { PersonDetails } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { CheckField } from "@/ui/Choices";
import { TextField } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { toast } from "@/ui/toasts";

import { startOfDay } from "../days";
import { ReasonDialog } from "../ReasonDialog";
import { useSaid } from "../useSaid";
import styles from "./Money.module.css";
import { plansQuery, rereadAfterMoney } from "./queries";

interface AgreementDialogProps {
  person: PersonDetails;
  onClose: () => void;
}

export function AgreementDialog({ person, onClose }: AgreementDialogProps) {
  const { t } = useI18n();
  const client = useQueryClient();
  const { data } = useQuery(plansQuery);
  const [plan, setPlan] = useState("enterprise");
  const [until, setUntil] = useState("");
  const [gives, setGives] = useState(true);
  const { said, place, forget } = useSaid(["ends_at"]);
  const blanks = { name: person.display_name };
  const plans = data?.items.filter(({ name }) => name !== "free") ?? [];

  const go = async (reason: string) => {
    // The day that is named belongs to it.
    const ends_at = startOfDay(until, 1) ?? null;
    const body = { plan, ends_at, gives_credits: gives, reason };
    await agreePlan({ path: { user_id: person.id }, body });
    await rereadAfterMoney(client);
    toast(t("admin.agreed", blanks), "good");
    onClose();
  };
  return (
    <ReasonDialog
      title={t("admin.agree_title", blanks)}
      text={t("admin.agree_text")}
      action={t("admin.agree")}
      place={place}
      hint={t("admin.reason_kept")}
      onGo={go}
      onClose={onClose}
    >
      <div className={styles.grid}>
        <Select
          label={t("admin.plan")}
          value={plan}
          options={plans.map(({ name, display_name }) => ({ value: name, label: display_name }))}
          onChange={setPlan}
        />
        <TextField
          label={t("admin.until")}
          hint={t("admin.until_hint")}
          type="date"
          value={until}
          error={said.ends_at}
          onChange={({ target }) => {
            forget();
            setUntil(target.value);
          }}
        />
      </div>
      <CheckField
        label={t("admin.gives_credits")}
        hint={t("admin.gives_credits_hint")}
        checked={gives}
        onChange={setGives}
      />
    </ReasonDialog>
  );
}

export function EndAgreementDialog({ person, onClose }: AgreementDialogProps) {
  const { t } = useI18n();
  const client = useQueryClient();
  const blanks = { name: person.display_name };
  const go = async (reason: string) => {
    await endAgreedPlan({ path: { user_id: person.id }, body: { reason } });
    await rereadAfterMoney(client);
    toast(t("admin.agreement_ended", blanks), "good");
    onClose();
  };
  return (
    <ReasonDialog
      title={t("admin.end_agreement_title", blanks)}
      text={t("admin.end_agreement_text")}
      action={t("admin.end_agreement")}
      danger
      hint={t("admin.reason_kept")}
      onGo={go}
      onClose={onClose}
    />
  );
}
