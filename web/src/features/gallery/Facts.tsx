/** What the picture was made with, and what can be done with it next. */
import type { Image, Recipe } from "@/api/types";
import { ActionIcon, ActionLink } from "@/entities/ActionControl";
import { copyPrompt } from "@/entities/image/actions/copyPrompt";
import { reuseImage } from "@/entities/image/actions/reuseImage";
import { startFromImage } from "@/entities/image/actions/startFromImage";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";

import { Enlarge } from "./Enlarge";
import { Lineage } from "./Lineage";
import { MadeFrom } from "./MadeFrom";
import { OtherProgram } from "./OtherProgram";
import { Parameters } from "./Parameters";
import { Rating } from "./Rating";
import { Raw } from "./Raw";
import { Similar } from "./Similar";
import { Standing } from "./Standing";
import { Tags } from "./Tags";
import styles from "./Facts.module.css";

export function Facts({ image }: { image: Image }) {
  const i18n = useI18n();
  const { t } = i18n;
  const recipe = image.generation_params as Recipe;
  const { source_image } = recipe;
  // What is in the trash is no source, and keeps what was said of it.
  const inTrash = image.trashed_at !== null;
  return (
    <>
      {recipe.prompt ? (
        <Words recipe={recipe} prompt={recipe.prompt} />
      ) : (
        <h2>{pictureTitle(recipe, i18n)}</h2>
      )}
      <Standing id={image.id} />
      {source_image !== undefined && <MadeFrom id={source_image} />}
      <div className={styles.actions}>
        <ActionLink action={reuseImage} thing={image} look={inTrash ? "plain" : "primary"} wide />
        {!inTrash && <ActionLink action={startFromImage} thing={image} wide />}
        {!inTrash && <Enlarge image={image} />}
      </div>
      {!inTrash && <Rating image={image} />}
      {!inTrash && <Tags image={image} />}
      <Lineage id={image.id} />
      <Similar id={image.id} />
      <Parameters image={image} />
      {image.job_id === null && <OtherProgram id={image.id} />}
      <Raw image={image} />
      <p className={styles.keys}>{t(inTrash ? "gallery.keys_in_trash" : "gallery.keys")}</p>
    </>
  );
}

function Words({ recipe, prompt }: { recipe: Recipe; prompt: string }) {
  const { t } = useI18n();
  const { negative_prompt, resolved_prompt } = recipe;
  const copying = useAction(copyPrompt);
  return (
    <div className={styles.words}>
      <div className={styles.heading}>
        <h2>{t("recipe.prompt")}</h2>
        <ActionIcon action={copyPrompt} thing={recipe} size={18} onPress={copying.run} />
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
