/** What belongs to the gallery and is not needed many times a day. */
import { CopyIcon, EllipsisIcon, TagsIcon, Trash2Icon } from "lucide-react";
import { useNavigate } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";
import { Menu, type MenuEntry } from "@/ui/Menu";

interface GalleryMenuProps {
  /** What a phone has no other room for. */
  more: readonly MenuEntry[];
  withTrash: boolean;
}

export function GalleryMenu({ more, withTrash }: GalleryMenuProps) {
  const { t } = useI18n();
  const navigate = useNavigate();
  return (
    <Menu
      align="end"
      button={
        <IconButton label={t("gallery.more")}>
          <EllipsisIcon />
        </IconButton>
      }
      entries={[
        ...more,
        {
          label: t("gallery.to_duplicates"),
          icon: CopyIcon,
          onSelect: () => void navigate("/gallery/duplicates"),
        },
        { label: t("gallery.to_tags"), icon: TagsIcon, onSelect: () => void navigate("/gallery/tags") },
        ...(withTrash
          ? [{ label: t("gallery.trash"), icon: Trash2Icon, onSelect: () => void navigate("/trash") }]
          : []),
      ]}
    />
  );
}
