/** Pictures that one has more than once: side by side, with which of them stays. Which kind is shown stands in the address. */
import { useSearchParams } from "react-router";

import type { DuplicateKind } from "@/entities/image/duplicates";
import { useI18n } from "@/i18n/useI18n";
import { PageHead } from "@/ui/PageHead";
import { Tabs } from "@/ui/Tabs";
import { useTitle } from "@/ui/useTitle";

import styles from "./DuplicatesPage.module.css";
import { Groups } from "./Groups";

const KINDS: readonly DuplicateKind[] = ["same", "alike"];

export function DuplicatesPage() {
  const { t } = useI18n();
  const [query, setQuery] = useSearchParams();
  const kind = query.get("kind") === "alike" ? "alike" : "same";
  useTitle(t("duplicates.title"), "inside");
  return (
    <div className={styles.page}>
      <PageHead to="/gallery" back={t("duplicates.to_gallery")}>
        <h1>{t("duplicates.title")}</h1>
      </PageHead>
      <Tabs
        label={t("duplicates.kind")}
        value={kind}
        tabs={KINDS.map((value) => ({
          value,
          label: t(`duplicates.${value}`),
          content: <Groups kind={value} />,
        }))}
        onChange={(next) => setQuery(next === "same" ? {} : { kind: next }, { replace: true })}
      />
    </div>
  );
}
