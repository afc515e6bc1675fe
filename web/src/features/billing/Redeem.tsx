/** A gift or a coupon: a code that gives credits, once a person. */
import { useState, type SyntheticEvent } from "react";

import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { fieldText, problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { redeem } from "./actions";
import styles from "./Packs.module.css";

const MAX_CODE = 100;

export function Redeem() {
  const i18n = useI18n();
  const { t, date } = i18n;
  const [code, setCode] = useState("");
  const { run, busy, problem, forget } = useAction(redeem, {
    beside: true,
    onDone: ({ credits, expires_at }) => {
      const said =
        expires_at === null
          ? t("billing.redeemed", { n: credits })
          : t("billing.redeemed_until", { n: credits, date: date(expires_at) });
      toast(said, "good");
      setCode("");
    },
  });
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (code.trim() !== "" && !busy) run(code.trim());
  };
  const wrongCode = problem?.for("code");
  const error =
    problem === null ? undefined : wrongCode ? fieldText(i18n, wrongCode) : problemText(i18n, problem);
  return (
    <section className={styles.section} aria-labelledby="redeem-title">
      <h2 id="redeem-title">{t("billing.code_title")}</h2>
      <form className={styles.redeem} data-wrong={error === undefined ? undefined : true} onSubmit={send}>
        <TextField
          label={t("billing.code")}
          value={code}
          maxLength={MAX_CODE}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          error={error}
          onChange={({ target }) => {
            setCode(target.value);
            forget();
          }}
        />
        <Button type="submit" busy={busy}>
          {t(redeem.label)}
        </Button>
      </form>
    </section>
  );
}
