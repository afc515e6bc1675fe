/** Tells the admins what is wrong with a picture. */
import { FlagIcon } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "react-router";

import { reportImage } from "@/api/generated";
import { WhyDialog } from "@/entities/image/WhyDialog";
import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { Button, buttonClass } from "@/ui/Button";
import { toast } from "@/ui/toasts";

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
  const { t } = useI18n();
  return (
    <WhyDialog
      title={t("explore.report_title")}
      text={t("explore.report_text")}
      button={t("explore.report_send")}
      look="primary"
      send={(body) => reportImage({ path: { image_id: id }, body })}
      onSent={() => void toast(t("explore.reported"), "good")}
      onClose={onClose}
    />
  );
}
