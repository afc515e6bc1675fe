/** One person: how they stand, what they hold, how they sign in, what can be done, and what was. */
import { useQuery } from "@tanstack/react-query";
import { ArrowLeftIcon, CompassIcon } from "lucide-react";
import { Link, useParams } from "react-router";

import { asProblem } from "@/api/problem";
import type { PersonDetails, User } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Empty, Failed, Loading } from "@/ui/States";

import { AdminFrame } from "./AdminFrame";
import { AuditEntries } from "./AuditEntries";
import { Deeds } from "./Deeds";
import { PersonBadges } from "./PersonBadges";
import { PersonFacts } from "./PersonFacts";
import styles from "./PersonPage.module.css";
import { personQuery } from "./queries";

export function PersonPage({ user }: { user: User }) {
  const { t } = useI18n();
  const { id = "" } = useParams();
  const { data, isPending, error, refetch } = useQuery(personQuery(id));
  const code = error === null ? undefined : asProblem(error).code;
  return (
    <AdminFrame title={data?.display_name ?? t("admin.person")} untitled>
      <Link to="/admin/users" className={styles.back}>
        <ArrowLeftIcon size={16} />
        {t("admin.all_users")}
      </Link>
      {isPending && <Loading label={t("admin.loading")} />}
      {/* An id that is none is not valid; one of nobody is not found. */}
      {!data && (code === "not_found" || code === "validation_error") && (
        <Empty page icon={CompassIcon} title={t("admin.no_person")} text={t("admin.no_person_text")} />
      )}
      {!data && error && code !== "not_found" && code !== "validation_error" && (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
      {data && <Person person={data} me={user} />}
    </AdminFrame>
  );
}

function Person({ person, me }: { person: PersonDetails; me: User }) {
  const { t, ago, dateTime } = useI18n();
  const { display_name, email, suspended_at, suspended_reason, leaves_at } = person;
  return (
    <>
      <header className={styles.head}>
        <h1>{display_name}</h1>
        <div className={styles.badges}>
          <PersonBadges person={person} />
        </div>
        <p className={styles.soft}>{email ?? t("admin.no_email")}</p>
      </header>
      {suspended_at !== null && (
        <p className={styles.note} data-tone="bad">
          {t("admin.suspended_since", { when: ago(suspended_at), reason: suspended_reason ?? "" })}
        </p>
      )}
      {leaves_at !== null && (
        <p className={styles.note} data-tone="warn">
          {t("admin.leaves_at", { when: dateTime(leaves_at) })}
        </p>
      )}
      <PersonFacts person={person} />
      <Deeds person={person} me={me} />
      <section className={styles.section} aria-labelledby="history">
        <h2 id="history">{t("admin.history")}</h2>
        <AuditEntries filter={{ target_id: person.id }} about={false} none={t("admin.history_none")} />
      </section>
    </>
  );
}
