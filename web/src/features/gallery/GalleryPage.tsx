/** All pictures of a person, newest first, and the viewer above them. Which picture is open stands in the address. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";

import type { Image } from "@/api/types";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { deleteImage } from "@/entities/image/actions/deleteImage";
import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { imagesQuery } from "@/entities/image/queries";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { LoadMore } from "@/ui/LoadMore";
import { Segmented } from "@/ui/RadioGroup";
import { Empty, Failed, Loading } from "@/ui/States";

import styles from "./GalleryPage.module.css";
import { Tile } from "./Tile";
import { Viewer } from "./Viewer";

export function GalleryPage() {
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const favorite = query.get("show") === "favorites";
  const open = query.get("view");
  const list = useInfiniteQuery(imagesQuery({ favorite }));
  const images = list.data?.pages.flatMap((page) => page.items) ?? [];
  const favoring = useAction(favoriteImage);
  const removing = useAction(deleteImage);
  const [deleting, setDeleting] = useState<Image | null>(null);

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
  // Signed addresses run out together; one reading renews them all.
  const lastRead = list.dataUpdatedAt;
  const reread = () => {
    if (Date.now() - lastRead > 10_000) void list.refetch();
  };
  const index = images.findIndex((image) => image.id === open);

  // Inside the viewer where that is open, so that it lies above it and closes first.
  const question = deleting && (
    <ActionQuestion
      action={deleteImage}
      thing={deleting}
      busy={removing.busy}
      onClose={() => setDeleting(null)}
      onConfirm={() => {
        const place = images.findIndex((image) => image.id === deleting.id);
        const next = images[place + 1] ?? images[place - 1];
        removing.run(deleting, () => {
          setDeleting(null);
          if (open === deleting.id) change("view", next?.id ?? null, true);
        });
      }}
    />
  );

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
      </header>
      <Pictures list={list} images={images} favorite={favorite}>
        {(image) => (
          <Tile
            key={image.id}
            image={image}
            onOpen={() => change("view", image.id, false)}
            onToggleFavorite={favoring.run}
            onDelete={setDeleting}
            onBroken={reread}
          />
        )}
      </Pictures>
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
      {open === null ? (
        question
      ) : (
        <Viewer
          id={open}
          known={images[index]}
          newer={images[index - 1]?.id}
          older={index < 0 ? undefined : images[index + 1]?.id}
          onNearEnd={() => list.hasNextPage && !list.isFetching && void list.fetchNextPage()}
          remaining={index < 0 ? null : images.length - 1 - index}
          onShow={(id) => change("view", id, true)}
          onToggleFavorite={favoring.run}
          onDelete={setDeleting}
          onBroken={reread}
          onClose={() => change("view", null, true)}
        >
          {question}
        </Viewer>
      )}
    </div>
  );
}

interface PicturesProps {
  list: { isPending: boolean; isError: boolean; error: unknown; refetch: () => unknown; data?: unknown };
  images: Image[];
  favorite: boolean;
  children: (image: Image) => React.ReactNode;
}

function Pictures({ list, images, favorite, children }: PicturesProps) {
  const { t } = useI18n();
  if (list.isPending) return <Loading label={t("gallery.loading")} />;
  if (list.isError && !list.data) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  if (images.length === 0) {
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
  return <ul className={styles.grid}>{images.map(children)}</ul>;
}
