/** Public pictures in rows of their own proportions, each with how many like it. */
import { Link } from "react-router";

import type { PublicImage } from "@/api/types";
import { LikeButton } from "@/entities/image/LikeButton";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { Thumbnail } from "@/entities/image/Thumbnail";
import { useI18n } from "@/i18n/useI18n";
import { useMedia } from "@/ui/useMedia";
import { VirtualGrid } from "@/ui/VirtualGrid";
import styles from "./ExploreGrid.module.css";

const HEIGHT = { wide: 240, narrow: 150 };
const ratioOf = ({ width, height }: PublicImage) => width / height;

interface ExploreGridProps {
  images: readonly PublicImage[];
  /** A signed address has run out: the list should be read again. */
  onBroken: () => void;
}

export function ExploreGrid({ images, onBroken }: ExploreGridProps) {
  const i18n = useI18n();
  const small = useMedia("(max-width: 40rem)");
  return (
    <VirtualGrid
      label={i18n.t("explore.pictures_label")}
      items={images}
      getKey={({ id }) => id}
      proportions={{ height: small ? HEIGHT.narrow : HEIGHT.wide, ratioOf }}
      gap={small ? 4 : 8}
    >
      {(image, tabIndex) => {
        const title = pictureTitle(image.generation_params, i18n);
        return (
          <div className={styles.tile}>
            <Link to={`/i/${image.id}`} tabIndex={tabIndex} className={styles.image}>
              <Thumbnail fills image={image} title={title} onBroken={onBroken} />
            </Link>
            <div className={styles.like}>
              <LikeButton image={image} onPicture tabIndex={tabIndex} />
            </div>
          </div>
        );
      }}
    </VirtualGrid>
  );
}
