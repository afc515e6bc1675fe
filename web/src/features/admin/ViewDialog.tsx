import { useNavigate } from "react-router";

import { viewAs } from "@/api/generated";
import { lookAs } from "@/api/session";
import type { PersonDetails } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";

import { ReasonDialog } from "./ReasonDialog";

/** From here on this tab shows what that person sees, until it is ended or its time is over. */
export function ViewDialog({ person, onClose }: { person: PersonDetails; onClose: () => void }) {
  const { t } = useI18n();
  const navigate = useNavigate();
  const blanks = { name: person.display_name };

  const go = async (reason: string) => {
    const { access_token, expires_in } = await viewAs({ path: { user_id: person.id }, body: { reason } });
    await navigate("/");
    const { id, email, email_verified_at, handle, display_name, role, status, created_at } = person;
    const user = { id, email, email_verified_at, handle, display_name, role, status, created_at };
    lookAs(user, access_token, expires_in);
  };

  return (
    <ReasonDialog
      title={t("admin.ask.view", blanks)}
      text={t("admin.means.view")}
      action={t("admin.do.view")}
      hint={t("admin.reason_told")}
      onGo={go}
      onClose={onClose}
    />
  );
}
