/** Where somebody comes who signed in by another service, and whose account wants a code as well. */
import { useState } from "react";
import { useNavigate } from "react-router";

import { useI18n } from "@/i18n/useI18n";
import { useTitle } from "@/ui/useTitle";

import { AuthFrame } from "./AuthFrame";
import { linkToken } from "./linkToken";
import { SecondFactorForm } from "./SecondFactorForm";

export function SecondFactorPage() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const [challenge] = useState(() => linkToken("challenge"));
  useTitle(t("auth.code_title"));
  return (
    <AuthFrame>
      <SecondFactorForm challenge={challenge} onStartAgain={() => void navigate("/sign-in")} />
    </AuthFrame>
  );
}
