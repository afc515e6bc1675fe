/** What a search is called, and whether it is shown among the collections; new or kept already. */
import { useState, type SubmitEvent } from "react";

import type { FilterIn, SearchBody, SearchDetailsOut, SearchOut } from "@/api/generated";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { CheckField } from "@/ui/Choices";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Form } from "@/ui/Form";
import { fieldText, problemText } from "@/ui/problemText";

import { changeSearch } from "./actions/changeSearch";
import { saveSearch } from "./actions/saveSearch";

const MAX_NAME = 120;

interface SearchDialogProps {
  /** One that is kept already, or what a new one asks for. */
  of: SearchOut | { filter: FilterIn; sort: SearchBody["sort"] };
  onDone: (search: SearchDetailsOut) => void;
  onClose: () => void;
}

export function SearchDialog({ of, onDone, onClose }: SearchDialogProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const before = "id" in of ? of : null;
  const [name, setName] = useState(before?.name ?? "");
  const [isCollection, setIsCollection] = useState(before?.is_collection ?? false);
  const [missing, setMissing] = useState(false);
  const options = { beside: true, onDone };
  const saving = useAction(saveSearch, options);
  const changing = useAction(changeSearch, options);
  const problem = saving.problem ?? changing.problem;
  const ofTheName = problem?.errors.find(({ field }) => field === "name");
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    setMissing(name.trim() === "");
    if (name.trim() === "") return;
    if ("id" in of) changing.run({ id: of.id, name, is_collection: isCollection });
    else saving.run({ ...of, name, is_collection: isCollection });
  };
  return (
    <Dialog headed label={t(before ? "search.change" : "search.save")} onClose={onClose}>
      <Form onSubmit={send}>
        <TextField
          label={t("search.name")}
          autoComplete="off"
          maxLength={MAX_NAME}
          value={name}
          error={missing ? t("search.name_missing") : ofTheName && fieldText(i18n, ofTheName)}
          onChange={({ target }) => {
            setName(target.value);
            // A form does not send what is said to be wrong.
            setMissing(false);
            saving.forget();
            changing.forget();
          }}
        />
        <CheckField
          label={t("search.is_collection")}
          hint={t("search.is_collection_hint")}
          checked={isCollection}
          onChange={setIsCollection}
        />
        {problem && !ofTheName && <p role="alert">{problemText(i18n, problem)}</p>}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" busy={saving.busy || changing.busy}>
            {t("search.keep")}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
