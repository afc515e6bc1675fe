/** What everybody finds: public pictures, the newest or what is liked most first, or those of one tag. */
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { CompassIcon } from "lucide-react";
import { useSearchParams } from "react-router";

import { listPublicImages } from "@/api/generated";
import { listPublicImagesInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import { useI18n } from "@/i18n/useI18n";
import { LoadMore } from "@/ui/LoadMore";
import { Segmented } from "@/ui/RadioGroup";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { ExploreGrid } from "./ExploreGrid";
import { addressOf, SORTS, sortIn, type ExploreSort } from "./exploreAddress";
import { TagChips } from "./TagChips";
import styles from "./ExplorePage.module.css";

const PAGE = 60;

const publicImages = (tag: string | null, sort: ExploreSort) => {
  const query = { limit: PAGE, sort, ...(tag !== null && { tag }) };
  return infiniteQueryOptions({
    ...followingPages,
    queryKey: listPublicImagesInfiniteQueryKey({ query }),
    queryFn: ({ pageParam, signal }) => listPublicImages({ query: { ...query, cursor: pageParam }, signal }),
  });
};

export function ExplorePage() {
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const tag = query.get("tag");
  const sort = sortIn(query);
  const list = useInfiniteQuery(publicImages(tag, sort));
  const images = list.data?.pages.flatMap((page) => page.items) ?? [];
  useTitle(t("nav.explore"));
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          <h1>{t("nav.explore")}</h1>
          <p className={styles.intro}>{t("explore.intro")}</p>
        </div>
        <Segmented
          label={t("explore.sort")}
          value={sort}
          options={SORTS.map((value) => ({ value, label: t(`explore.sort.${value}`) }))}
          onChange={(next) => setQuery(addressOf(tag, next))}
        />
      </header>
      <TagChips images={images} chosen={tag} sort={sort} />
      {list.isError && !list.data && <Failed error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading label={t("explore.opening")} />}
      {list.data && images.length === 0 && (
        <Empty icon={CompassIcon} title={t("explore.empty_title")} text={t(nothingText(tag, sort))} />
      )}
      {images.length > 0 && <ExploreGrid images={images} onBroken={() => void list.refetch()} />}
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
    </div>
  );
}

function nothingText(tag: string | null, sort: ExploreSort) {
  if (sort === "most_liked") return "explore.empty_liked_text";
  return tag === null ? "explore.empty_text" : "explore.empty_tag_text";
}
