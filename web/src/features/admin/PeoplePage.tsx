/** Everybody who has an account, those who came last first. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { UsersIcon } from "lucide-react";
import { useMemo } from "react";
import { Link } from "react-router";

import type { Person } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { DataTable, type Column } from "@/ui/DataTable";
import { LoadMore } from "@/ui/LoadMore";
import { Select } from "@/ui/Select";
import { Empty, Failed, Loading } from "@/ui/States";
import { PHONE, useMedia } from "@/ui/useMedia";

import { AdminFrame } from "./AdminFrame";
import styles from "./PeoplePage.module.css";
import { PersonBadges, RoleBadge } from "./PersonBadges";
import { peopleQuery, type PeopleFilter } from "./queries";
import { SearchField } from "./SearchField";
import { useFilters } from "./useFilters";

const ROLES = ["user", "admin"] as const;
const STATUSES = ["active", "suspended", "deleted"] as const;

export function PeoplePage() {
  const { t } = useI18n();
  const { filters, set } = useFilters(["q", "role", "status"]);
  const all = { value: "", label: t("admin.all") };
  return (
    <AdminFrame title={t("admin.users")}>
      <search className={styles.filters}>
        <SearchField
          label={t("admin.search")}
          placeholder={t("admin.search_hint")}
          value={filters.q ?? ""}
          onChange={(q) => set("q", q)}
        />
        <Select
          label={t("admin.role")}
          value={filters.role ?? ""}
          options={[all, ...ROLES.map((value) => ({ value, label: t(`admin.role.${value}`) }))]}
          onChange={(role) => set("role", role)}
        />
        <Select
          label={t("admin.status")}
          value={filters.status ?? ""}
          options={[all, ...STATUSES.map((value) => ({ value, label: t(`admin.status.${value}`) }))]}
          onChange={(status) => set("status", status)}
        />
      </search>
      <People filter={soundFilter(filters)} />
    </AdminFrame>
  );
}

/** An address may say anything. */
function soundFilter({ q, role, status }: Partial<Record<keyof PeopleFilter, string>>): PeopleFilter {
  return {
    q: q?.slice(0, 200),
    role: ROLES.find((one) => one === role),
    status: STATUSES.find((one) => one === status),
  };
}

function People({ filter }: { filter: PeopleFilter }) {
  const { t } = useI18n();
  const onAPhone = useMedia(PHONE);
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(peopleQuery(filter));
  const people = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  if (isPending) return <Loading label={t("admin.loading")} />;
  if (isError) return <Failed error={error} onRetry={() => void refetch()} />;
  if (people.length === 0)
    return <Empty icon={UsersIcon} title={t("admin.nobody")} text={t("admin.nobody_text")} />;
  return (
    <section>
      {onAPhone ? <Cards people={people} /> : <Table people={people} />}
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </section>
  );
}

function Table({ people }: { people: readonly Person[] }) {
  const { t, ago, dateTime } = useI18n();
  const columns = useMemo((): Column<Person>[] => {
    return [
      { id: "who", header: t("admin.person"), cell: (person) => <Who person={person} /> },
      { id: "handle", header: t("admin.handle"), cell: ({ handle }) => handle && `@${handle}` },
      {
        id: "role",
        header: t("admin.role"),
        cell: ({ role }) => (role === "admin" ? <RoleBadge /> : t("admin.role.user")),
      },
      {
        id: "status",
        header: t("admin.status"),
        cell: (person) => <PersonBadges person={person} withRole={false} />,
      },
      {
        id: "joined",
        header: t("admin.joined"),
        cell: ({ created_at }) => (
          <time className={styles.faint} dateTime={created_at} title={dateTime(created_at)}>
            {ago(created_at)}
          </time>
        ),
      },
    ];
  }, [t, ago, dateTime]);
  return (
    <div className={styles.table}>
      <DataTable caption={t("admin.users")} columns={columns} rows={people} getKey={({ id }) => id} />
    </div>
  );
}

function Cards({ people }: { people: readonly Person[] }) {
  const { t, ago } = useI18n();
  return (
    <ul className={styles.cards} aria-label={t("admin.users")}>
      {people.map((person) => (
        <li key={person.id} className={styles.card}>
          <Who person={person} />
          <div className={styles.badges}>
            <PersonBadges person={person} />
            <time className={styles.faint} dateTime={person.created_at}>
              {ago(person.created_at)}
            </time>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Who({ person: { id, display_name, email } }: { person: Person }) {
  const { t } = useI18n();
  return (
    <div className={styles.who}>
      <Link to={`/admin/users/${id}`} className={styles.name}>
        {display_name}
      </Link>
      <span className={styles.faint}>{email ?? t("admin.no_email")}</span>
    </div>
  );
}
