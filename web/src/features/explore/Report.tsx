/** Tells the admins what is wrong with a picture. */
import { FlagIcon } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "react-router";

import { reportImage } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { ReportReason } from "@/api/types";
import { ReasonFields } from "@/entities/image/ReasonFields";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import styles from "./Report.module.css";

export function Report({ id }: { id: string }) {
  const { t } = useI18n();
  const { status } = useSession();
  const { pathname } = useLocation();
  const [asked, setAsked] = useState(false);
  const face = (
    <>
      <FlagIcon size={16} />
      {t("explore.report")}
    </>
  );
  if (status !== "signed-in") {
    const next = encodeURIComponent(pathname);
    return (
      <Link to={`/sign-in?next=${next}`} className={buttonClass("quiet", { small: true })}>
        {face}
      </Link>
    );
  }
  return (
    <>
      <Button small look="quiet" onClick={() => setAsked(true)}>
        {face}
      </Button>
      {asked && <ReportDialog id={id} onClose={() => setAsked(false)} />}
    </>
  );
}

function ReportDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [reason, setReason] = useState<ReportReason | null>(null);
  const [words, setWords] = useState("");
  const { mutate, isPending, error } = useSingleMutation({
    mutationFn: (chosen: ReportReason) =>
      reportImage({ path: { image_id: id }, body: { reason: chosen, words: words.trim() || null } }),
    onSuccess: () => {
      toast(t("explore.reported"), "good");
      onClose();
    },
  });
  return (
    <Dialog label={t("explore.report_title")} headed text={t("explore.report_text")} onClose={onClose}>
      <form
        className={styles.form}
        aria-label={t("explore.report_title")}
        onSubmit={(event) => {
          event.preventDefault();
          if (reason !== null) mutate(reason);
        }}
      >
        <ReasonFields reason={reason} words={words} onReason={setReason} onWords={setWords} />
        {error && (
          <p className={styles.problem} role="alert">
            {problemText(i18n, asProblem(error))}
          </p>
        )}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" busy={isPending} disabled={reason === null}>
            {t("explore.report_send")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
