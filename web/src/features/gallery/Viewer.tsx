/** One picture, as large as the window allows, with everything it was made with. */
import { useQuery } from "@tanstack/react-query";
import { ChevronLeftIcon, ChevronRightIcon, SquareSplitHorizontalIcon, XIcon } from "lucide-react";
import { useEffect, useState, type KeyboardEvent } from "react";

import type { Image, Recipe } from "@/api/types";
import { ActionDownload, ActionIcon } from "@/entities/ActionControl";
import { AddToCollection } from "@/entities/collection/AddToCollection";
import { deleteForGood } from "@/entities/image/actions/deleteForGood";
import { deleteImage } from "@/entities/image/actions/deleteImage";
import { downloadImage } from "@/entities/image/actions/downloadImage";
import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { restoreImage } from "@/entities/image/actions/restoreImage";
import { reuseImage } from "@/entities/image/actions/reuseImage";
import { startFromImage } from "@/entities/image/actions/startFromImage";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { imageQuery } from "@/entities/image/queries";
import type { useImageActions } from "@/entities/image/useImageActions";
import { LostPicture } from "@/entities/job/LostPicture";
import { useOfferActions } from "@/entities/useOfferActions";
import { useI18n } from "@/i18n/useI18n";
import { isTyping } from "@/shortcuts/press";
import { shortcutOf } from "@/shortcuts/shortcut";
import { IconButton } from "@/ui/IconButton";
import { Dialog } from "@/ui/Dialog";
import { ContextMenu } from "@/ui/Menu";
import { Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { BeforeAfter } from "./BeforeAfter";
import { Facts } from "./Facts";
import { FilmStrip } from "./FilmStrip";
import { InTrash } from "./InTrash";
import { Share } from "./Share";
import { VIEWER, ZOOM } from "./shortcuts";
import { useTrashed } from "./useTrashed";
import styles from "./Viewer.module.css";
import { FIT, type View } from "./zoom";
import { keyView, Zoomable } from "./Zoomable";

interface ViewerProps {
  id: string;
  /** The picture as the list has it, where it does. */
  known: Image | undefined;
  newer: string | undefined;
  older: string | undefined;
  /** How many pictures the list has after this one; null when this one is not in it. */
  remaining: number | null;
  onNearEnd: () => void;
  actions: ReturnType<typeof useImageActions>;
  onShow: (id: string) => void;
  /** Deletes it, and shows another in its place. */
  onRemove: (image: Image) => void;
  /** The signed address of the listed picture has run out. */
  onBroken: () => void;
  onClose: () => void;
  /** Those before and after it that are at hand, itself among them. */
  strip?: readonly Image[];
}

const NEAR_END = 6;
const ADDRESSES_TRIED = 2;

export function Viewer(props: ViewerProps) {
  const {
    id,
    known,
    newer,
    older,
    remaining,
    actions,
    onNearEnd,
    onShow,
    onRemove,
    onBroken,
    onClose,
    strip,
  } = props;
  const i18n = useI18n();
  const { t } = i18n;
  const { data, error, refetch } = useQuery({ ...imageQuery(id), enabled: !known });
  const image = known ?? data;
  // Read again it has another address; when that does not load either, the picture is gone.
  const [failed, setFailed] = useState<{ id: string; addresses: readonly string[] }>({ id, addresses: [] });
  const failures = failed.id === id ? failed.addresses : [];
  const lost = failures.length >= ADDRESSES_TRIED;
  const onError = (address: string) => {
    setFailed({ id, addresses: [...failures.filter((one) => one !== address), address] });
    if (known) onBroken();
    else void refetch();
  };
  const [near, setNear] = useState({ id, view: FIT });
  const view = near.id === id ? near.view : FIT;
  const setView = (next: View) => setNear({ id, view: next });
  const [comparing, setComparing] = useState<string | null>(null);
  const source = (image?.generation_params as Recipe | undefined)?.source_image;
  const title = image ? pictureTitle(image.generation_params, i18n) : t("gallery.viewer");
  useTitle(title, "inside");
  const trashed = useTrashed({ onBack: () => void refetch(), onGone: onClose });
  const inTrash = image !== undefined && image.trashed_at !== null;
  useOfferActions(
    title,
    image,
    inTrash
      ? [
          { action: restoreImage, run: trashed.restore },
          { action: deleteForGood, run: trashed.remove },
        ]
      : [
          { action: favoriteImage, run: actions.favorite },
          { action: reuseImage },
          { action: startFromImage },
          { action: deleteImage, run: onRemove },
        ],
  );

  useEffect(() => {
    if (remaining !== null && remaining < NEAR_END) onNearEnd();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked once for each place in the list
  }, [remaining, id]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (isTyping(event.target)) return;
    // The line between before and after has its own.
    if ((event.target as HTMLElement).matches("[type=range]") && event.key.startsWith("Arrow")) return;
    const zoom = shortcutOf(Object.values(ZOOM), event, null);
    if (newer && shortcutOf([VIEWER.newer], event, null)) onShow(newer);
    else if (older && shortcutOf([VIEWER.older], event, null)) onShow(older);
    else if (zoom && image) setView(keyView(view, zoom.to, event.currentTarget, image.width));
    else if (!image) return;
    else if (!(inTrash ? trashed.onKey(image, event) : actions.onKey(image, event, onRemove))) return;
    event.preventDefault();
  };

  return (
    <Dialog full label={t("gallery.viewer")} onClose={onClose} onKeyDown={onKeyDown}>
      <div className={styles.viewer}>
        <div className={styles.stage}>
          {image && lost ? (
            <LostPicture jobId={image.job_id} />
          ) : image ? (
            <ContextMenu
              entries={inTrash ? trashed.entriesOf(image) : actions.entriesOf(image, onRemove)}
              className={styles.middle}
            >
              {comparing === id && source !== undefined ? (
                <BeforeAfter source={source} image={image} title={title} />
              ) : (
                <Zoomable
                  image={image}
                  title={title}
                  view={view}
                  onView={setView}
                  onSwipe={(to) => {
                    const next = to === "newer" ? newer : older;
                    if (next) onShow(next);
                  }}
                  onError={onError}
                />
              )}
            </ContextMenu>
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
        {strip && strip.length > 1 && (
          <div className={styles.strip}>
            <FilmStrip images={strip} current={id} onShow={onShow} onBroken={onBroken} />
          </div>
        )}
        <div className={styles.tools}>
          {image && (
            <>
              {source !== undefined && (
                <IconButton
                  label={t("gallery.before_after")}
                  aria-pressed={comparing === id}
                  onClick={() => setComparing(comparing === id ? null : id)}
                >
                  <SquareSplitHorizontalIcon />
                </IconButton>
              )}
              {inTrash ? (
                <ActionDownload action={downloadImage} thing={image} />
              ) : (
                <>
                  <ActionIcon action={favoriteImage} thing={image} withKeys onPress={actions.favorite} />
                  <ActionDownload action={downloadImage} thing={image} />
                  <Share image={image} actions={actions} />
                  <AddToCollection image={image.id} />
                  <ActionIcon action={deleteImage} thing={image} withKeys onPress={() => onRemove(image)} />
                </>
              )}
            </>
          )}
          <IconButton label={t("action.close")} onClick={onClose} className={styles.close}>
            <XIcon />
          </IconButton>
        </div>
        <div className={styles.facts}>
          {image && image.trashed_at !== null && (
            <InTrash image={image} trashedAt={image.trashed_at} trashed={trashed} />
          )}
          {image && <Facts key={image.id} image={image} />}
        </div>
      </div>
      {trashed.question}
    </Dialog>
  );
}
