import { ChevronDownIcon, ChevronUpIcon, XIcon } from "lucide-react";
import { useState } from "react";

import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { ProgressBar } from "@/ui/Progress";

import { isUnderWay, uploadQueue, type Upload } from "./uploadQueue";
import { UploadRow } from "./UploadRow";
import styles from "./Uploads.module.css";

/** Lines; what is under way and what failed stand first. */
const MOST_SHOWN = 60;
const ORDER: Record<Upload["state"], number> = { failed: 0, checking: 1, sending: 1, waiting: 2, kept: 3 };

export function UploadTray({ uploads }: { uploads: readonly Upload[] }) {
  const { t } = useI18n();
  const [small, setSmall] = useState(false);
  const underWay = uploads.some(isUnderWay);
  const failed = uploads.filter(({ state }) => state === "failed");
  const done = uploads.filter(({ state }) => state === "kept").length;
  const counts = { done, all: uploads.length, failed: failed.length };
  const summary = failed.length > 0 ? t("uploads.failed_some", counts) : t("uploads.progress", counts);
  const shown = uploads.toSorted((one, other) => ORDER[one.state] - ORDER[other.state]).slice(0, MOST_SHOWN);
  return (
    <section className={styles.tray} aria-label={t("uploads.title")}>
      <header className={styles.head}>
        <p role="status" className={styles.summary}>
          {summary}
        </p>
        <IconButton
          label={t(small ? "uploads.more" : "uploads.less")}
          aria-expanded={!small}
          onClick={() => setSmall(!small)}
        >
          {small ? <ChevronUpIcon /> : <ChevronDownIcon />}
        </IconButton>
        {!underWay && (
          <IconButton label={t("uploads.close")} onClick={() => uploadQueue.clear()}>
            <XIcon />
          </IconButton>
        )}
      </header>
      {underWay && <ProgressBar label={summary} value={percentOf(uploads)} />}
      {!small && (
        <>
          <ul className={styles.list} aria-label={t("uploads.title")}>
            {shown.map((upload) => (
              <UploadRow key={upload.id} upload={upload} />
            ))}
            {uploads.length > shown.length && (
              <li className={styles.faint}>{t("uploads.others", { n: uploads.length - shown.length })}</li>
            )}
          </ul>
          <footer className={styles.foot}>
            {failed.length > 1 && (
              <Button small onClick={() => uploadQueue.retry(failed.map(({ id }) => id))}>
                {t("uploads.retry_all")}
              </Button>
            )}
            {underWay && uploads.length > 1 && (
              <Button small look="quiet" onClick={() => uploadQueue.cancelAll()}>
                {t("uploads.cancel_all")}
              </Button>
            )}
          </footer>
        </>
      )}
    </section>
  );
}

/** By bytes, for a large picture takes longer than a small one. */
function percentOf(uploads: readonly Upload[]): number {
  const all = uploads.reduce((sum, { file }) => sum + file.size, 0);
  const sent = uploads.reduce(
    (sum, { file, sent, state }) => sum + (state === "failed" ? file.size : Math.min(sent, file.size)),
    0,
  );
  return all === 0 ? 0 : Math.round((100 * sent) / all);
}
