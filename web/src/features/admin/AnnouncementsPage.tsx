/** What the studio says to everybody, said, and will say. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { MegaphoneIcon, PlusIcon, Trash2Icon } from "lucide-react";
import { useState } from "react";

import { withdrawAnnouncement } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { Announcement } from "@/api/types";
import { LevelBadge } from "@/entities/studio/AnnouncementLevel";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { problemText } from "@/ui/problemText";
import { Empty, Failed, Loading } from "@/ui/States";
import { toast } from "@/ui/toasts";

import { AdminFrame } from "./AdminFrame";
import { AnnouncementDialog } from "./AnnouncementDialog";
import styles from "./AnnouncementsPage.module.css";
import { allAnnouncementsQuery, rereadAfterDeed } from "./queries";
import { standingOf } from "./standing";

const TONES = { now: "good", coming: "info", past: "neutral" } as const;

export function AnnouncementsPage() {
  const { t } = useI18n();
  const { data, dataUpdatedAt, isPending, isError, error, refetch } = useQuery(allAnnouncementsQuery);
  const [writing, setWriting] = useState(false);
  return (
    <AdminFrame
      title={t("admin.announcements")}
      aside={
        <Button look="primary" onClick={() => setWriting(true)}>
          <PlusIcon size={18} />
          {t("admin.announce")}
        </Button>
      }
    >
      {isPending && <Loading label={t("admin.loading")} />}
      {isError && !data && <Failed error={error} onRetry={() => void refetch()} />}
      {data?.items.length === 0 && (
        <Empty
          icon={MegaphoneIcon}
          title={t("admin.announcements_none")}
          text={t("admin.announcements_none_text")}
        />
      )}
      {data && data.items.length > 0 && (
        <ul className={styles.list} aria-label={t("admin.announcements")}>
          {data.items.map((announcement) => (
            <li key={announcement.id} className={styles.item}>
              <Item announcement={announcement} now={dataUpdatedAt} />
            </li>
          ))}
        </ul>
      )}
      {writing && <AnnouncementDialog onClose={() => setWriting(false)} />}
    </AdminFrame>
  );
}

/** `now`: when they were read. */
function Item({ announcement, now }: { announcement: Announcement; now: number }) {
  const { t, dateTime } = useI18n();
  const { level, text_en, text_ko, starts_at, ends_at } = announcement;
  const standing = standingOf(announcement, now);
  const from = dateTime(starts_at);
  return (
    <>
      <div className={styles.head}>
        <LevelBadge level={level} />
        <Badge tone={TONES[standing]}>{t(`admin.standing.${standing}`)}</Badge>
        <Remove announcement={announcement} />
      </div>
      <p lang="en">{text_en}</p>
      <p lang="ko" className={styles.other}>
        {text_ko}
      </p>
      <p className={styles.when}>
        {ends_at === null
          ? t("admin.since_open", { from })
          : t("admin.since_until", { from, to: dateTime(ends_at) })}
      </p>
    </>
  );
}

function Remove({ announcement: { id } }: { announcement: Announcement }) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const { mutate, isPending } = useSingleMutation({
    mutationFn: () => withdrawAnnouncement({ path: { announcement_id: id } }),
    onSuccess: async () => {
      await rereadAfterDeed(client);
      toast(t("admin.removed"), "good");
    },
    onError: (error) => {
      toast(problemText(i18n, asProblem(error)), "bad");
      setAsked(false);
    },
  });
  return (
    <>
      <Button small look="quiet" className={styles.remove} onClick={() => setAsked(true)}>
        <Trash2Icon size={16} />
        {t("admin.remove")}
      </Button>
      {asked && (
        <ConfirmDialog
          title={t("admin.remove_title")}
          text={t("admin.remove_text")}
          action={t("admin.remove")}
          busy={isPending}
          onConfirm={() => mutate()}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}
