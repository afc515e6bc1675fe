/** Changes a plan: whom that touches is shown while it is filled in. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changePlan } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { AdminPlan, PlanChanges, Touched } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { CheckField } from "@/ui/Choices";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { ReasonDialog } from "../ReasonDialog";
import { usePaused } from "../usePaused";
import { useSaid } from "../useSaid";
import styles from "./Money.module.css";
import { changesOf, entriesOf, ENTRY_NAMES, type EntryName, type PlanEntries } from "./planEntries";
import { previewQuery, rereadAfterMoney } from "./queries";

export function PlanDialog({ plan, onClose }: { plan: AdminPlan; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const before = entriesOf(plan);
  const [entries, setEntries] = useState(before);
  const { changes, wrong } = changesOf(before, entries);
  const { said, place, forget } = useSaid(["display_name", ...ENTRY_NAMES]);
  const isChanged = Object.keys(changes).length > 0;

  const go = async (reason: string) => {
    // What is wrong is said beside its field.
    if (wrong.length > 0) return;
    if (isChanged) {
      await changePlan({ path: { name: plan.name }, body: { ...changes, reason } });
      await rereadAfterMoney(client);
      toast(t("admin.plan_changed", { name: plan.display_name }), "good");
    }
    onClose();
  };
  return (
    <ReasonDialog
      title={t("admin.edit_plan", { name: plan.display_name })}
      text={t("admin.edit_plan_text")}
      action={t("admin.save")}
      hint={t("admin.reason_kept")}
      place={place}
      onGo={go}
      onClose={onClose}
    >
      <Fields
        entries={entries}
        wrong={wrong}
        said={said}
        onChange={(next) => {
          forget();
          setEntries(next);
        }}
      />
      {isChanged && wrong.length === 0 && <Preview name={plan.name} changes={changes} />}
    </ReasonDialog>
  );
}

interface FieldsProps {
  entries: PlanEntries;
  wrong: readonly string[];
  said: Partial<Record<"display_name" | EntryName, string>>;
  onChange: (entries: PlanEntries) => void;
}

function Fields({ entries, wrong, said, onChange }: FieldsProps) {
  const { t, find } = useI18n();
  const { figures, features } = entries;
  const type = (name: EntryName, value: string) =>
    onChange({ ...entries, figures: { ...figures, [name]: value } });
  return (
    <>
      <TextField
        label={t("admin.plan_field.display_name")}
        value={entries.display_name}
        maxLength={60}
        error={wrong.includes("display_name") ? t("admin.needed") : said.display_name}
        onChange={({ target }) => onChange({ ...entries, display_name: target.value })}
      />
      <div className={styles.grid}>
        {ENTRY_NAMES.map((name) => (
          <TextField
            key={name}
            label={t(`admin.plan_field.${name}`)}
            value={figures[name]}
            inputMode="decimal"
            autoComplete="off"
            error={wrong.includes(name) ? t("admin.no_such_figure") : said[name]}
            onChange={({ target }) => type(name, target.value)}
          />
        ))}
      </div>
      <p className={styles.soft}>{t("admin.plan_empty")}</p>
      {Object.entries(features).map(([name, has]) => (
        <CheckField
          key={name}
          label={find(`plan.feature.${name}`) ?? name}
          checked={has}
          onChange={(checked) => onChange({ ...entries, features: { ...features, [name]: checked } })}
        />
      ))}
      <CheckField
        label={t("admin.on_sale")}
        hint={t("admin.on_sale_hint")}
        checked={entries.is_active}
        onChange={(is_active) => onChange({ ...entries, is_active })}
      />
    </>
  );
}

/** Whom it touches. Asked for when the typing pauses. */
function Preview({ name, changes }: { name: string; changes: PlanChanges }) {
  const i18n = useI18n();
  const paused = usePaused(JSON.stringify(changes));
  const { data, error } = useQuery(previewQuery(name, JSON.parse(paused) as PlanChanges));
  return (
    <div className={styles.preview} role="status">
      {error && <p>{problemText(i18n, asProblem(error))}</p>}
      {data && !error && <WhomItTouches touched={data} />}
    </div>
  );
}

function WhomItTouches({ touched: { holders, over_storage, losing } }: { touched: Touched }) {
  const { t, find } = useI18n();
  return (
    <>
      <p>{t("admin.touches", { n: holders })}</p>
      {over_storage > 0 && <p>{t("admin.touches_storage", { n: over_storage })}</p>}
      {holders > 0 && losing.length > 0 && (
        <p>
          {t("admin.touches_features", {
            names: losing.map((feature) => find(`plan.feature.${feature}`) ?? feature).join(", "),
          })}
        </p>
      )}
    </>
  );
}
