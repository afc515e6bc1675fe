import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { linkOauthAccount, unlinkOauthAccount, type LinkedOut } from "@/api/generated";
import { listOauthAccountsOptions } from "@/api/generated/@tanstack/react-query.gen";
import { asProblem } from "@/api/problem";
import { PROVIDER_NAMES, type Provider } from "@/entities/user/providers";
import { ProviderLogo } from "@/entities/user/ProviderLogo";
import { providersQuery } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { problemText } from "@/ui/problemText";

import { ProblemLine, Row, Rows, Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

const linkedQuery = listOauthAccountsOptions();

/** Not there where the studio knows no other service and none is linked. */
export function ProvidersSection() {
  const i18n = useI18n();
  const { t, dateTime } = i18n;
  const offered = useQuery(providersQuery).data?.items ?? [];
  const linked = useQuery(linkedQuery).data?.items ?? [];
  const [removed, setRemoved] = useState<LinkedOut | null>(null);
  const linking = useSingleMutation({
    mutationFn: (provider: Provider) =>
      linkOauthAccount({ path: { provider }, body: { next: "/account/sign-in" } }),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const unlinking = useChange((id: string) => unlinkOauthAccount({ path: { account_id: id } }), {
    changes: [linkedQuery.queryKey],
  });
  if (offered.length === 0 && linked.length === 0) return null;
  return (
    <Section title={t("settings.providers")} text={t("settings.providers_text")}>
      {linked.length > 0 && (
        <Rows label={t("settings.providers")}>
          {linked.map((account) => {
            const service = PROVIDER_NAMES[account.provider];
            return (
              <Row
                key={account.id}
                icon={<ProviderLogo provider={account.provider} />}
                title={account.name ?? service}
                facts={[`${service} · ${t("settings.made", { when: dateTime(account.created_at) })}`]}
              >
                <Button
                  small
                  aria-label={t("settings.unlink_named", { name: service })}
                  busy={unlinking.isPending && unlinking.variables === account.id}
                  onClick={() => setRemoved(account)}
                >
                  {t("settings.unlink")}
                </Button>
              </Row>
            );
          })}
        </Rows>
      )}
      {linking.error && <ProblemLine>{problemText(i18n, asProblem(linking.error))}</ProblemLine>}
      <div className={styles.actions}>
        {offered.map(({ provider }) => (
          <Button
            key={provider}
            busy={linking.isPending && linking.variables === provider}
            onClick={() => linking.mutate(provider)}
          >
            <ProviderLogo provider={provider} />
            {t("settings.link", { name: PROVIDER_NAMES[provider] })}
          </Button>
        ))}
      </div>
      {removed && (
        <ConfirmDialog
          title={t("settings.unlink_title", { name: PROVIDER_NAMES[removed.provider] })}
          text={t("settings.unlink_text")}
          action={t("settings.unlink")}
          onClose={() => setRemoved(null)}
          onConfirm={() => {
            setRemoved(null);
            unlinking.mutate(removed.id);
          }}
        />
      )}
    </Section>
  );
}
