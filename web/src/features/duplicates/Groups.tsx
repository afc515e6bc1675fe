/** All groups of a kind, what they take together, and for those of the same bytes the way to be done with all of them. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { CopyCheckIcon } from "lucide-react";
import { useState } from "react";

import { duplicatesQuery, type DuplicateKind } from "@/entities/image/duplicates";
import { useChangeMany } from "@/entities/image/useChangeMany";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./DuplicatesPage.module.css";
import { Group } from "./Group";

export function Groups({ kind }: { kind: DuplicateKind }) {
  const { t, bytes, number } = useI18n();
  const list = useInfiniteQuery(duplicatesQuery(kind));
  const many = useChangeMany();
  // By the group's suggestion, which is what a group is known by: who stays instead of it.
  const [chosen, setChosen] = useState<Readonly<Record<string, string>>>({});
  const [asking, setAsking] = useState(false);
  const groups = list.data?.pages.flatMap((page) => page.items) ?? [];
  const totals = list.data?.pages[0]?.totals;
  const compared = list.data?.pages[0]?.compared_newest;

  if (list.isPending) return <Loading label={t("duplicates.loading")} />;
  if (list.isError && groups.length === 0)
    return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  const bound = compared != null && (
    <p className={styles.said}>{t("duplicates.compared", { n: compared })}</p>
  );
  if (groups.length === 0)
    return (
      <div className={styles.groups}>
        <Empty
          icon={CopyCheckIcon}
          title={t("duplicates.none_title")}
          text={t(`duplicates.none_${kind}_text`)}
        />
        {bound}
      </div>
    );
  return (
    <div className={styles.groups}>
      <p className={styles.said}>{t(`duplicates.text_${kind}`)}</p>
      {bound}
      {totals && (
        <div className={styles.line}>
          <p role="status">
            {t("duplicates.totals", {
              groups: totals.groups,
              images: totals.images,
              size: bytes(totals.bytes),
            })}
          </p>
          {kind === "same" && (
            <Button look="primary" busy={many.busy} onClick={() => setAsking(true)}>
              {t("duplicates.all")}
            </Button>
          )}
        </div>
      )}
      {groups.map((group, place) => (
        <Group
          key={group.keep}
          group={group}
          label={`${t("duplicates.keep")} ${number(place + 1)}`}
          kept={chosen[group.keep] ?? group.keep}
          busy={many.busy}
          onKeep={(id) => setChosen({ ...chosen, [group.keep]: id })}
          onTrash={(ids) => many.change({ ids }, { action: "delete" })}
          onBroken={() => void list.refetch()}
        />
      ))}
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
      {asking && totals && (
        <ConfirmDialog
          title={t("duplicates.all_title")}
          text={t("duplicates.all_text", { n: totals.images })}
          action={t("duplicates.all")}
          busy={many.busy}
          onConfirm={() => many.trashSame(Object.values(chosen), () => setAsking(false))}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
