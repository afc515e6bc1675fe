import { Link } from "react-router";

import { useSession } from "@/entities/user/useSession";
import { useI18n } from "@/i18n/useI18n";
import { buttonClass } from "@/ui/Button";

/** On to the studio, or to the way in. */
export function Onward() {
  const { t } = useI18n();
  const signedIn = useSession().status === "signed-in";
  return (
    <Link to={signedIn ? "/" : "/sign-in"} className={buttonClass("primary", { wide: true })}>
      {t(signedIn ? "auth.to_studio" : "auth.sign-in")}
    </Link>
  );
}
