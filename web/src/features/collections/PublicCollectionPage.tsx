/** A public collection as everybody sees it, without an account. Its owner sees it here as others do. */
import { infiniteQueryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { FolderIcon } from "lucide-react";
import { Link } from "react-router";

import { BASE_PATH } from "@/api/basePath";
import { listCollectionImages } from "@/api/generated";
import { listCollectionImagesInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import { asProblem } from "@/api/problem";
import { collectionQuery } from "@/entities/collection/queries";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useI18n } from "@/i18n/useI18n";
import { Brand } from "@/ui/Brand";
import { buttonClass } from "@/ui/Button";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import styles from "./PublicCollectionPage.module.css";

const shownIn = (id: string) => {
  const asked = { path: { collection_id: id }, query: { limit: 60 } };
  return infiniteQueryOptions({
    ...followingPages,
    queryKey: listCollectionImagesInfiniteQueryKey(asked),
    queryFn: ({ pageParam, signal }) =>
      listCollectionImages({ ...asked, query: { ...asked.query, cursor: pageParam }, signal }),
  });
};

export function PublicCollectionPage({ id }: { id: string }) {
  return (
    <div className={styles.page}>
      <header>
        <Link to="/" className={styles.brand}>
          <Brand />
        </Link>
      </header>
      <main className={styles.main}>
        <Shown id={id} />
      </main>
    </div>
  );
}

function Shown({ id }: { id: string }) {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({ ...collectionQuery(id), retry: false });
  const status = error ? asProblem(error).status : null;
  const gone = status === 404 || data?.visibility === "private";
  useTitle(gone ? t("collections.not_shown_title") : (data?.name ?? t("collections.opening")));
  if (gone) {
    return (
      <Empty
        page
        icon={FolderIcon}
        title={t("collections.not_shown_title")}
        text={t("collections.not_shown_text")}
      >
        <Link to="/" className={buttonClass("primary")}>
          {t("collections.to_studio")}
        </Link>
      </Empty>
    );
  }
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("collections.opening")} />;
  return (
    <>
      <h1 className={styles.name}>{data.name}</h1>
      {data.description && <p className={styles.description}>{data.description}</p>}
      <Images id={id} />
    </>
  );
}

function Images({ id }: { id: string }) {
  const i18n = useI18n();
  const { t } = i18n;
  const list = useInfiniteQuery(shownIn(id));
  if (list.isError && !list.data) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Loading label={t("collections.opening")} />;
  const images = list.data.pages
    .flatMap((page) => page.items)
    .filter(({ visibility }) => visibility === "public");
  if (images.length === 0 && !list.hasNextPage)
    return <p className={styles.none}>{t("collections.none_shown")}</p>;
  return (
    <>
      <ul className={styles.images} aria-label={t("collections.images_label")}>
        {images.map((image) => {
          const title = pictureTitle(image.generation_params, i18n);
          return (
            <li key={image.id}>
              <a href={`${BASE_PATH}/api/v1/images/${image.id}/file`} className={styles.image}>
                <img
                  src={image.thumbnail_url ?? image.file_url}
                  alt={title}
                  loading="lazy"
                  decoding="async"
                />
              </a>
            </li>
          );
        })}
      </ul>
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </>
  );
}
