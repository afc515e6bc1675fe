import type { Image } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { pictureTitle } from "@/ui/pictureTitle";

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
      title={t("gallery.delete_title")}
      text={t("gallery.delete_text", { prompt: prompt.length > 120 ? `${prompt.slice(0, 120)}…` : prompt })}
      action={t("gallery.delete_confirm")}
      {...rest}
    />
  );
}
