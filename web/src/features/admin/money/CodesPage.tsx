/** Codes that give credits to whoever knows them, once each. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { CopyIcon, PlusIcon, TicketIcon } from "lucide-react";
import { useMemo, useState } from "react";

import { endCode } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { Code } from "@/api/types";
import { useSingleMutation } from "@/entities/useSingleMutation";
import type { Translator } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { copyText } from "@/ui/clipboard";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { LoadMore } from "@/ui/LoadMore";
import { problemText } from "@/ui/problemText";
import { Empty, Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { AdminFrame } from "../AdminFrame";
import { CodeDialog } from "./CodeDialog";
import styles from "./Money.module.css";
import { codesQuery, rereadAfterMoney } from "./queries";

export function CodesPage() {
  const { t } = useI18n();
  const [making, setMaking] = useState(false);
  const list = useInfiniteQuery(codesQuery);
  const { data, isPending, isError, error, refetch, hasNextPage, isFetchingNextPage } = list;
  const codes = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  return (
    <AdminFrame
      title={t("admin.codes")}
      aside={
        <Button look="primary" onClick={() => setMaking(true)}>
          <PlusIcon size={18} />
          {t("admin.make_code")}
        </Button>
      }
    >
      {isPending && <Loading label={t("admin.loading")} />}
      {isError && !data && <Failed error={error} onRetry={() => void refetch()} />}
      {data && codes.length === 0 && (
        <Empty icon={TicketIcon} title={t("admin.no_codes")} text={t("admin.no_codes_text")} />
      )}
      <ul className={styles.rows} aria-label={t("admin.codes")}>
        {codes.map((code) => (
          <Row key={code.id} code={code} now={list.dataUpdatedAt} />
        ))}
      </ul>
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void list.fetchNextPage()} />}
      {making && <CodeDialog onClose={() => setMaking(false)} />}
    </AdminFrame>
  );
}

/** `now`: when they were read. */
function Row({ code, now }: { code: Code; now: number }) {
  const i18n = useI18n();
  const { t } = i18n;
  const isOver =
    (code.valid_until !== null && Date.parse(code.valid_until) <= now) || code.uses === code.max_uses;
  const copy = async () => {
    const isCopied = await copyText(code.code);
    toast(t(isCopied ? "admin.code_copied" : "picture.not_copied"), isCopied ? "good" : "bad");
  };
  return (
    <li className={styles.card}>
      <div className={styles.head}>
        <span className={styles.code}>{code.code}</span>
        <Badge tone={isOver ? "neutral" : "good"}>{t(isOver ? "admin.code_over" : "admin.code_good")}</Badge>
        <Button
          small
          look="quiet"
          className={styles.last}
          aria-label={t("admin.copy_code", { code: code.code })}
          onClick={() => void copy()}
        >
          <CopyIcon size={16} />
        </Button>
        {!isOver && <End code={code} />}
      </div>
      <p className={styles.faint}>{factsOf(code, i18n).join(" · ")}</p>
    </li>
  );
}

function factsOf({ credits, keep_days, uses, max_uses, valid_until }: Code, i18n: Translator): string[] {
  const { t, date } = i18n;
  return [
    t("admin.n_credits", { n: credits }),
    keep_days === null ? t("admin.code_keeps") : t("admin.code_keep_days", { n: keep_days }),
    max_uses === null
      ? t("admin.code_uses", { n: uses })
      : t("admin.code_uses_of", { n: uses, of: max_uses }),
    ...(valid_until === null ? [] : [t("admin.code_until", { date: date(valid_until) })]),
  ];
}

function End({ code }: { code: Code }) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const { mutate, isPending } = useSingleMutation({
    mutationFn: () => endCode({ path: { code_id: code.id } }),
    onSuccess: async () => {
      await rereadAfterMoney(client);
      toast(t("admin.code_ended"), "good");
    },
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
    onSettled: () => setAsked(false),
  });
  return (
    <>
      <Button small onClick={() => setAsked(true)}>
        {t("admin.end_code")}
      </Button>
      {asked && (
        <ConfirmDialog
          title={t("admin.end_code_title", { code: code.code })}
          text={t("admin.end_code_text")}
          action={t("admin.end_code")}
          busy={isPending}
          onConfirm={() => mutate()}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}
