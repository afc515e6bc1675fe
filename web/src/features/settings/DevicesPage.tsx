/** Where one is signed in, and ending that. */
import { infiniteQueryOptions, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { LaptopIcon, SmartphoneIcon, TerminalIcon } from "lucide-react";
import { useState } from "react";

import { endMyOtherSessions, endMySession, listMySessions, type DeviceOut } from "@/api/generated";
import { listMySessionsInfiniteQueryKey } from "@/api/generated/@tanstack/react-query.gen";
import { followingPages } from "@/api/pages";
import { asProblem } from "@/api/problem";
import { PROVIDER_NAMES } from "@/entities/user/providers";
import { useSingleMutation } from "@/entities/useSingleMutation";
import type { Translator } from "@/i18n/translate";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { LoadMore } from "@/ui/LoadMore";
import { problemText } from "@/ui/problemText";
import { Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { Row, Rows, Section } from "./Section";

const query = { limit: 50 };
const devicesQuery = infiniteQueryOptions({
  ...followingPages,
  queryKey: listMySessionsInfiniteQueryKey({ query }),
  queryFn: ({ pageParam, signal }) => listMySessions({ query: { ...query, cursor: pageParam }, signal }),
});

export function DevicesPage() {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useInfiniteQuery(devicesQuery);
  const ending = useSingleMutation({
    mutationFn: async (which: DeviceOut | "others") => {
      if (which === "others") await endMyOtherSessions();
      else await endMySession({ path: { session_id: which.id } });
    },
    onSuccess: (_, which) =>
      toast(t(which === "others" ? "settings.devices_ended" : "settings.device_ended"), "good"),
    onError: (failure) => toast(problemText(i18n, asProblem(failure)), "bad"),
    onSettled: () => client.invalidateQueries({ queryKey: devicesQuery.queryKey }),
  });

  if (error && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading label={t("settings.loading")} />;
  const devices = data.pages.flatMap((page) => page.items);
  const others = devices.filter((device) => !device.current);
  return (
    <Section
      title={t("settings.devices")}
      text={t("settings.devices_text")}
      aside={
        others.length > 0 && (
          <Button
            small
            busy={ending.isPending && ending.variables === "others"}
            onClick={() => setAsked(true)}
          >
            {t("settings.devices_end_others")}
          </Button>
        )
      }
    >
      <Rows label={t("settings.devices")}>
        {devices.map((device) => (
          <Row
            key={device.id}
            icon={<DeviceIcon device={device} />}
            title={
              <>
                {device.device}
                {device.current && <Badge tone="good">{t("settings.device_this")}</Badge>}
              </>
            }
            facts={factsOf(device, i18n)}
          >
            {!device.current && (
              <Button
                small
                aria-label={t("settings.device_end_named", { name: device.device })}
                busy={ending.isPending && ending.variables === device}
                onClick={() => ending.mutate(device)}
              >
                {t("settings.device_end")}
              </Button>
            )}
          </Row>
        ))}
      </Rows>
      {hasNextPage && <LoadMore busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
      {asked && (
        <ConfirmDialog
          title={t("settings.devices_end_title")}
          text={t("settings.devices_end_text")}
          action={t("settings.devices_end_others")}
          onClose={() => setAsked(false)}
          onConfirm={() => {
            setAsked(false);
            ending.mutate("others");
          }}
        />
      )}
    </Section>
  );
}

function factsOf(device: DeviceOut, { t, ago, dateTime }: Translator): (string | null)[] {
  const { method, second_factor, place, ip_address, last_used_at, created_at, current } = device;
  const way =
    method === "google" || method === "discord"
      ? t("settings.device_by_provider", { name: PROVIDER_NAMES[method] })
      : t(`settings.device_by.${method}`);
  return [
    [place, ip_address].filter(Boolean).join(" · ") || null,
    current ? null : t("settings.device_used", { when: ago(last_used_at) }),
    `${t("settings.device_since", { when: dateTime(created_at) })} · ${way}${second_factor && method !== "passkey" ? ` · ${t("settings.device_two_factors")}` : ""}`,
  ];
}

function DeviceIcon({ device: { user_agent } }: { device: DeviceOut }) {
  const agent = user_agent ?? "";
  if (/Mobi|Android|iPhone|iPad/.test(agent)) return <SmartphoneIcon size={20} />;
  return agent.startsWith("Mozilla/") ? <LaptopIcon size={20} /> : <TerminalIcon size={20} />;
}
