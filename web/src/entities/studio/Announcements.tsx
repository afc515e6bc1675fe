/** What the studio has to say, in the language of the page, until it is put away. */
import { useQuery } from "@tanstack/react-query";
import { XIcon } from "lucide-react";
import { useState } from "react";

import { useI18n } from "@/i18n/useI18n";
import { IconButton } from "@/ui/IconButton";

import { AnnouncementLine } from "./AnnouncementLevel";
import { announcementsQuery } from "./announcements";
import styles from "./Announcements.module.css";
import { loadPutAway, savePutAway } from "./putAway";

/** The place is there always, for those who are read to, and mostly empty. */
export function Announcements() {
  const { t, language } = useI18n();
  const { data } = useQuery(announcementsQuery);
  const [away, setAway] = useState(loadPutAway);
  const shown = data?.items.filter(({ id }) => !away.includes(id)) ?? [];
  const putAway = (id: string) => {
    // Those that are over are forgotten, so that the list does not grow for ever.
    const next = [...away.filter((one) => data?.items.some((item) => item.id === one)), id];
    savePutAway(next);
    setAway(next);
  };
  return (
    <section role="status" aria-label={t("announcement.label")} className={styles.place}>
      {shown.map(({ id, level, text_en, text_ko }) => (
        <AnnouncementLine key={id} level={level} text={language === "ko" ? text_ko : text_en}>
          <IconButton label={t("announcement.put_away")} onClick={() => putAway(id)}>
            <XIcon size={18} />
          </IconButton>
        </AnnouncementLine>
      ))}
    </section>
  );
}
