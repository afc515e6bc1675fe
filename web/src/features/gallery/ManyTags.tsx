import { useState } from "react";

import type { ManyChange } from "@/entities/image/many";
import { TagField } from "@/entities/image/TagField";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { DialogActions } from "@/ui/Dialog";

import styles from "./SelectionBar.module.css";

/** Tags for all that are chosen: put on, or taken off. */
export function ManyTags({ change, close }: { change: (change: ManyChange) => void; close: () => void }) {
  const { t } = useI18n();
  const [tags, setTags] = useState<string[]>([]);
  const act = (action: "tag" | "untag") => {
    change({ action, tags });
    close();
  };
  return (
    <div className={styles.panel}>
      <TagField label={t("picture.tags")} placeholder={t("tag.add")} values={tags} onChange={setTags} />
      <DialogActions>
        <Button small disabled={tags.length === 0} onClick={() => act("untag")}>
          {t("gallery.untag_many")}
        </Button>
        <Button small look="primary" disabled={tags.length === 0} onClick={() => act("tag")}>
          {t("gallery.tag_many")}
        </Button>
      </DialogActions>
    </div>
  );
}
