/** Which other tag the pictures of one are to have instead; asked once more before it is done. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { TagOut } from "@/api/generated";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { renameTag } from "@/entities/image/actions/renameTag";
import { tagsQuery } from "@/entities/image/tags";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Combobox } from "@/ui/Combobox";
import { Dialog, DialogActions } from "@/ui/Dialog";

interface MergeDialogProps {
  tag: TagOut;
  onClose: () => void;
}

export function MergeDialog({ tag, onClose }: MergeDialogProps) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const [into, setInto] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  // What is chosen stands in the field, and is not what is looked for.
  const { data } = useQuery(tagsQuery(typed === into ? "" : typed));
  const merging = useAction(renameTag, { onDone: onClose, onFailed: () => setAsking(false) });
  const others = (data?.items ?? []).map(({ name }) => name).filter((name) => name !== tag.name);
  const offered = into === null || others.includes(into) ? others : [into, ...others];
  if (asking && into !== null) {
    const thing = { tag, name: into, into: true };
    return (
      <ActionQuestion
        action={renameTag}
        thing={thing}
        busy={merging.busy}
        onConfirm={() => merging.run(thing)}
        onClose={() => setAsking(false)}
      />
    );
  }
  return (
    <Dialog headed label={t("tag.merge")} text={t("tags.into_text", { name: tag.name })} onClose={onClose}>
      <Combobox
        label={t("tags.into")}
        none={t("tags.into_none")}
        value={into}
        options={offered.map((name) => ({ value: name, label: name }))}
        onType={setTyped}
        onChange={setInto}
      />
      <DialogActions>
        <Button look="quiet" onClick={onClose}>
          {t("action.cancel")}
        </Button>
        <Button look="primary" disabled={into === null} onClick={() => setAsking(true)}>
          {t("tag.merge")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
