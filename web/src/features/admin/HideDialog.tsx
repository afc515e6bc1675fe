/** Asks why a picture is to be hidden; its owner reads it. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { hideImage } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { JudgedImage, ReportReason } from "@/api/types";
import { ReasonFields } from "@/entities/image/ReasonFields";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { rereadAfterDeed } from "./queries";
import styles from "./ReasonDialog.module.css";

interface HideDialogProps {
  image: JudgedImage;
  /** What most people say of it. */
  likely: ReportReason | null;
  onClose: () => void;
}

export function HideDialog({ image, likely, onClose }: HideDialogProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const [reason, setReason] = useState(likely);
  const [words, setWords] = useState("");
  const { mutate, isPending, error } = useSingleMutation({
    mutationFn: (chosen: ReportReason) =>
      hideImage({ path: { image_id: image.id }, body: { reason: chosen, words: words.trim() || null } }),
    onSuccess: async () => {
      await rereadAfterDeed(client);
      toast(t("admin.hidden_done"), "good");
      onClose();
    },
  });
  return (
    <Dialog label={t("admin.hide_title")} headed text={t("admin.hide_text")} onClose={onClose}>
      <form
        className={styles.form}
        aria-label={t("admin.hide_title")}
        onSubmit={(event) => {
          event.preventDefault();
          if (reason !== null) mutate(reason);
        }}
      >
        <ReasonFields
          reason={reason}
          words={words}
          hint={t("admin.hide_hint")}
          onReason={setReason}
          onWords={setWords}
        />
        {error && (
          <p className={styles.problem} role="alert">
            {problemText(i18n, asProblem(error))}
          </p>
        )}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="danger" busy={isPending} disabled={reason === null}>
            {t("admin.hide")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
