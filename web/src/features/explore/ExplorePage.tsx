/** What everybody finds: public pictures, the newest first, or those of one tag. */
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { CompassIcon } from "lucide-react";
import { Link, useSearchParams } from "react-router";

import { listPublicImages } from "@/api/generated";
import { listPublicImagesInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useI18n } from "@/i18n/useI18n";
import { LoadMore } from "@/ui/LoadMore";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { TagChips } from "./TagChips";
import styles from "./ExplorePage.module.css";

const PAGE = 60;

const publicImages = (tag: string | null) => {
  const query = { limit: PAGE, ...(tag !== null && { tag }) };
  return infiniteQueryOptions({
    ...followingPages,
    queryKey: listPublicImagesInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listPublicImages({ query: { ...query, cursor: pageParam }, signal }),
  });
};

export function ExplorePage() {
  const i18n = useI18n();
  const { t } = i18n;
  const [query] = useSearchParams();
  const tag = query.get("tag");
  const list = useInfiniteQuery(publicImages(tag));
  const images = list.data?.pages.flatMap((page) => page.items) ?? [];
  useTitle(t("nav.explore"));
  return (
    <div className={styles.page}>
      <header>
        <h1>{t("nav.explore")}</h1>
        <p className={styles.intro}>{t("explore.intro")}</p>
      </header>
      <TagChips images={images} chosen={tag} />
      {list.isError && !list.data && <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading label={t("explore.opening")} />}
      {list.data && images.length === 0 && (
        <Empty
          icon={CompassIcon}
          title={t("explore.empty_title")}
          text={t(tag === null ? "explore.empty_text" : "explore.empty_tag_text")}
        />
      )}
      {images.length > 0 && (
        <ul className={styles.images} aria-label={t("explore.pictures_label")}>
          {images.map((image) => (
            <li key={image.id}>
              <Link to={`/i/${image.id}`} className={styles.image}>
                <img
                  src={image.thumbnail_large_url ?? image.thumbnail_url ?? image.file_url}
                  alt={pictureTitle(image.generation_params, i18n)}
                  width={image.width}
                  height={image.height}
                  loading="lazy"
                  decoding="async"
                />
              </Link>
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </div>
  );
}
