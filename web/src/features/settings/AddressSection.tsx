import { CheckIcon, ClockIcon } from "lucide-react";
import { useState } from "react";

import { changeEmail, forgetEmailChange, sendVerification, type EmailChangeOut } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { Me } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";

import styles from "./settings.module.css";
import { Row, Rows, Section } from "./Section";
import { useChange } from "./useChange";

export function AddressSection({ me }: { me: Me }) {
  const { t } = useI18n();
  const [changing, setChanging] = useState(false);
  const { email, email_verified_at: proven } = me.user;
  const again = useChange(() => sendVerification(), { said: t("settings.mail_sent") });
  return (
    <Section
      title={t("settings.address")}
      text={t("settings.address_text")}
      aside={
        !changing &&
        !me.email_change && (
          <Button small onClick={() => setChanging(true)}>
            {t(email === null ? "settings.address_add" : "settings.address_change")}
          </Button>
        )
      }
    >
      {email !== null && (
        <Rows label={t("settings.address")}>
          <Row
            title={
              <>
                {email}
                <Badge tone={proven ? "good" : "warn"}>
                  {t(proven ? "settings.address_proven" : "settings.address_unproven")}
                </Badge>
              </>
            }
          >
            {!proven && (
              <Button small busy={again.isPending} onClick={() => again.mutate()}>
                {t("settings.address_send")}
              </Button>
            )}
          </Row>
        </Rows>
      )}
      {me.email_change && <Waiting change={me.email_change} hadAddress={proven !== null} />}
      {changing && !me.email_change && <NewAddress onEnd={() => setChanging(false)} />}
    </Section>
  );
}

function NewAddress({ onEnd }: { onEnd: () => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [email, setEmail] = useState("");
  const change = useChange(() => changeEmail({ body: { email: email.trim() } }), {
    beside: true,
    onDone: onEnd,
  });
  const problem = change.error && asProblem(change.error);
  const wrong = problem && (problem.for("email") ? t("settings.address_wrong") : problemText(i18n, problem));
  return (
    <form
      className={styles.form}
      aria-label={t("settings.address_change")}
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <TextField
        label={t("settings.address_new")}
        hint={t("settings.address_new_hint")}
        type="email"
        autoComplete="email"
        required
        value={email}
        error={wrong ?? undefined}
        onChange={(event) => setEmail(event.target.value)}
      />
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={change.isPending}>
          {t("settings.address_ask")}
        </Button>
        <Button look="quiet" onClick={onEnd}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
  );
}

/** Both addresses are written to, and each agrees by its own link. */
function Waiting({ change, hadAddress }: { change: EmailChangeOut; hadAddress: boolean }) {
  const { t, dateTime } = useI18n();
  const takeBack = useChange(() => forgetEmailChange());
  return (
    <div className={styles.form} role="group" aria-label={t("settings.address_waiting")}>
      <p>
        {t("settings.address_waiting_text", { email: change.new_email, when: dateTime(change.expires_at) })}
      </p>
      <Rows label={t("settings.address_waiting")}>
        {hadAddress && <Agreed what={t("settings.address_old_one")} agreed={change.old_confirmed} />}
        <Agreed what={change.new_email} agreed={change.new_confirmed} />
      </Rows>
      <div className={styles.actions}>
        <Button small busy={takeBack.isPending} onClick={() => takeBack.mutate()}>
          {t("settings.address_take_back")}
        </Button>
      </div>
    </div>
  );
}

function Agreed({ what, agreed }: { what: string; agreed: boolean }) {
  const { t } = useI18n();
  return (
    <Row
      icon={agreed ? <CheckIcon size={18} /> : <ClockIcon size={18} />}
      title={what}
      facts={[t(agreed ? "settings.address_agreed" : "settings.address_not_agreed")]}
    />
  );
}
