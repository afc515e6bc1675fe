/** All pictures of a person, newest first, and the viewer above them. Which picture is open stands in the address. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useSearchParams } from "react-router";

import type { Image } from "@/api/types";
import { useUnseen } from "@/entities/image/deletions";
import { imagesQuery } from "@/entities/image/queries";
import { TagField } from "@/entities/image/TagField";
import { UploadButton } from "@/entities/image/UploadButton";
import { useImageActions } from "@/entities/image/useImageActions";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Segmented } from "@/ui/RadioGroup";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./GalleryPage.module.css";
import { PictureGrid } from "./PictureGrid";
import { Viewer } from "./Viewer";

export function GalleryPage() {
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const favorite = query.get("show") === "favorites";
  const open = query.get("view");
  const tags = query.getAll("tag");
  const list = useInfiniteQuery(imagesQuery({ favorite, tags }));
  const unseen = useUnseen();
  const images = useMemo(
    () => list.data?.pages.flatMap((page) => page.items).filter(({ id }) => !unseen.has(id)) ?? [],
    [list.data, unseen],
  );
  const actions = useImageActions();

  const change = (name: "view" | "show", value: string | null, replace: boolean) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace, preventScrollReset: true },
    );
  const filterBy = (names: string[]) =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete("tag");
        for (const name of names) next.append("tag", name);
        return next;
      },
      { preventScrollReset: true },
    );
  // Signed addresses run out together; one reading renews them all.
  const lastRead = list.dataUpdatedAt;
  const reread = () => {
    if (Date.now() - lastRead > 10_000) void list.refetch();
  };
  const index = images.findIndex((image) => image.id === open);
  const more = () => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  };
  const removeOpen = (image: Image) => {
    // One that the list does not have, or not yet, has no neighbours there.
    const next = index < 0 ? undefined : (images[index + 1] ?? images[index - 1]);
    change("view", next?.id ?? null, true);
    actions.remove(image);
  };

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t("gallery.title")}</h1>
        <Segmented
          label={t("gallery.show")}
          value={favorite ? "favorites" : "all"}
          options={[
            { value: "all", label: t("gallery.all") },
            { value: "favorites", label: t("gallery.favorites") },
          ]}
          onChange={(value) => change("show", value === "all" ? null : value, true)}
        />
        <UploadButton />
      </header>
      <TagField
        label={t("gallery.by_tags")}
        placeholder={t("gallery.by_tags_example")}
        onlyKnown
        values={tags}
        onChange={filterBy}
      />
      {list.isPending ? (
        <Loading label={t("gallery.loading")} />
      ) : list.isError && images.length === 0 ? (
        <Failed error={list.error} onRetry={() => void list.refetch()} />
      ) : images.length === 0 && !list.hasNextPage ? (
        <Nothing favorite={favorite} tagged={tags.length > 0} />
      ) : (
        <PictureGrid
          images={images}
          actions={actions}
          loading={list.isFetchingNextPage}
          failure={list.isFetchNextPageError ? list.error : null}
          onOpen={(image) => change("view", image.id, false)}
          onNearEnd={more}
          onBroken={reread}
        />
      )}
      {open !== null && (
        <Viewer
          id={open}
          known={images[index]}
          newer={images[index - 1]?.id}
          older={index < 0 ? undefined : images[index + 1]?.id}
          onNearEnd={more}
          remaining={index < 0 ? null : images.length - 1 - index}
          actions={actions}
          onShow={(id) => change("view", id, true)}
          onRemove={removeOpen}
          onBroken={reread}
          onClose={() => change("view", null, true)}
        />
      )}
    </div>
  );
}

function Nothing({ favorite, tagged }: { favorite: boolean; tagged: boolean }) {
  const { t } = useI18n();
  if (tagged) return <Empty title={t("gallery.none_tagged_title")} text={t("gallery.none_tagged_text")} />;
  return favorite ? (
    <Empty title={t("gallery.no_favorites_title")} text={t("gallery.no_favorites_text")} />
  ) : (
    <Empty title={t("gallery.empty_title")} text={t("gallery.empty_text")}>
      <Link to="/create" className={buttonClass("primary")}>
        {t("gallery.empty_action")}
      </Link>
    </Empty>
  );
}
