import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { makeCode } from "@/api/generated";
import { newIdempotencyKey } from "@/api/random";
import { useI18n } from "@/i18n/useI18n";
import { TextField } from "@/ui/Field";
import { toast } from "@/ui/toasts";

import { ReasonDialog } from "../ReasonDialog";
import { useSaid } from "../useSaid";
import { EMPTY_CODE, readCode, type CodeEntries } from "./codeEntries";
import styles from "./Money.module.css";
import { rereadAfterMoney } from "./queries";

const FIELDS = [
  { name: "code", type: "text" },
  { name: "credits", type: "text" },
  { name: "keep_days", type: "text" },
  { name: "max_uses", type: "text" },
  { name: "valid_until", type: "date" },
] as const;

/** Makes a code. One that is not named is made up. */
export function CodeDialog({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  // Pressed again, none is made again.
  const [key] = useState(newIdempotencyKey);
  const [entries, setEntries] = useState<CodeEntries>(EMPTY_CODE);
  const { code, wrong } = readCode(entries);
  const { said, place, forget } = useSaid(FIELDS.map(({ name }) => name));

  const go = async (reason: string) => {
    // What is wrong is said beside its field.
    if (wrong.length > 0) return;
    const made = await makeCode({ body: { ...code, reason }, headers: { "idempotency-key": key } });
    await rereadAfterMoney(client);
    toast(t("admin.code_made", { code: made.code }), "good");
    onClose();
  };
  return (
    <ReasonDialog
      title={t("admin.make_code")}
      text={t("admin.make_code_text")}
      action={t("admin.make_code")}
      hint={t("admin.reason_kept")}
      place={place}
      onGo={go}
      onClose={onClose}
    >
      <div className={styles.grid}>
        {FIELDS.map(({ name, type }) => (
          <TextField
            key={name}
            label={t(`admin.code_field.${name}`)}
            hint={t(`admin.code_hint.${name}`)}
            type={type}
            value={entries[name]}
            autoComplete="off"
            maxLength={40}
            inputMode={type === "text" && name !== "code" ? "numeric" : undefined}
            error={wrong.includes(name) ? t("admin.no_such_figure") : said[name]}
            onChange={({ target }) => {
              forget();
              setEntries({ ...entries, [name]: target.value });
            }}
          />
        ))}
      </div>
    </ReasonDialog>
  );
}
