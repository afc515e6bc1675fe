import { EyeIcon, HandshakeIcon } from "lucide-react";
import { useState } from "react";

import type { PersonDetails, User } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";

import { DeedDialog } from "./DeedDialog";
import { DEEDS, type Deed } from "./deeds";
import { AgreementDialog, EndAgreementDialog } from "./money/AgreementDialog";
import styles from "./PersonPage.module.css";
import { ViewDialog } from "./ViewDialog";

export function Deeds({ person, me }: { person: PersonDetails; me: User }) {
  const { t } = useI18n();
  const [asked, setAsked] = useState<Deed | "view" | "agree" | "end" | null>(null);
  const offered = DEEDS.filter((deed) => deed.offered(person));
  const mayView = person.role === "user" && person.status === "active";
  const close = () => setAsked(null);
  if (offered.length === 0) return null;
  return (
    <section className={styles.section} aria-labelledby="deeds">
      <h2 id="deeds">{t("admin.deeds")}</h2>
      <div className={styles.deeds}>
        {mayView && (
          <Button onClick={() => setAsked("view")}>
            <EyeIcon size={18} />
            {t("admin.do.view")}
          </Button>
        )}
        {person.status !== "deleted" && (
          <Button onClick={() => setAsked("agree")}>
            <HandshakeIcon size={18} />
            {t("admin.agree")}
          </Button>
        )}
        {person.plan !== "free" && (
          <Button onClick={() => setAsked("end")}>{t("admin.end_agreement")}</Button>
        )}
        {offered.map((deed) => (
          <Button
            key={deed.name}
            look={deed.name === "suspend" ? "danger" : "plain"}
            onClick={() => setAsked(deed)}
          >
            <deed.icon size={18} />
            {t(`admin.do.${deed.name}`)}
          </Button>
        ))}
      </div>
      {asked === "view" && <ViewDialog person={person} onClose={close} />}
      {asked === "agree" && <AgreementDialog person={person} onClose={close} />}
      {asked === "end" && <EndAgreementDialog person={person} onClose={close} />}
      {asked !== null && typeof asked !== "string" && (
        <DeedDialog deed={asked} person={person} oneself={person.id === me.id} onClose={close} />
      )}
    </section>
  );
}
