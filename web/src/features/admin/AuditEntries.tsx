/** Entries of the audit log, newest first: who did what to whom and why, what was before and after, and from where. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { ArrowRightIcon, ScrollTextIcon } from "lucide-react";
import { useMemo } from "react";
import { Link } from "react-router";

import type { AuditEntry } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./AuditEntries.module.css";
import { changesOf } from "./changes";
import { auditQuery, type AuditFilter } from "./queries";

interface AuditEntriesProps {
  filter: AuditFilter;
  /** Whether it is said to whom it was done. */
  about?: boolean;
  /** What is said where there is none. */
  none: string;
}

export function AuditEntries({ filter, about = true, none }: AuditEntriesProps) {
  const { t } = useI18n();
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(auditQuery(filter));
  const entries = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  if (isPending) return <Loading label={t("admin.loading")} />;
  if (isError) return <Failed error={error} onRetry={() => void refetch()} />;
  if (entries.length === 0) {
    if (!about) return <p className={styles.faint}>{none}</p>;
    return <Empty icon={ScrollTextIcon} title={t("admin.audit_none")} text={none} />;
  }
  return (
    <>
      <ol className={styles.entries} aria-label={t("admin.audit")}>
        {entries.map((entry) => (
          <li key={entry.id} className={styles.entry}>
            <Entry entry={entry} about={about} />
          </li>
        ))}
      </ol>
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </>
  );
}

function Entry({ entry, about }: { entry: AuditEntry; about: boolean }) {
  const i18n = useI18n();
  const { t, find, dateTime } = i18n;
  const changes = changesOf(entry, i18n);
  return (
    <>
      <div className={styles.head}>
        <p className={styles.what}>
          <strong>{find(`admin.action.${entry.action}`) ?? entry.action}</strong>
          {about && <Target entry={entry} />}
        </p>
        <time className={styles.faint} dateTime={entry.created_at}>
          {dateTime(entry.created_at)}
        </time>
      </div>
      {entry.reason !== null && <p className={styles.reason}>{entry.reason}</p>}
      {changes.length > 0 && (
        <dl className={styles.changes}>
          {changes.map(({ field, before, after }) => (
            <div key={field}>
              <dt>{field}</dt>
              <dd>
                {before !== null && <del>{before}</del>}
                {before !== null && after !== null && <ArrowRightIcon size={14} />}
                {after !== null && <ins>{after}</ins>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p className={styles.faint}>
        {entry.ip_address === null
          ? t("admin.by", { name: actorOf(entry, t("admin.command_line")) })
          : t("admin.by_from", { name: actorOf(entry, t("admin.command_line")), ip: entry.ip_address })}
      </p>
    </>
  );
}

/** As the server writes it where nobody was signed in. */
const COMMAND_LINE = "command line";

function actorOf({ actor_id, actor_name }: AuditEntry, commandLine: string): string {
  return actor_id === null && actor_name === COMMAND_LINE ? commandLine : actor_name;
}

function Target({ entry: { target_type, target_id, target_name } }: { entry: AuditEntry }) {
  const { t } = useI18n();
  if (target_type === "image") return <span className={styles.faint}>{target_id}</span>;
  if (target_type !== "user" || target_id === null) return null;
  if (!target_name) return <span className={styles.faint}>{t("admin.gone")}</span>;
  return (
    <Link to={`/admin/users/${target_id}`} className={styles.whom}>
      {target_name}
    </Link>
  );
}
