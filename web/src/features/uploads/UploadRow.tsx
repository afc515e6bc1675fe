import { CircleCheckIcon, RotateCcwIcon, TriangleAlertIcon, XIcon } from "lucide-react";
import { Link } from "react-router";

import { uploadText } from "@/entities/image/uploadText";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { ProgressBar } from "@/ui/Progress";

import { isUnderWay, uploadQueue, type Upload } from "./uploadQueue";
import styles from "./Uploads.module.css";

/** One file: how far it is, or what became of it. */
export function UploadRow({ upload }: { upload: Upload }) {
  const { t } = useI18n();
  const { id, file, state } = upload;
  const name = { name: file.name };
  return (
    <li className={styles.row} aria-label={file.name}>
      <div className={styles.words}>
        <p className={styles.name}>
          {upload.image ? <Link to={`/gallery?view=${upload.image.id}`}>{file.name}</Link> : file.name}
        </p>
        <State upload={upload} />
      </div>
      {state === "failed" && (
        <IconButton label={t("uploads.retry", name)} onClick={() => uploadQueue.retry([id])}>
          <RotateCcwIcon size={16} />
        </IconButton>
      )}
      {state !== "kept" && (
        <IconButton
          label={t(isUnderWay(upload) ? "uploads.cancel" : "uploads.forget", name)}
          onClick={() => uploadQueue.cancel(id)}
        >
          <XIcon size={16} />
        </IconButton>
      )}
    </li>
  );
}

function State({ upload: { file, state, sent, problem } }: { upload: Upload }) {
  const i18n = useI18n();
  const { t, bytes } = i18n;
  if (state === "kept") {
    return (
      <p className={styles.good}>
        <CircleCheckIcon size={14} />
        {t("uploads.kept")}
      </p>
    );
  }
  if (state === "failed") {
    return (
      <p className={styles.bad}>
        <TriangleAlertIcon size={14} />
        {uploadText(i18n, problem)}
      </p>
    );
  }
  if (state === "waiting") return <p className={styles.faint}>{t("uploads.waiting")}</p>;
  const checking = state === "checking";
  const size = { sent: bytes(sent), size: bytes(file.size) };
  return (
    <>
      <p className={styles.faint}>{checking ? t("uploads.checking") : t("uploads.sending", size)}</p>
      <ProgressBar
        label={file.name}
        value={checking ? null : Math.round((100 * sent) / Math.max(file.size, 1))}
      />
    </>
  );
}
