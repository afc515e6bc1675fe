/**
 * Where the seller sends people back to. What was paid is known when the seller has told the studio, which may be later than the
 * person is back: until then the page waits, says so, and asks again.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheckIcon, HourglassIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { getCheckoutOptions } from "@/api/generated/@tanstack/react-query.gen";
import { asProblem } from "@/api/problem";
import type { Checkout } from "@/api/types";
import { offersQuery, rereadSubscription } from "@/entities/subscription/queries";
import { SandboxLine } from "@/entities/subscription/SandboxLine";
import { meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { readVariant } from "./planText";
import styles from "./ReturnPage.module.css";

/** So soon it is there mostly. */
const SOON_MS = 15_000;
const ASK_MS = { soon: 2_000, late: 10_000 };

export function ReturnPage() {
  const { t } = useI18n();
  const [query] = useSearchParams();
  const id = query.get("checkout") ?? "";
  useTitle(t("billing.return_title"));
  return (
    <div className={styles.page}>
      <SandboxLine />
      {id === "" ? <Unknown /> : <Waiting key={id} id={id} />}
    </div>
  );
}

function Waiting({ id }: { id: string }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const isLate = useLater(SOON_MS);
  const { data, error, refetch } = useQuery({
    ...getCheckoutOptions({ path: { checkout_id: id } }),
    refetchInterval: ({ state: { data: read, error: failure } }) => {
      const isOver = read?.status === "paid" || (failure !== null && !asProblem(failure).outcomeUnknown);
      return !isOver && (isLate ? ASK_MS.late : ASK_MS.soon);
    },
  });
  const isPaid = data?.status === "paid";
  useEffect(() => {
    if (isPaid) rereadSubscription(client);
  }, [isPaid, client]);

  if (data) return isPaid ? <Paid checkout={data} /> : <NotYet isLate={isLate} />;
  if (error === null) return <Loading label={t("billing.confirming")} />;
  const { code } = asProblem(error);
  // An id that is none is not valid; one of nobody, or of somebody else, is not found.
  if (code === "not_found" || code === "validation_error") return <Unknown />;
  return <Failed error={error} onRetry={() => void refetch()} />;
}

function NotYet({ isLate }: { isLate: boolean }) {
  const { t } = useI18n();
  return (
    <div role="status">
      <Empty
        page
        icon={HourglassIcon}
        title={t(isLate ? "billing.return_late" : "billing.confirming")}
        text={t(isLate ? "billing.return_late_text" : "billing.confirming_text")}
      >
        {isLate && (
          <Link to="/credits" className={buttonClass("plain")}>
            {t("billing.to_credits")}
          </Link>
        )}
      </Empty>
    </div>
  );
}

function Paid({ checkout }: { checkout: Checkout }) {
  const { t } = useI18n();
  const { data: me } = useQuery(meQuery);
  return (
    <div role="status">
      <Empty page icon={CircleCheckIcon} title={t("billing.return_paid")} text={useBought(checkout)}>
        {me && <p className={styles.balance}>{t("billing.balance_now", { n: me.credits.balance })}</p>}
        <div className={styles.ways}>
          <Link to="/create" className={buttonClass("primary")}>
            {t("billing.to_create")}
          </Link>
          <Link to="/credits" className={buttonClass("plain")}>
            {t("billing.to_credits")}
          </Link>
        </div>
      </Empty>
    </div>
  );
}

function useBought({ variant }: Checkout): string {
  const { t } = useI18n();
  const { data: offers } = useQuery(offersQuery);
  const bought = readVariant(variant);
  if (bought !== null && "plan" in bought) {
    const plan = offers?.items.find(({ name }) => name === bought.plan);
    return t("billing.bought_plan", { name: plan?.display_name ?? bought.plan });
  }
  const pack = bought && offers?.packs.find(({ name }) => name === bought.pack);
  return pack ? t("billing.bought_pack", { n: pack.credits }) : t("billing.bought");
}

function Unknown() {
  const { t } = useI18n();
  return (
    <Empty page title={t("billing.return_unknown")} text={t("billing.return_unknown_text")}>
      <Link to="/credits" className={buttonClass("primary")}>
        {t("billing.to_credits")}
      </Link>
    </Empty>
  );
}

function useLater(ms: number): boolean {
  const [isLater, setLater] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLater(true), ms);
    return () => window.clearTimeout(timer);
  }, [ms]);
  return isLater;
}
