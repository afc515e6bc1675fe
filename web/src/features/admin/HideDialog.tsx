/** Asks why a picture is to be hidden; its owner reads it. */
import { useQueryClient } from "@tanstack/react-query";

import { hideImage } from "@/api/generated";
import type { JudgedImage, ReportReason } from "@/api/types";
import { WhyDialog } from "@/entities/image/WhyDialog";
import { useI18n } from "@/i18n/useI18n";
import { toast } from "@/ui/toasts";

import { rereadAfterDeed } from "./queries";

interface HideDialogProps {
  image: JudgedImage;
  /** What most people say of it. */
  likely: ReportReason | null;
  onClose: () => void;
}

export function HideDialog({ image, likely, onClose }: HideDialogProps) {
  const { t } = useI18n();
  const client = useQueryClient();
  return (
    <WhyDialog
      title={t("admin.hide_title")}
      text={t("admin.hide_text")}
      hint={t("admin.hide_hint")}
      button={t("admin.hide")}
      look="danger"
      likely={likely}
      send={(body) => hideImage({ path: { image_id: image.id }, body })}
      onSent={async () => {
        await rereadAfterDeed(client);
        toast(t("admin.hidden_done"), "good");
      }}
      onClose={onClose}
    />
  );
}
