/** How many like a public picture, and whether one does oneself. Whoever is not signed in is led to where they can. */
import { Link, useLocation } from "react-router";

import { useAction } from "@/entities/useAction";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { cx } from "@/ui/cx";
import { Tooltip } from "@/ui/Tooltip";

import { likeImage, type Likeable } from "./actions/likeImage";
import styles from "./LikeButton.module.css";

interface LikeButtonProps {
  image: Likeable;
  onPicture?: boolean;
  tabIndex?: 0 | -1;
}

export function LikeButton({ image, onPicture, tabIndex }: LikeButtonProps) {
  const { t, number } = useI18n();
  const { status } = useSession();
  const { pathname, search } = useLocation();
  const { run } = useAction(likeImage);
  const { id, likes, liked } = image;
  const label = t("picture.like_n", { n: likes });
  const look = cx(styles.like, onPicture && styles.onPicture);
  const face = (
    <>
      <likeImage.icon size={18} fill={liked ? "currentColor" : "none"} />
      {likes > 0 && <span className={styles.count}>{number(likes)}</span>}
    </>
  );
  if (status !== "signed-in") {
    const next = encodeURIComponent(pathname + search);
    return (
      <Tooltip text={t("picture.like_sign_in")}>
        <Link to={`/sign-in?next=${next}`} tabIndex={tabIndex} aria-label={label} className={look}>
          {face}
        </Link>
      </Tooltip>
    );
  }
  return (
    <Tooltip text={t(likeImage.label)}>
      <button
        type="button"
        tabIndex={tabIndex}
        aria-label={label}
        aria-pressed={liked}
        className={look}
        onClick={() => run({ id, likes, liked })}
      >
        {face}
      </button>
    </Tooltip>
  );
}
