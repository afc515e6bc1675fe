/** Asks who is there, before something that cannot be left to whoever finds the device open. */
import { useQuery } from "@tanstack/react-query";
import { FingerprintIcon } from "lucide-react";
import { useState, type ReactNode } from "react";

import { ownPath } from "@/api/basePath";
import {
  askForPasskeyAsProof,
  proveIdentity,
  proveWithCode,
  proveWithPasskey,
  proveWithProvider,
} from "@/api/generated";
import { asProblem } from "@/api/problem";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { problemText } from "@/ui/problemText";
import { Failed, Loading } from "@/ui/States";

import styles from "./ProofDialog.module.css";
import { PROVIDER_NAMES, type Provider } from "./providers";
import { signInMethodsQuery } from "./queries";
import { hasPasskeys, showPasskey } from "./webauthn";

type Way =
  { by: "password" | "code"; value: string } | { by: "passkey" } | { by: "provider"; provider: Provider };

async function prove(way: Way): Promise<boolean> {
  if (way.by === "password") await proveIdentity({ body: { password: way.value } });
  if (way.by === "code") await proveWithCode({ body: { code: way.value.trim() } });
  if (way.by === "passkey") {
    const { public_key } = await askForPasskeyAsProof();
    await proveWithPasskey({ body: { credential: await showPasskey(public_key) } });
  }
  if (way.by !== "provider") return true;
  const next = ownPath(window.location.pathname) + window.location.search;
  const { url } = await proveWithProvider({ path: { provider: way.provider }, body: { next } });
  window.location.assign(url);
  return false;
}

/** `onEnd`: whether it was proven. */
export function ProofDialog({ onEnd }: { onEnd: (proven: boolean) => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { data: ways, error, refetch } = useQuery(signInMethodsQuery);
  const proof = useSingleMutation({ mutationFn: prove, onSuccess: (proven) => proven && onEnd(true) });
  const tried = proof.variables?.by;
  const problem = proof.error && asProblem(proof.error);
  const wrong = problem?.code === "invalid_credentials" ? t("proof.wrong") : undefined;
  const failed = wrong ?? (problem ? problemText(i18n, problem) : undefined);
  const passkey = (ways?.passkeys ?? 0) > 0 && hasPasskeys();

  return (
    <Dialog headed label={t("proof.title")} text={t("proof.text")} onClose={() => onEnd(false)}>
      {!ways &&
        (error ? (
          <Failed error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading label={t("proof.loading")} />
        ))}
      {ways && (
        <div className={styles.ways}>
          {passkey && (
            <Button
              look={ways.has_password ? "plain" : "primary"}
              wide
              busy={proof.isPending && tried === "passkey"}
              onClick={() => proof.mutate({ by: "passkey" })}
            >
              <FingerprintIcon size={18} />
              {t("proof.with_passkey")}
            </Button>
          )}
          {ways.has_password && (
            <Typed
              label={t("proof.password")}
              type="password"
              autoComplete="current-password"
              button={t("proof.confirm")}
              busy={proof.isPending && tried === "password"}
              error={tried === "password" ? failed : undefined}
              onSend={(value) => proof.mutate({ by: "password", value })}
            />
          )}
          {ways.second_factor.on && (
            <Typed
              label={t("proof.code")}
              autoComplete="one-time-code"
              button={t("proof.with_code")}
              second={ways.has_password}
              busy={proof.isPending && tried === "code"}
              error={tried === "code" ? failed : undefined}
              onSend={(value) => proof.mutate({ by: "code", value })}
            />
          )}
          {!ways.has_password &&
            ways.providers.map((provider) => (
              <Button key={provider} wide onClick={() => proof.mutate({ by: "provider", provider })}>
                {t("proof.with_provider", { name: PROVIDER_NAMES[provider] })}
              </Button>
            ))}
          {(tried === "passkey" || tried === "provider") && failed && <Problem>{failed}</Problem>}
          {!passkey && !ways.has_password && !ways.second_factor.on && ways.providers.length === 0 && (
            <p>{t("proof.no_way")}</p>
          )}
        </div>
      )}
    </Dialog>
  );
}

interface TypedProps {
  label: string;
  type?: "password";
  autoComplete: string;
  button: string;
  second?: boolean;
  busy: boolean;
  error: string | undefined;
  onSend: (value: string) => void;
}

function Typed({ label, type, autoComplete, button, second, busy, error, onSend }: TypedProps) {
  const [value, setValue] = useState("");
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        // What is asked may have come from a form, which this dialog is inside of for React.
        event.stopPropagation();
        if (!busy) onSend(value);
      }}
    >
      <TextField
        label={label}
        type={type ?? "text"}
        autoComplete={autoComplete}
        required
        value={value}
        error={error}
        onChange={(event) => setValue(event.target.value)}
      />
      <Button type="submit" wide look={second ? "plain" : "primary"} busy={busy}>
        {button}
      </Button>
    </form>
  );
}

function Problem({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className={styles.problem}>
      {children}
    </p>
  );
}
