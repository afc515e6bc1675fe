/** One picture, as large as the window allows, with everything it was made with. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, type KeyboardEvent } from "react";
import { Link } from "react-router";

import { imageQuery } from "@/api/queries";
import type { Image, Recipe } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass, IconButton } from "@/ui/Button";
import { copyText } from "@/ui/clipboard";
import { Dialog } from "@/ui/Dialog";
import { AgainIcon, CloseIcon, CopyIcon, DownloadIcon, LeftIcon, RightIcon, TrashIcon } from "@/ui/icons";
import { Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { FavoriteButton } from "./FavoriteButton";
import { fileNameOf } from "./fileName";
import { Parameters } from "./Parameters";
import styles from "./Viewer.module.css";

interface ViewerProps {
  id: string;
  /** The picture as the list has it, where it does. */
  known: Image | undefined;
  newer: string | undefined;
  older: string | undefined;
  /** How many pictures the list has after this one; null when this one is not in it. */
  remaining: number | null;
  onNearEnd: () => void;
  onShow: (id: string) => void;
  onToggleFavorite: (image: Image) => void;
  onDelete: (image: Image) => void;
  /** The signed address of the listed picture has run out. */
  onBroken: () => void;
  onClose: () => void;
}

const NEAR_END = 6;

export function Viewer(props: ViewerProps) {
  const {
    id,
    known,
    newer,
    older,
    remaining,
    onNearEnd,
    onShow,
    onToggleFavorite,
    onDelete,
    onBroken,
    onClose,
  } = props;
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({ ...imageQuery(id), enabled: !known });
  const image = known ?? data;

  useEffect(() => {
    if (remaining !== null && remaining < NEAR_END) onNearEnd();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked once for each place in the list
  }, [remaining, id]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowLeft" && newer) onShow(newer);
    else if (event.key === "ArrowRight" && older) onShow(older);
    else if ((event.key === "Delete" || event.key === "Backspace") && image) onDelete(image);
    else if (event.key.toLowerCase() === "f" && image) onToggleFavorite(image);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog full label={t("gallery.viewer")} onClose={onClose} onKeyDown={onKeyDown}>
      <div className={styles.viewer}>
        <div className={styles.stage}>
          {image ? (
            <img
              key={image.id}
              src={image.file_url}
              alt={(image.generation_params as Recipe).prompt ?? ""}
              className={styles.picture}
              style={{ "--width": image.width, "--height": image.height } as React.CSSProperties}
              onError={() => (known ? onBroken() : void refetch())}
            />
          ) : error ? (
            <Failed error={error} onRetry={() => void refetch()} />
          ) : (
            <Loading label={t("gallery.loading")} />
          )}
          {newer && (
            <IconButton
              label={t("gallery.newer")}
              onPicture
              className={styles.newer}
              onClick={() => onShow(newer)}
            >
              <LeftIcon />
            </IconButton>
          )}
          {older && (
            <IconButton
              label={t("gallery.older")}
              onPicture
              className={styles.older}
              onClick={() => onShow(older)}
            >
              <RightIcon />
            </IconButton>
          )}
        </div>
        <div className={styles.tools}>
          {image && <FavoriteButton image={image} onToggle={onToggleFavorite} />}
          {image && (
            <a
              href={image.file_url}
              download={fileNameOf(image)}
              aria-label={t("gallery.download")}
              title={t("gallery.download")}
              className={styles.tool}
            >
              <DownloadIcon />
            </a>
          )}
          {image && (
            <IconButton label={t("gallery.delete")} onClick={() => onDelete(image)}>
              <TrashIcon />
            </IconButton>
          )}
          <IconButton label={t("action.close")} onClick={onClose} className={styles.close}>
            <CloseIcon />
          </IconButton>
        </div>
        <div className={styles.facts}>{image && <Facts image={image} />}</div>
      </div>
    </Dialog>
  );
}

function Facts({ image }: { image: Image }) {
  const { t } = useI18n();
  const { prompt = "", negative_prompt } = image.generation_params as Recipe;
  const copy = async () => {
    const copied = await copyText(prompt);
    toast(t(copied ? "gallery.copied" : "gallery.not_copied"), copied ? "good" : "bad");
  };
  return (
    <>
      <div className={styles.words}>
        <div className={styles.heading}>
          <h2>{t("create.prompt")}</h2>
          <IconButton label={t("gallery.copy_prompt")} onClick={copy}>
            <CopyIcon size={18} />
          </IconButton>
        </div>
        <p className={styles.prompt}>{prompt}</p>
        {negative_prompt && (
          <>
            <h2>{t("create.negative_prompt")}</h2>
            <p className={styles.prompt}>{negative_prompt}</p>
          </>
        )}
      </div>
      <Link to={`/create?image=${image.id}`} className={buttonClass("primary", { wide: true })}>
        <AgainIcon />
        {t("gallery.use_again")}
      </Link>
      <Parameters image={image} />
      <p className={styles.keys}>{t("gallery.keys")}</p>
    </>
  );
}
