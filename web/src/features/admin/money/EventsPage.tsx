/** What the seller has told, as it came: what became of it, and what can be done where nothing did. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { InboxIcon, RotateCwIcon, UserPlusIcon } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "react-router";

import { replayBillingEvent } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { BillingEvent } from "@/api/types";
import { SandboxLine } from "@/entities/subscription/SandboxLine";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { LoadMore } from "@/ui/LoadMore";
import { problemText } from "@/ui/problemText";
import { Segmented } from "@/ui/RadioGroup";
import { Empty, Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { AdminFrame } from "../AdminFrame";
import { useFilters } from "../useFilters";
import { AssignDialog } from "./AssignDialog";
import styles from "./Money.module.css";
import { eventsQuery, rereadAfterMoney } from "./queries";

const STATUSES = ["waiting", "nobody", "failed", "applied", "ignored"] as const;
const TONES = {
  waiting: "info",
  nobody: "warn",
  failed: "bad",
  applied: "good",
  ignored: "neutral",
} as const;

export function EventsPage() {
  const { t } = useI18n();
  const { filters, set } = useFilters(["status"]);
  const status = STATUSES.find((one) => one === filters.status);
  return (
    <AdminFrame title={t("admin.events")}>
      <SandboxLine />
      <p className={styles.soft}>{t("admin.events_text")}</p>
      <div className={styles.wide}>
        <Segmented
          label={t("admin.status")}
          value={status ?? "all"}
          options={[
            { value: "all", label: t("admin.all") },
            ...STATUSES.map((value) => ({ value, label: t(`admin.event.${value}`) })),
          ]}
          onChange={(value) => set("status", value === "all" ? null : value)}
        />
      </div>
      <Events status={status} />
    </AdminFrame>
  );
}

function Events({ status }: { status: BillingEvent["status"] | undefined }) {
  const { t } = useI18n();
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(eventsQuery({ status }));
  const events = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  if (isPending) return <Loading label={t("admin.loading")} />;
  if (isError) return <Failed error={error} onRetry={() => void refetch()} />;
  if (events.length === 0)
    return <Empty icon={InboxIcon} title={t("admin.no_events")} text={t("admin.no_events_text")} />;
  return (
    <section>
      <ul className={styles.rows} aria-label={t("admin.events")}>
        {events.map((event) => (
          <Told key={event.id} event={event} />
        ))}
      </ul>
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </section>
  );
}

function Told({ event }: { event: BillingEvent }) {
  const i18n = useI18n();
  const { t, ago, dateTime } = i18n;
  const client = useQueryClient();
  const [isAssigned, setAssigned] = useState(false);
  const { id, provider, event_name, status, attempts, error, user_id, received_at, applied_at } = event;
  const replaying = useSingleMutation({
    mutationFn: () => replayBillingEvent({ path: { event_id: id } }),
    onSuccess: async () => {
      await rereadAfterMoney(client);
      toast(t("admin.replayed"), "good");
    },
    onError: (failure) => toast(problemText(i18n, asProblem(failure)), "bad"),
  });
  return (
    <li className={styles.card}>
      <div className={styles.head}>
        <strong>{event_name}</strong>
        <Badge tone={TONES[status]}>{t(`admin.event.${status}`)}</Badge>
        <time className={styles.last} dateTime={received_at} title={dateTime(received_at)}>
          {ago(received_at)}
        </time>
      </div>
      <p className={styles.faint}>
        {provider} · {id}
        {attempts > 0 && ` · ${t("admin.attempts", { n: attempts })}`}
        {applied_at !== null && ` · ${t("admin.applied", { when: dateTime(applied_at) })}`}
      </p>
      {error !== null && <p className={styles.problem}>{error}</p>}
      <details>
        <summary className={styles.faint}>{t("admin.as_it_came")}</summary>
        <pre className={styles.body}>{JSON.stringify(event.body, null, 2)}</pre>
      </details>
      <div className={styles.deeds}>
        {user_id !== null && (
          <Link to={`/admin/users/${user_id}`} className={styles.person}>
            {t("admin.whose_it_is")}
          </Link>
        )}
        {status === "nobody" && (
          <Button small onClick={() => setAssigned(true)}>
            <UserPlusIcon size={16} />
            {t("admin.assign")}
          </Button>
        )}
        {status !== "waiting" && (
          <Button small look="quiet" busy={replaying.isPending} onClick={() => replaying.mutate()}>
            <RotateCwIcon size={16} />
            {t("admin.replay")}
          </Button>
        )}
      </div>
      {isAssigned && <AssignDialog event={event} onClose={() => setAssigned(false)} />}
    </li>
  );
}
