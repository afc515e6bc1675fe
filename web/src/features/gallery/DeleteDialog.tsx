import type { Image } from "@/api/types";
import { pictureTitle } from "@/entities/image/pictureTitle";
import { useI18n } from "@/i18n/useI18n";
import { ConfirmDialog } from "@/ui/ConfirmDialog";

interface DeleteDialogProps {
  image: Image;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function DeleteDialog({ image, ...rest }: DeleteDialogProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const prompt = pictureTitle(image.generation_params, i18n);
  return (
    <ConfirmDialog
      title={t("picture.delete_title")}
      text={t("picture.delete_text", { prompt: prompt.length > 120 ? `${prompt.slice(0, 120)}…` : prompt })}
      action={t("picture.delete_confirm")}
      {...rest}
    />
  );
}
