import type { Image, Recipe } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { ConfirmDialog } from "@/ui/Dialog";

interface DeleteDialogProps {
  image: Image;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function DeleteDialog({ image, ...rest }: DeleteDialogProps) {
  const { t } = useI18n();
  const { prompt = "" } = image.generation_params as Recipe;
  return (
    <ConfirmDialog
      title={t("gallery.delete_title")}
      text={t("gallery.delete_text", { prompt: prompt.length > 120 ? `${prompt.slice(0, 120)}…` : prompt })}
      action={t("gallery.delete_confirm")}
      {...rest}
    />
  );
}
