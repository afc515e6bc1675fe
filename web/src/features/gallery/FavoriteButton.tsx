import { StarIcon } from "lucide-react";

import type { Image } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/Button";

interface FavoriteButtonProps {
  image: Image;
  onToggle: (image: Image) => void;
  onPicture?: boolean;
  className?: string | undefined;
}

export function FavoriteButton({ image, onToggle, onPicture, className }: FavoriteButtonProps) {
  const { t } = useI18n();
  return (
    <IconButton
      label={t("picture.favorite")}
      aria-pressed={image.is_favorite}
      onPicture={onPicture}
      className={className}
      onClick={() => onToggle(image)}
    >
      {image.is_favorite ? <StarIcon fill="currentColor" /> : <StarIcon />}
    </IconButton>
  );
}
