/** One picture, as large as the window allows, with everything it was made with. */
import { useQuery } from "@tanstack/react-query";
import {
  ChevronLeftIcon,
  ChevronRightIcon,
  CopyIcon,
  DownloadIcon,
  ImageIcon,
  RefreshCwIcon,
  Trash2Icon,
  XIcon,
} from "lucide-react";
import { useEffect, type KeyboardEvent, type ReactNode } from "react";
import { Link } from "react-router";

import type { Image, Recipe } from "@/api/types";
import { fileNameOf } from "@/entities/image/fileName";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { imageQuery } from "@/entities/image/queries";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass, IconButton, iconButtonClass } from "@/ui/Button";
import { copyText } from "@/ui/clipboard";
import { Dialog } from "@/ui/Dialog";
import { Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { Enlarge } from "./Enlarge";
import { FavoriteButton } from "./FavoriteButton";
import { MadeFrom } from "./MadeFrom";
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
  /** What is asked above it. */
  children: ReactNode;
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
    children,
  } = props;
  const i18n = useI18n();
  const { t } = i18n;
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
              alt={pictureTitle(image.generation_params, i18n)}
              className={styles.picture}
              style={{ "--width": image.width, "--height": image.height } as React.CSSProperties}
              onLoad={(event) => (event.currentTarget.dataset.shown = "")}
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
              <ChevronLeftIcon />
            </IconButton>
          )}
          {older && (
            <IconButton
              label={t("gallery.older")}
              onPicture
              className={styles.older}
              onClick={() => onShow(older)}
            >
              <ChevronRightIcon />
            </IconButton>
          )}
        </div>
        <div className={styles.tools}>
          {image && <FavoriteButton image={image} onToggle={onToggleFavorite} />}
          {image && (
            <a
              href={image.file_url}
              download={fileNameOf(image)}
              aria-label={t("picture.download")}
              title={t("picture.download")}
              className={iconButtonClass()}
            >
              <DownloadIcon />
            </a>
          )}
          {image && (
            <IconButton label={t("picture.delete")} onClick={() => onDelete(image)}>
              <Trash2Icon />
            </IconButton>
          )}
          <IconButton label={t("action.close")} onClick={onClose} className={styles.close}>
            <XIcon />
          </IconButton>
        </div>
        <div className={styles.facts}>{image && <Facts key={image.id} image={image} />}</div>
      </div>
      {children}
    </Dialog>
  );
}

function Facts({ image }: { image: Image }) {
  const i18n = useI18n();
  const { t } = i18n;
  const recipe = image.generation_params as Recipe;
  const { source_image } = recipe;
  // What was enlarged or uploaded says nothing that the form could take.
  const reusable = recipe.job_type !== "upscale" && Boolean(recipe.prompt ?? source_image);
  return (
    <>
      {recipe.prompt ? (
        <Words recipe={recipe} prompt={recipe.prompt} />
      ) : (
        <h2>{pictureTitle(recipe, i18n)}</h2>
      )}
      {source_image !== undefined && <MadeFrom id={source_image} />}
      <div className={styles.actions}>
        {reusable && (
          <Link to={`/create?image=${image.id}`} className={buttonClass("primary", { wide: true })}>
            <RefreshCwIcon />
            {t("picture.use_again")}
          </Link>
        )}
        <Link to={`/create?source=${image.id}`} className={buttonClass("plain", { wide: true })}>
          <ImageIcon />
          {t("picture.start_from")}
        </Link>
        <Enlarge image={image} />
      </div>
      <Parameters image={image} />
      <p className={styles.keys}>{t("gallery.keys")}</p>
    </>
  );
}

function Words({ recipe, prompt }: { recipe: Recipe; prompt: string }) {
  const { t } = useI18n();
  const { negative_prompt, resolved_prompt } = recipe;
  const copy = async () => {
    const copied = await copyText(prompt);
    toast(t(copied ? "picture.copied" : "picture.not_copied"), copied ? "good" : "bad");
  };
  return (
    <div className={styles.words}>
      <div className={styles.heading}>
        <h2>{t("recipe.prompt")}</h2>
        <IconButton label={t("picture.copy_prompt")} onClick={copy}>
          <CopyIcon size={18} />
        </IconButton>
      </div>
      <p className={styles.prompt}>{prompt}</p>
      {resolved_prompt && (
        <>
          <h2>{t("gallery.resolved_prompt")}</h2>
          <p className={styles.prompt}>{resolved_prompt}</p>
        </>
      )}
      {negative_prompt && (
        <>
          <h2>{t("recipe.negative_prompt")}</h2>
          <p className={styles.prompt}>{negative_prompt}</p>
        </>
      )}
    </div>
  );
}
