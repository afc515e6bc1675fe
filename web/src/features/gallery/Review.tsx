/** Going through pictures by keys, one after the other: kept or rejected, given stars. What was rejected goes into the trash at the end, after one question. */
import { useEffect, useState, type KeyboardEvent } from "react";
import { CheckIcon, XIcon } from "lucide-react";

import { favoriteImage } from "@/entities/image/actions/favoriteImage";
import { rateImage } from "@/entities/image/actions/rateImage";
import { pictureTitle } from "@/entities/image/pictureTitle";
import type { Place } from "@/entities/image/places";
import type { useImageActions } from "@/entities/image/useImageActions";
import { ActionIcon } from "@/entities/ActionControl";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { firstKeyName } from "@/shortcuts/keyNames";
import { shortcutOf } from "@/shortcuts/shortcut";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { IconButton } from "@/ui/IconButton";
import { Loading } from "@/ui/States";

import styles from "./Review.module.css";
import { ReviewSummary } from "./ReviewSummary";
import { REVIEW, ZOOM } from "./shortcuts";
import { judged, withVerdict, type Verdict, type Verdicts } from "./verdicts";
import { FIT } from "./zoom";
import { keyView, Zoomable } from "./Zoomable";

interface ReviewProps {
  places: readonly Place[];
  hasMore: boolean;
  actions: ReturnType<typeof useImageActions>;
  /** Those around a place are to be read. */
  onShown: (first: number, last: number) => void;
  onBroken: () => void;
  busy: boolean;
  onDelete: (ids: readonly string[], then: () => void) => void;
  onClose: () => void;
}

const AHEAD = 4;

export function Review(props: ReviewProps) {
  const { places, hasMore, actions, onShown, onBroken, busy, onDelete, onClose } = props;
  const i18n = useI18n();
  const { t, number } = i18n;
  const [index, setIndex] = useState(0);
  const [verdicts, setVerdicts] = useState<Verdicts>(new Map());
  const [near, setNear] = useState({ index, view: FIT });
  const [ending, setEnding] = useState(false);
  const { run: rate } = useAction(rateImage);
  const view = near.index === index ? near.view : FIT;
  const image = places[index]?.image;
  const id = places[index]?.id;
  const over = ending || (index >= places.length && !hasMore);

  useEffect(() => onShown(index, index + AHEAD), [index, places.length, onShown]);

  const go = (by: number) => setIndex(Math.max(0, Math.min(index + by, places.length)));
  const judge = (verdict: Verdict) => {
    if (id === undefined) return;
    setVerdicts(judged(verdicts, id, verdict));
    if (verdicts.get(id) !== verdict) go(1);
  };
  const leave = () => {
    if (!over && withVerdict(verdicts, "rejected").length > 0) setEnding(true);
    else onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (over) return;
    const zoom = shortcutOf(Object.values(ZOOM), event, null);
    // A button that has the focus is pressed by Enter.
    const onButton = event.key === "Enter" && (event.target as Element).closest("button") !== null;
    if (onButton) return;
    if (shortcutOf([REVIEW.keep], event, null)) judge("kept");
    else if (shortcutOf([REVIEW.reject], event, null)) judge("rejected");
    else if (shortcutOf([REVIEW.newer], event, null)) go(-1);
    else if (shortcutOf([REVIEW.older], event, null)) go(1);
    else if (zoom && image)
      setNear({ index, view: keyView(view, zoom.to, event.currentTarget, image.width) });
    else if (image && shortcutOf([REVIEW.rate], event, null)) rate({ image, rating: Number(event.key) });
    else if (image && event.key.toLowerCase() === "f") actions.favorite(image);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog full label={t("gallery.review")} onClose={leave} onKeyDown={onKeyDown}>
      {over ? (
        <ReviewSummary
          places={places}
          verdicts={verdicts}
          busy={busy}
          onTakeBack={(one) => setVerdicts(judged(verdicts, one, "rejected"))}
          onDelete={(ids) => onDelete(ids, onClose)}
          onGoOn={() => {
            setEnding(false);
            setIndex(Math.min(index, places.length - 1));
          }}
          onClose={onClose}
          onBroken={onBroken}
        />
      ) : (
        <div className={styles.review}>
          <header className={styles.head}>
            <p role="status">
              {t("gallery.review_place", {
                place: number(index + 1),
                of: number(places.length),
                more: String(hasMore),
              })}
            </p>
            {id !== undefined && verdicts.has(id) && (
              <p className={styles.verdict} data-verdict={verdicts.get(id)}>
                {t(verdicts.get(id) === "kept" ? "gallery.kept" : "gallery.rejected")}
              </p>
            )}
            {image && image.rating > 0 && <p>{t("picture.rating.stars", { n: image.rating })}</p>}
            <IconButton label={t("action.close")} className={styles.close} onClick={leave}>
              <XIcon />
            </IconButton>
          </header>
          <div className={styles.stage}>
            {image ? (
              <Zoomable
                image={image}
                title={pictureTitle(image.generation_params, i18n)}
                view={view}
                onView={(next) => setNear({ index, view: next })}
                onSwipe={(to) => go(to === "newer" ? -1 : 1)}
                onError={onBroken}
              />
            ) : (
              <Loading label={t("gallery.loading")} />
            )}
          </div>
          <footer className={styles.actions}>
            <Button look="danger" onClick={() => judge("rejected")}>
              <XIcon />
              {t("gallery.reject")} <kbd>{firstKeyName(REVIEW.reject.keys)}</kbd>
            </Button>
            {image && <ActionIcon action={favoriteImage} thing={image} withKeys onPress={actions.favorite} />}
            <Button look="primary" onClick={() => judge("kept")}>
              <CheckIcon />
              {t("gallery.keep")} <kbd>{firstKeyName(REVIEW.keep.keys)}</kbd>
            </Button>
          </footer>
        </div>
      )}
    </Dialog>
  );
}
