/** What admins did, and who looks for what in it. */
import { useMutation } from "@tanstack/react-query";
import { DownloadIcon } from "lucide-react";

import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";
import { Select } from "@/ui/Select";
import { toast } from "@/ui/toasts";

import { AdminFrame } from "./AdminFrame";
import { AuditEntries } from "./AuditEntries";
import styles from "./AuditPage.module.css";
import { startOfDay } from "./days";
import { exportAudit, saveFile, type Span } from "./exportAudit";
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
] as const;

export function AuditPage() {
  const { t } = useI18n();
  const { filters, set } = useFilters(["actor", "person", "action", "from", "to"]);
  const { actor, person, action, from, to } = filters;
  // The day that is named last belongs to it.
  const span = { since: startOfDay(from), until: startOfDay(to, 1) };
  return (
    <AdminFrame title={t("admin.audit")} aside={<Export span={span} />}>
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
      <AuditEntries
        filter={{ actor_id: actor, target_id: person, action, ...span }}
        none={t("admin.audit_none_text")}
      />
    </AdminFrame>
  );
}

/** Of everything in that time, whatever else is looked for. */
function Export({ span }: { span: Span }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { mutate, isPending } = useMutation({
    mutationFn: () => exportAudit(span),
    onSuccess: (file) => saveFile(file, `pingvas-audit-${new Date().toISOString().slice(0, 10)}.csv`),
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
  });
  return (
    <Button title={t("admin.export_text")} busy={isPending} onClick={() => mutate()}>
      <DownloadIcon size={18} />
      {t("admin.export")}
    </Button>
  );
}
