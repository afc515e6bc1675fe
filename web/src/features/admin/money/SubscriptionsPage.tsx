/** Who holds which plan, by whom it was sold, and until when. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { CreditCardIcon, RefreshCwIcon } from "lucide-react";
import { useMemo } from "react";
import { Link } from "react-router";

import { reconcileBilling } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { HeldSubscription } from "@/api/types";
import { useSingleMutation } from "@/entities/useSingleMutation";
import type { Translator } from "@/i18n/translate";
import { SandboxLine } from "@/entities/subscription/SandboxLine";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { LoadMore } from "@/ui/LoadMore";
import { problemText } from "@/ui/problemText";
import { Select } from "@/ui/Select";
import { Empty, Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { AdminFrame } from "../AdminFrame";
import { useFilters } from "../useFilters";
import styles from "./Money.module.css";
import { plansQuery, rereadAfterMoney, subscriptionsQuery, type SubscriptionFilter } from "./queries";

const STATUSES = ["active", "trial", "past_due", "canceled"] as const;
const TONES = { active: "good", trial: "info", past_due: "bad", canceled: "warn" } as const;

export function SubscriptionsPage() {
  const { t } = useI18n();
  const { filters, set } = useFilters(["plan", "status"]);
  const { data: plans } = useQuery(plansQuery);
  const all = { value: "", label: t("admin.all") };
  return (
    <AdminFrame title={t("admin.subscriptions")} aside={<Reconcile />}>
      <SandboxLine />
      <search className={styles.filters}>
        <Select
          label={t("admin.plan")}
          value={filters.plan ?? ""}
          options={[
            all,
            ...(plans?.items ?? []).map(({ name, display_name }) => ({ value: name, label: display_name })),
          ]}
          onChange={(plan) => set("plan", plan)}
        />
        <Select
          label={t("admin.status")}
          value={filters.status ?? ""}
          options={[all, ...STATUSES.map((value) => ({ value, label: t(`admin.standing_of.${value}`) }))]}
          onChange={(status) => set("status", status)}
        />
      </search>
      <Subscriptions
        filter={{ plan: filters.plan, status: STATUSES.find((one) => one === filters.status) }}
      />
    </AdminFrame>
  );
}

function Subscriptions({ filter }: { filter: SubscriptionFilter }) {
  const { t } = useI18n();
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(subscriptionsQuery(filter));
  const held = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  if (isPending) return <Loading label={t("admin.loading")} />;
  if (isError) return <Failed error={error} onRetry={() => void refetch()} />;
  if (held.length === 0)
    return <Empty icon={CreditCardIcon} title={t("admin.nobody")} text={t("admin.nobody_text")} />;
  return (
    <section>
      <ul className={styles.rows} aria-label={t("admin.subscriptions")}>
        {held.map((subscription) => (
          <Held key={`${subscription.user_id} ${subscription.provider_id}`} subscription={subscription} />
        ))}
      </ul>
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </section>
  );
}

function Held({ subscription }: { subscription: HeldSubscription }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { user_id, email, display_name, plan, status, balance } = subscription;
  return (
    <li className={styles.card}>
      <div className={styles.head}>
        <Link to={`/admin/users/${user_id}`} className={styles.person}>
          {display_name}
        </Link>
        <Badge tone="accent">{plan}</Badge>
        <Badge tone={TONES[status]}>{t(`admin.standing_of.${status}`)}</Badge>
        <span className={styles.last}>{t("admin.n_credits", { n: balance })}</span>
      </div>
      <p className={styles.faint}>
        {[email ?? t("admin.no_email"), ...factsOf(subscription, i18n)].join(" · ")}
      </p>
    </li>
  );
}

function factsOf(subscription: HeldSubscription, { t, date }: Translator): string[] {
  const { provider, provider_id, billing_cycle, renews_at, ends_at } = subscription;
  if (provider === null) return [];
  return [
    provider === "studio" ? t("admin.agreed_here") : `${provider} ${provider_id ?? ""}`.trim(),
    t(`admin.cycle.${billing_cycle}`),
    ...(renews_at === null ? [] : [t("admin.renews", { date: date(renews_at) })]),
    ...(ends_at === null ? [] : [t("admin.ends", { date: date(ends_at) })]),
  ];
}

/** What the seller has is compared with what is known here. */
function Reconcile() {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const { mutate, isPending } = useSingleMutation({
    mutationFn: () => reconcileBilling(),
    onSuccess: async (found) => {
      await rereadAfterMoney(client);
      toast(t("admin.reconciled", { ...found }), "good");
    },
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
  });
  return (
    <Button title={t("admin.reconcile_text")} busy={isPending} onClick={() => mutate()}>
      <RefreshCwIcon size={18} />
      {t("admin.reconcile")}
    </Button>
  );
}
