/** Who may see the picture, and the link to it for those who may. */
import type { Image } from "@/api/types";
import { ActionButton } from "@/entities/ActionControl";
import { copyLink } from "@/entities/image/actions/copyLink";
import { shareImage, VISIBILITIES } from "@/entities/image/actions/shareImage";
import type { useImageActions } from "@/entities/image/useImageActions";
import { useI18n } from "@/i18n/useI18n";
import { Popover } from "@/ui/Popover";
import { RadioGroup } from "@/ui/RadioGroup";

import styles from "./Share.module.css";

interface ShareProps {
  image: Image;
  actions: ReturnType<typeof useImageActions>;
}

export function Share({ image, actions }: ShareProps) {
  const { t } = useI18n();
  return (
    <Popover icon label={t("picture.share")} button={<shareImage.icon />}>
      <div className={styles.panel}>
        <h2 className={styles.title}>{t("picture.visible_to")}</h2>
        <RadioGroup
          label={t("picture.visible_to")}
          value={image.visibility}
          options={VISIBILITIES.map((value) => ({
            value,
            label: t(`picture.visibility.${value}`),
            hint: t(`gallery.share_${value}`),
          }))}
          onChange={(value) => actions.share(image, value)}
        />
        <ActionButton action={copyLink} thing={image} look="primary" wide onPress={actions.copyLink} />
      </div>
    </Popover>
  );
}
