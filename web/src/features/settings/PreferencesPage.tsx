/** How one likes the page and one's pictures. It goes along to other devices. */
import { useQuery } from "@tanstack/react-query";

import { meQuery } from "@/entities/user/queries";
import { useSavePreferences, type Preferences } from "@/entities/user/preferences";
import { useI18n } from "@/i18n/useI18n";
import { SwitchField } from "@/ui/Choices";
import { LanguageSwitch } from "@/ui/LanguageSwitch";
import { Failed, Loading } from "@/ui/States";
import { ThemeSwitch } from "@/ui/ThemeSwitch";

import { DefaultsForm } from "./DefaultsForm";
import { Section } from "./Section";
import styles from "./settings.module.css";

export function PreferencesPage() {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery(meQuery);
  if (error && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("settings.loading")} />;
  const { preferences } = data.profile;
  return (
    <>
      <Section title={t("settings.looks")} text={t("settings.looks_text")}>
        <div className={styles.actions}>
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </Section>
      <Section title={t("settings.defaults")} text={t("settings.defaults_text")}>
        {/* What another device saves meanwhile shows here when the page is opened again. */}
        <DefaultsForm kept={preferences.defaults ?? {}} />
      </Section>
      <Notices kept={preferences.notices ?? {}} />
      <TellOthers kept={preferences.tell_others} />
    </>
  );
}

/** What others get beside a picture that they may see. */
function TellOthers({ kept }: { kept: Preferences["tell_others"] }) {
  const { t } = useI18n();
  const { save } = useSavePreferences();
  return (
    <Section title={t("settings.tell_others")} text={t("settings.tell_others_text")}>
      <SwitchField
        label={t("settings.tell_others_how")}
        checked={kept !== "label"}
        onChange={(on) => save({ tell_others: on ? "everything" : "label" })}
      />
    </Section>
  );
}

/** What is told unless it is switched off, and a sound, which is not there unless it is switched on. */
const NOTICES = [
  { name: "job_completed", unless: true },
  { name: "job_failed", unless: true },
  { name: "credits_low", unless: true },
  { name: "sound", unless: false },
] as const;

function Notices({ kept }: { kept: NonNullable<Preferences["notices"]> }) {
  const { t } = useI18n();
  const { save } = useSavePreferences();
  return (
    <Section title={t("settings.notices")} text={t("settings.notices_text")}>
      {NOTICES.map(({ name, unless }) => (
        <SwitchField
          key={name}
          label={t(`settings.notice.${name}`)}
          checked={kept[name] ?? unless}
          onChange={(on) => save({ notices: { [name]: on } })}
        />
      ))}
    </Section>
  );
}
