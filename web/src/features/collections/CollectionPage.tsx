/** One collection: its images in their order, and what is said of it. Which picture is open stands in the address. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, type ComponentType } from "react";
import { Link, useParams, useSearchParams } from "react-router";

import { asProblem } from "@/api/problem";
import type { Image } from "@/api/types";
import { collectionQuery, imagesInQuery } from "@/entities/collection/queries";
import { useUnseen } from "@/entities/image/deletions";
import { useImageActions } from "@/entities/image/useImageActions";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { CollectionHead } from "./CollectionHead";
import styles from "./CollectionPage.module.css";
import { OrderedGrid } from "./OrderedGrid";

/** What a viewer of pictures is told. */
interface Viewing {
  id: string;
  known: Image | undefined;
  newer: string | undefined;
  older: string | undefined;
  remaining: number | null;
  onNearEnd: () => void;
  actions: ReturnType<typeof useImageActions>;
  onShow: (id: string) => void;
  onRemove: (image: Image) => void;
  onBroken: () => void;
  onClose: () => void;
  strip: readonly Image[];
}

/** So many before and after the one that is open. */
const BESIDE = 12;

export function CollectionPage({ Viewer }: { Viewer: ComponentType<Viewing> }) {
  const { t } = useI18n();
  const { id = "" } = useParams();
  const collection = useQuery(collectionQuery(id));
  const problem = collection.error && asProblem(collection.error);
  // Somebody else's public one has a page of its own.
  if (problem?.status === 404 || problem?.status === 422 || collection.data?.is_mine === false)
    return <Gone />;
  if (collection.isError && !collection.data)
    return <Failed error={collection.error} onRetry={() => void collection.refetch()} />;
  if (!collection.data) return <Loading label={t("collections.opening")} />;
  return (
    <div className={styles.page}>
      <CollectionHead collection={collection.data} />
      <Images id={id} Viewer={Viewer} />
    </div>
  );
}

function Images({ id, Viewer }: { id: string; Viewer: ComponentType<Viewing> }) {
  const { t } = useI18n();
  const list = useInfiniteQuery(imagesInQuery(id));
  const [query, setQuery] = useSearchParams();
  const open = query.get("view");
  const unseen = useUnseen();
  const images = useMemo(
    () => list.data?.pages.flatMap((page) => page.items).filter((image) => !unseen.has(image.id)) ?? [],
    [list.data, unseen],
  );
  const actions = useImageActions();
  const view = (image: string | null, replace: boolean) =>
    setQuery(image === null ? {} : { view: image }, { replace, preventScrollReset: true });
  const more = () => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  };
  // Signed addresses run out together; one reading renews them all.
  const lastRead = list.dataUpdatedAt;
  const reread = () => {
    if (Date.now() - lastRead > 10_000) void list.refetch();
  };
  const index = images.findIndex((image) => image.id === open);

  if (list.isPending) return <Loading label={t("collections.opening")} />;
  if (list.isError && images.length === 0)
    return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <>
      {images.length === 0 && !list.hasNextPage ? (
        <Empty title={t("collections.none_inside_title")} text={t("collections.none_inside_text")}>
          <Link to="/gallery" className={buttonClass("primary")}>
            {t("collections.to_gallery")}
          </Link>
        </Empty>
      ) : (
        <>
          <p className={styles.hint}>{t("collections.order_hint")}</p>
          <OrderedGrid
            collection={id}
            images={images}
            onOpen={(image) => view(image.id, false)}
            onNearEnd={more}
            onBroken={reread}
          />
        </>
      )}
      {list.isFetchingNextPage && <Loading label={t("collections.opening")} />}
      {list.isFetchNextPageError && <Failed error={list.error} onRetry={more} />}
      {open !== null && (
        <Viewer
          id={open}
          known={images[index]}
          newer={images[index - 1]?.id}
          older={index < 0 ? undefined : images[index + 1]?.id}
          remaining={index < 0 ? null : images.length - 1 - index}
          onNearEnd={more}
          actions={actions}
          onShow={(image) => view(image, true)}
          onRemove={(image) => {
            const next = index < 0 ? undefined : (images[index + 1] ?? images[index - 1]);
            view(next?.id ?? null, true);
            actions.remove(image);
          }}
          onBroken={reread}
          onClose={() => view(null, true)}
          strip={index < 0 ? [] : images.slice(Math.max(0, index - BESIDE), index + BESIDE + 1)}
        />
      )}
    </>
  );
}

function Gone() {
  const { t } = useI18n();
  useTitle(t("collections.gone_title"), "inside");
  return (
    <Empty page title={t("collections.gone_title")} text={t("collections.gone_text")}>
      <Link to="/collections" className={buttonClass("primary")}>
        {t("collections.title")}
      </Link>
    </Empty>
  );
}
