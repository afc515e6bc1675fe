/** Another name for a tag. Where there is one of that name already, it is asked whether the two are to be one. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";

import type { TagOut } from "@/api/generated";
import { ActionQuestion } from "@/entities/ActionQuestion";
import { renameTag } from "@/entities/image/actions/renameTag";
import { tagOf, tagsQuery } from "@/entities/image/tags";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Form } from "@/ui/Form";
import { fieldText, problemText } from "@/ui/problemText";

interface RenameDialogProps {
  tag: TagOut;
  onClose: () => void;
}

export function RenameDialog({ tag, onClose }: RenameDialogProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const client = useQueryClient();
  const [name, setName] = useState(tag.name);
  const [missing, setMissing] = useState(false);
  const [merging, setMerging] = useState(false);
  const [looking, setLooking] = useState(false);
  const renaming = useAction(renameTag, { beside: true, onDone: onClose, onFailed: () => setMerging(false) });
  const wanted = tagOf(name);
  const problem = renaming.problem;
  const [wrong] = problem?.errors ?? [];
  const said = wrong ? fieldText(i18n, wrong) : problem ? problemText(i18n, problem) : undefined;

  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    setMissing(wanted === "");
    if (wanted === "" || looking) return;
    if (wanted === tag.name) {
      onClose();
      return;
    }
    setLooking(true);
    // Where this is not known, the server still does what is asked for.
    const found = await client.query({ ...tagsQuery(wanted), staleTime: 0 }).catch(() => null);
    setLooking(false);
    if (found?.items.some((other) => other.name === wanted)) setMerging(true);
    else renaming.run({ tag, name, into: false });
  };
  if (merging) {
    const thing = { tag, name: wanted, into: true };
    return (
      <ActionQuestion
        action={renameTag}
        thing={thing}
        busy={renaming.busy}
        onConfirm={() => renaming.run(thing)}
        onClose={() => setMerging(false)}
      />
    );
  }
  return (
    <Dialog headed label={t("tag.rename")} onClose={onClose}>
      <Form onSubmit={(event) => void send(event)}>
        <TextField
          label={t("tags.name")}
          autoComplete="off"
          maxLength={64}
          value={name}
          error={missing ? t("tags.no_name") : said}
          onChange={({ target }) => {
            setName(target.value);
            // A form does not send what is said to be wrong.
            setMissing(false);
            renaming.forget();
          }}
        />
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" busy={renaming.busy || looking}>
            {t("tags.save")}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
