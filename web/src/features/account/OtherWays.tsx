/** Signing in without a password: with a passkey, or by an account of another service. */
import { useQuery } from "@tanstack/react-query";
import { FingerprintIcon } from "lucide-react";

import { BASE_PATH } from "@/api/basePath";
import { asProblem, type Problem } from "@/api/problem";
import { PROVIDER_NAMES } from "@/entities/user/providers";
import { ProviderLogo } from "@/entities/user/ProviderLogo";
import { providersQuery } from "@/entities/user/queries";
import { hasPasskeys } from "@/entities/user/webauthn";
import { useI18n } from "@/i18n/useI18n";
import { Button, buttonClass } from "@/ui/Button";
import { problemText } from "@/ui/problemText";

import styles from "./AuthPages.module.css";
import { usePasskeySignIn } from "./usePasskeySignIn";

interface OtherWaysProps {
  /** Where somebody wanted to go. */
  next: string | null;
  signingUp?: boolean;
  onMore?: (problem: Problem) => void;
}

export function OtherWays({ next, signingUp = false, onMore }: OtherWaysProps) {
  const i18n = useI18n();
  const { t } = i18n;
  // Without an answer there is still the password.
  const { data } = useQuery(providersQuery);
  const passkeys = !signingUp && data?.passkeys === true && hasPasskeys();
  const { busy, error, signInNow } = usePasskeySignIn(passkeys, onMore);
  const providers = data?.items ?? [];
  if (!passkeys && providers.length === 0) return null;
  return (
    <>
      <p className={styles.or}>{t("auth.or")}</p>
      <div className={styles.ways}>
        {passkeys && (
          <Button wide busy={busy} onClick={signInNow}>
            <FingerprintIcon size={18} />
            {t("auth.with_passkey")}
          </Button>
        )}
        {providers.map(({ provider }) => (
          <a
            key={provider}
            href={`${BASE_PATH}/api/v1/auth/oauth/${provider}?next=${encodeURIComponent(next ?? "/")}`}
            className={buttonClass("plain", { wide: true })}
          >
            <ProviderLogo provider={provider} />
            {t("auth.with_provider", { name: PROVIDER_NAMES[provider] })}
          </a>
        ))}
        {error && (
          <p className={styles.problem} role="alert">
            {problemText(i18n, asProblem(error))}
          </p>
        )}
      </div>
    </>
  );
}
