/** The ways into the account: address, password, passkeys, other services, and the second factor. */
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { Problem } from "@/api/problem";
import { meQuery, signInMethodsQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { Failed, Loading } from "@/ui/States";

import { AddressSection } from "./AddressSection";
import { AppSection } from "./AppSection";
import { PasskeysSection } from "./PasskeysSection";
import { PasswordSection } from "./PasswordSection";
import { ProvidersSection } from "./ProvidersSection";
import { ProblemLine } from "./Section";

export function SignInMethodsPage() {
  const i18n = useI18n();
  const { t } = i18n;
  const [search] = useSearchParams();
  const me = useQuery(meQuery);
  const methods = useQuery(signInMethodsQuery);
  const error = me.error ?? methods.error;
  if (error && !(me.data && methods.data)) {
    return (
      <Failed
        error={error}
        onRetry={() => {
          void me.refetch();
          void methods.refetch();
        }}
      />
    );
  }
  if (!me.data || !methods.data) return <Loading label={t("settings.loading")} />;
  const code = search.get("problem");
  return (
    <>
      {code !== null && <ProblemLine>{problemText(i18n, new Problem({ code, status: 400 }))}</ProblemLine>}
      <AddressSection me={me.data} />
      <PasswordSection has={methods.data.has_password} email={me.data.user.email} />
      <PasskeysSection available={methods.data.passkeys_available} />
      <ProvidersSection />
      <AppSection state={methods.data.second_factor} />
    </>
  );
}
