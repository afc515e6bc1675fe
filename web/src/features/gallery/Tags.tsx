/** The tags of the picture that is open. What is changed is kept at once. */
import type { Image } from "@/api/types";
import { tagImage } from "@/entities/image/actions/tagImage";
import { TagField } from "@/entities/image/TagField";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";

export function Tags({ image }: { image: Image }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { run, problem } = useAction(tagImage, { beside: true });
  return (
    <TagField
      label={t(tagImage.label)}
      placeholder={t("tag.add")}
      error={problem ? problemText(i18n, problem) : undefined}
      values={image.tags}
      onChange={(tags) => run({ image, tags })}
    />
  );
}
