/** The words of a person, and on how many of their pictures each is: found, called otherwise, merged, deleted. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { TagsIcon } from "lucide-react";
import { useState } from "react";

import type { TagOut } from "@/api/generated";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { deleteTag } from "@/entities/image/actions/deleteTag";
import { allTagsQuery } from "@/entities/image/tags";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { TextField } from "@/ui/Field";
import { LoadMore } from "@/ui/LoadMore";
import { PageHead } from "@/ui/PageHead";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { MergeDialog } from "./MergeDialog";
import { RenameDialog } from "./RenameDialog";
import { TagRow } from "./TagRow";
import styles from "./TagsPage.module.css";

interface Asked {
  what: "rename" | "merge" | "delete";
  tag: TagOut;
}

export function TagsPage() {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const list = useInfiniteQuery(allTagsQuery(typed));
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  const deleting = useAction(deleteTag, { onDone: close });
  const tags = list.data?.pages.flatMap((page) => page.items) ?? [];
  useTitle(t("tags.title"), "inside");
  return (
    <div className={styles.page}>
      <PageHead to="/gallery" back={t("tags.to_gallery")}>
        <h1>{t("tags.title")}</h1>
      </PageHead>
      {list.isPending ? (
        <Loading label={t("tags.loading")} />
      ) : list.isError && tags.length === 0 ? (
        <Failed error={list.error} onRetry={() => void list.refetch()} />
      ) : tags.length === 0 && typed === "" ? (
        <Empty icon={TagsIcon} title={t("tags.nobody_has_title")} text={t("tags.nobody_has_text")} />
      ) : (
        <>
          <TextField
            label={t("tags.search")}
            placeholder={t("tags.search_example")}
            type="search"
            autoComplete="off"
            spellCheck={false}
            maxLength={64}
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
          />
          <p role="status" className={styles.said}>
            {!list.hasNextPage && t("tags.found", { n: tags.length })}
          </p>
          <ul className={styles.list} aria-label={t("tags.list")}>
            {tags.map((tag) => (
              <TagRow key={tag.id} tag={tag} onAsk={(what) => setAsked({ what, tag })} />
            ))}
          </ul>
        </>
      )}
      {list.hasNextPage && (
        <LoadMore busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />
      )}
      {asked?.what === "rename" && <RenameDialog tag={asked.tag} onClose={close} />}
      {asked?.what === "merge" && <MergeDialog tag={asked.tag} onClose={close} />}
      {asked?.what === "delete" && (
        <ActionQuestion
          action={deleteTag}
          thing={asked.tag}
          busy={deleting.busy}
          onConfirm={() => deleting.run(asked.tag)}
          onClose={close}
        />
      )}
    </div>
  );
}
