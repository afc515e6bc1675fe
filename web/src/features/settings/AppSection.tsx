/** The authenticator app: a second factor besides the password. */
import { useState } from "react";

import {
  beginSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  type BegunOut,
  type SecondFactorState,
} from "@/api/generated";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";

import { AppSetUp } from "./AppSetUp";
import { RecoveryCodes } from "./RecoveryCodes";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

export function AppSection({ state }: { state: SecondFactorState }) {
  const { t, dateTime } = useI18n();
  const [begun, setBegun] = useState<BegunOut | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [asked, setAsked] = useState<"renew" | "remove" | null>(null);
  const beginning = useChange(() => beginSecondFactor(), { onDone: setBegun });
  const renewing = useChange(() => renewRecoveryCodes(), {
    onDone: ({ recovery_codes }) => setCodes(recovery_codes),
  });
  const removing = useChange(() => removeSecondFactor(), { said: t("settings.app_removed") });
  return (
    <Section
      title={t("settings.app")}
      text={t("settings.app_text")}
      aside={
        state.on ? (
          <Badge tone="good">{t("settings.app_on")}</Badge>
        ) : (
          !begun && (
            <Button small busy={beginning.isPending} onClick={() => beginning.mutate()}>
              {t("settings.app_set_up")}
            </Button>
          )
        )
      }
    >
      {begun && !state.on && !codes && (
        <AppSetUp
          begun={begun}
          onDone={(made) => {
            setBegun(null);
            setCodes(made);
          }}
          onCancel={() => setBegun(null)}
        />
      )}
      {codes && <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />}
      {state.on && !codes && (
        <>
          <p className={styles.note}>
            {state.since && t("settings.app_since", { when: dateTime(state.since) })}{" "}
            {t("settings.codes_left", { n: state.recovery_codes_left })}
          </p>
          <div className={styles.actions}>
            <Button busy={renewing.isPending} onClick={() => setAsked("renew")}>
              {t("settings.codes_renew")}
            </Button>
            <Button look="quiet" busy={removing.isPending} onClick={() => setAsked("remove")}>
              {t("settings.app_remove")}
            </Button>
          </div>
        </>
      )}
      {asked && (
        <ConfirmDialog
          title={t(asked === "renew" ? "settings.codes_renew_title" : "settings.app_remove_title")}
          text={t(asked === "renew" ? "settings.codes_renew_text" : "settings.app_remove_text")}
          action={t(asked === "renew" ? "settings.codes_renew" : "settings.app_remove")}
          look={asked === "renew" ? "primary" : "danger"}
          onClose={() => setAsked(null)}
          onConfirm={() => {
            setAsked(null);
            if (asked === "renew") renewing.mutate();
            else removing.mutate();
          }}
        />
      )}
    </Section>
  );
}
