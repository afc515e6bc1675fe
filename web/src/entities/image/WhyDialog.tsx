/** Asks why a picture is reported or hidden, and sends it. */
import { useState } from "react";

import { asProblem } from "@/api/problem";
import type { ReportReason } from "@/api/types";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { problemText } from "@/ui/problemText";

import { ReasonFields } from "./ReasonFields";
import styles from "./WhyDialog.module.css";

interface WhyDialogProps {
  title: string;
  text: string;
  hint?: string;
  button: string;
  look: "primary" | "danger";
  /** What is chosen at first. */
  likely?: ReportReason | null;
  send: (why: { reason: ReportReason; words: string | null }) => Promise<unknown>;
  onSent: () => Promise<void> | void;
  onClose: () => void;
}

export function WhyDialog(props: WhyDialogProps) {
  const { title, text, hint, button, look, likely = null, send, onSent, onClose } = props;
  const i18n = useI18n();
  const [reason, setReason] = useState(likely);
  const [words, setWords] = useState("");
  const { mutate, isPending, error } = useSingleMutation({
    mutationFn: (chosen: ReportReason) => send({ reason: chosen, words: words.trim() || null }),
    onSuccess: async () => {
      await onSent();
      onClose();
    },
  });
  return (
    <Dialog label={title} headed text={text} onClose={onClose}>
      <form
        className={styles.form}
        aria-label={title}
        onSubmit={(event) => {
          event.preventDefault();
          if (reason !== null) mutate(reason);
        }}
      >
        <ReasonFields reason={reason} words={words} hint={hint} onReason={setReason} onWords={setWords} />
        {error && (
          <p className={styles.problem} role="alert">
            {problemText(i18n, asProblem(error))}
          </p>
        )}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {i18n.t("action.cancel")}
          </Button>
          <Button type="submit" look={look} busy={isPending} disabled={reason === null}>
            {button}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
