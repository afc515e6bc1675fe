/** What was deleted and is not yet gone: how long it stays, and the ways back and on. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import type { Image } from "@/api/types";
import { actionOfKey } from "@/entities/action";
import { ActionButton } from "@/entities/ActionControl";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { deleteForGood } from "@/entities/image/actions/deleteForGood";
import { emptyTrash } from "@/entities/image/actions/emptyTrash";
import { restoreImage } from "@/entities/image/actions/restoreImage";
import { trashedQuery, trashQuery } from "@/entities/image/trash";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { PageHead } from "@/ui/PageHead";
import { Empty, Failed, Loading } from "@/ui/States";
import { useMedia } from "@/ui/useMedia";
import { VirtualGrid } from "@/ui/VirtualGrid";

import styles from "./TrashPage.module.css";
import { TrashTile } from "./TrashTile";

export function TrashPage() {
  const { t, bytes } = useI18n();
  const { data: trash } = useQuery(trashQuery);
  const list = useInfiniteQuery(trashedQuery);
  const images = list.data?.pages.flatMap((page) => page.items) ?? [];
  const emptying = useAction(emptyTrash);
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);

  return (
    <div className={styles.page}>
      <PageHead to="/gallery" back={t("trash.to_gallery")}>
        <div className={styles.line}>
          <h1>{t("trash.title")}</h1>
          {trash && (
            <ActionButton
              action={emptyTrash}
              thing={trash}
              small
              busy={emptying.busy}
              onPress={() => setAsking(true)}
            />
          )}
        </div>
        {trash && <p className={styles.said}>{t("trash.stays", { days: trash.keep_days })}</p>}
        {trash && trash.count > 0 && (
          <p className={styles.said}>{t("trash.fills", { n: trash.count, size: bytes(trash.size) })}</p>
        )}
      </PageHead>
      {list.isPending ? (
        <Loading label={t("trash.loading")} />
      ) : list.isError && images.length === 0 ? (
        <Failed error={list.error} onRetry={() => void list.refetch()} />
      ) : images.length === 0 && !list.hasNextPage ? (
        <Empty title={t("trash.nothing_title")} text={t("trash.nothing_text")}>
          <Link to="/gallery" className={buttonClass("plain")}>
            {t("trash.to_gallery")}
          </Link>
        </Empty>
      ) : (
        <Trashed
          images={images}
          keepDays={trash?.keep_days ?? null}
          onNearEnd={() => {
            if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
          }}
        />
      )}
      {list.isFetchingNextPage && <Loading label={t("trash.loading")} />}
      {asking && trash && (
        <ActionQuestion
          action={emptyTrash}
          thing={trash}
          busy={emptying.busy}
          onConfirm={() => emptying.run(trash, close)}
          onClose={close}
        />
      )}
    </div>
  );
}

interface TrashedProps {
  images: Image[];
  keepDays: number | null;
  onNearEnd: () => void;
}

function Trashed({ images, keepDays, onNearEnd }: TrashedProps) {
  const { t } = useI18n();
  const small = useMedia("(max-width: 40rem)");
  const restoring = useAction(restoreImage);
  const deleting = useAction(deleteForGood);
  const [asked, setAsked] = useState<Image | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <VirtualGrid
        label={t("trash.title")}
        items={images}
        getKey={({ id }) => id}
        minColumn={small ? 150 : 210}
        gap={small ? 8 : 12}
        ratio={1.25}
        onNearEnd={onNearEnd}
        onKeyDown={(event, image) => {
          const action = actionOfKey([restoreImage, deleteForGood], image, event);
          if (action === undefined) return;
          event.preventDefault();
          if (action === restoreImage) restoring.run(image);
          else setAsked(image);
        }}
      >
        {(image, tabIndex) => (
          <TrashTile
            image={image}
            keepDays={keepDays}
            tabIndex={tabIndex}
            onRestore={restoring.run}
            onDelete={setAsked}
          />
        )}
      </VirtualGrid>
      <p className={styles.keys}>{t("trash.keys")}</p>
      {asked && (
        <ActionQuestion
          action={deleteForGood}
          thing={asked}
          busy={deleting.busy}
          onConfirm={() => deleting.run(asked, close)}
          onClose={close}
        />
      )}
    </>
  );
}
