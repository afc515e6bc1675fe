/** A public or unlisted picture as everybody sees it, without an account. Its owner sees it here as others do. */
import { useQuery } from "@tanstack/react-query";
import { DownloadIcon, ImageIcon, RefreshCwIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";

import { asProblem } from "@/api/problem";
import type { ImageDetails, Recipe } from "@/api/types";
import { isOffered } from "@/entities/action";
import { downloadImage } from "@/entities/image/actions/downloadImage";
import { reuseImage } from "@/entities/image/actions/reuseImage";
import { LikeButton } from "@/entities/image/LikeButton";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { imageQuery } from "@/entities/image/queries";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";
import { Empty, Failed, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

import { PublicFrame } from "./PublicFrame";
import { Report } from "./Report";
import styles from "./PicturePage.module.css";

interface PicturePageProps {
  id: string;
  /** What it was made with, line by line. */
  settings: (image: ImageDetails) => ReactNode;
}

/** No picture has an address of another form, and the studio would say that it is malformed, not that it is not there. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function PicturePage({ id, settings }: PicturePageProps) {
  return <PublicFrame>{ID.test(id) ? <Shown id={id} settings={settings} /> : <Unseen />}</PublicFrame>;
}

function Shown({ id, settings }: PicturePageProps) {
  const { t } = useI18n();
  const { data: image, error, refetch } = useQuery({ ...imageQuery(id), retry: false });
  const isUnseen = image
    ? image.visibility === "private" || image.trashed_at !== null
    : error !== null && asProblem(error).status === 404;
  if (isUnseen) return <Unseen />;
  if (image) return <Picture image={image} settings={settings} />;
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  return <Loading label={t("explore.opening_picture")} />;
}

function Picture({ image, settings }: { image: ImageDetails; settings: PicturePageProps["settings"] }) {
  const i18n = useI18n();
  const { t } = i18n;
  const recipe = image.generation_params as Recipe;
  const title = pictureTitle(recipe, i18n);
  useTitle(title);
  const { href, name } = downloadImage.file(image);
  return (
    <article className={styles.picture}>
      <img
        src={image.file_url}
        alt={title}
        width={image.width}
        height={image.height}
        className={styles.image}
      />
      <div className={styles.told}>
        <h1 className={styles.words}>{title}</h1>
        {image.made_by !== null && <p className={styles.soft}>{t("explore.by", { name: image.made_by })}</p>}
        <div className={styles.ways}>
          {isOffered(reuseImage, image) && (
            <Link to={reuseImage.to(image)} className={buttonClass("primary")}>
              <RefreshCwIcon />
              {t("explore.use")}
            </Link>
          )}
          <a href={href} download={name} className={buttonClass("plain")}>
            <DownloadIcon />
            {t(downloadImage.label)}
          </a>
        </div>
        <div className={styles.ways}>
          {image.visibility === "public" && <LikeButton image={image} />}
          <Report id={image.id} />
        </div>
        {recipe.negative_prompt && (
          <section>
            <h2 className={styles.heading}>{t("recipe.negative_prompt")}</h2>
            <p className={styles.words}>{recipe.negative_prompt}</p>
          </section>
        )}
        <section>
          <h2 className={styles.heading}>{t("explore.settings")}</h2>
          {settings(image)}
        </section>
      </div>
    </article>
  );
}

/** The same for what is not there and for what others may not see. */
function Unseen() {
  const { t } = useI18n();
  useTitle(t("explore.unseen_title"));
  return (
    <Empty page icon={ImageIcon} title={t("explore.unseen_title")} text={t("explore.unseen_text")}>
      <Link to="/explore" className={buttonClass("primary")}>
        {t("explore.to_explore")}
      </Link>
    </Empty>
  );
}
