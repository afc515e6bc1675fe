/** Keys for programs that act in one's name. */
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listApiKeys, revokeApiKey, type KeyOut, type NewKeyOut } from "@/api/generated";
import { listApiKeysInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { LoadMore } from "@/ui/LoadMore";
import { Failed, Loading } from "@/ui/States";

import { KeyForm } from "./KeyForm";
import { KeyRow } from "./KeyRow";
import { NewKey } from "./NewKey";
import { Rows, Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

const query = { limit: 50 };
const keysQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: listApiKeysInfiniteQueryKey({ query }),
  queryFn: ({ pageParam, signal }) => listApiKeys({ query: { ...query, cursor: pageParam }, signal }),
});
const changes = [keysQuery.queryKey];

export function KeysPage() {
  const { t } = useI18n();
  const [open, setOpen] = useState<"new" | KeyOut | null>(null);
  const [made, setMade] = useState<NewKeyOut | null>(null);
  const [revoked, setRevoked] = useState<KeyOut | null>(null);
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(keysQuery);
  const revoking = useChange((id: string) => revokeApiKey({ path: { key_id: id } }), {
    said: t("settings.key_revoked"),
    changes,
  });

  if (error && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("settings.loading")} />;
  const keys = data.pages.flatMap((page) => page.items);
  return (
    <>
      {made && <NewKey made={made} onKept={() => setMade(null)} />}
      {open && (
        <KeyForm
          key={open === "new" ? "new" : open.id}
          before={open === "new" ? null : open}
          changes={changes}
          onMade={setMade}
          onEnd={() => setOpen(null)}
        />
      )}
      <Section
        title={t("settings.keys")}
        text={t("settings.keys_text")}
        aside={
          open === null && (
            <Button small look="primary" onClick={() => setOpen("new")}>
              {t("settings.key_create")}
            </Button>
          )
        }
      >
        {keys.length === 0 && <p className={styles.note}>{t("settings.keys_none")}</p>}
        {keys.length > 0 && (
          <Rows label={t("settings.keys")}>
            {keys.map((key) => (
              <KeyRow
                key={key.id}
                apiKey={key}
                busy={revoking.isPending && revoking.variables === key.id}
                onChange={() => setOpen(key)}
                onRevoke={() => setRevoked(key)}
              />
            ))}
          </Rows>
        )}
        {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
      </Section>
      {revoked && (
        <ConfirmDialog
          title={t("settings.key_revoke_title", { name: revoked.name })}
          text={t("settings.key_revoke_text")}
          action={t("settings.key_revoke")}
          onClose={() => setRevoked(null)}
          onConfirm={() => {
            setRevoked(null);
            revoking.mutate(revoked.id);
          }}
        />
      )}
    </>
  );
}
