/** What admins did, and who looks for what in it. */
import { getText } from "@/api/csv";
import { ExportCsv } from "@/entities/ExportCsv";
import { useI18n } from "@/i18n/useI18n";
import { TextField } from "@/ui/Field";
import { Select } from "@/ui/Select";

import { AdminFrame } from "./AdminFrame";
import { AuditEntries } from "./AuditEntries";
import styles from "./AuditPage.module.css";
import { startOfDay } from "./days";
import { PersonField } from "./PersonField";
import { useFilters } from "./useFilters";

const ACTIONS = [
  "user.suspend",
  "user.restore",
  "user.role",
  "user.give_credits",
  "user.end_sessions",
  "user.revoke_keys",
  "user.remove_second_factor",
  "user.view",
  "user.create",
  "user.reset_password",
  "announcement.create",
  "announcement.remove",
  "user.agree_plan",
  "user.end_plan",
  "plan.change",
  "code.create",
  "code.end",
  "billing.replay",
  "billing.assign",
  "billing.reconcile",
] as const;

export function AuditPage() {
  const { t } = useI18n();
  const { filters, set } = useFilters(["actor", "person", "action", "from", "to"]);
  const { actor, person, action, from, to } = filters;
  // The day that is named last belongs to it.
  const filter = {
    actor_id: actor,
    target_id: person,
    action,
    since: startOfDay(from),
    until: startOfDay(to, 1),
  };
  return (
    <AdminFrame
      title={t("admin.audit")}
      aside={
        <ExportCsv
          label={t("admin.export")}
          title={t("admin.export_text")}
          name="audit"
          read={() => getText("/api/v1/admin/audit.csv", { ...filter, limit: 100 })}
        />
      }
    >
      <search className={styles.filters}>
        <PersonField label={t("admin.actor")} value={actor ?? null} onChange={(id) => set("actor", id)} />
        <PersonField label={t("admin.target")} value={person ?? null} onChange={(id) => set("person", id)} />
        <Select
          label={t("admin.action")}
          value={action ?? ""}
          options={[
            { value: "", label: t("admin.all") },
            ...ACTIONS.map((value) => ({ value, label: t(`admin.action.${value}`) })),
          ]}
          onChange={(value) => set("action", value)}
        />
        <div className={styles.days}>
          <TextField
            label={t("admin.from")}
            type="date"
            value={from ?? ""}
            max={to}
            onChange={({ target }) => set("from", target.value)}
          />
          <TextField
            label={t("admin.to")}
            type="date"
            value={to ?? ""}
            min={from}
            onChange={({ target }) => set("to", target.value)}
          />
        </div>
      </search>
      <AuditEntries filter={filter} none={t("admin.audit_none_text")} />
    </AdminFrame>
  );
}
