/** What is said of a collection, new or not: its name, a description, and who sees it. */
import { useForm, Controller } from "react-hook-form";

import type { Problem } from "@/api/problem";
import type { Collection, CollectionFacts } from "@/api/types";
import { changeFacts } from "@/entities/collection/actions/changeFacts";
import { makeCollection } from "@/entities/collection/actions/makeCollection";
import { useAction } from "@/entities/useAction";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { Dialog, DialogActions } from "@/ui/Dialog";
import { TextArea, TextField } from "@/ui/Field";
import { Form } from "@/ui/Form";
import { placeErrors } from "@/ui/placeErrors";
import { problemText } from "@/ui/problemText";
import { RadioGroup } from "@/ui/RadioGroup";

import styles from "./FactsDialog.module.css";

const MAX_NAME = 120;
const MAX_DESCRIPTION = 1000;
const VISIBILITIES = ["private", "public"] as const;

interface FactsDialogProps {
  /** null: a new one. */
  before: Collection | null;
  onDone: (collection: Collection) => void;
  onClose: () => void;
}

type Entries = Required<Pick<CollectionFacts, "name" | "visibility">> & { description: string };

export function FactsDialog({ before, onDone, onClose }: FactsDialogProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const { register, control, handleSubmit, setError, formState } = useForm<Entries>({
    defaultValues: {
      name: before?.name ?? "",
      description: before?.description ?? "",
      visibility: before?.visibility ?? "private",
    },
  });
  const { errors } = formState;
  const options = {
    beside: true,
    onDone,
    onFailed: (failure: Problem) => void placeErrors(i18n, failure, ["name", "description"], setError),
  };
  const making = useAction(makeCollection, options);
  const changing = useAction(changeFacts, options);
  const problem = making.problem ?? changing.problem;
  const send = handleSubmit(({ description, ...rest }) => {
    const facts = { ...rest, description: description.trim() === "" ? null : description };
    if (before) changing.run({ ...facts, id: before.id });
    else making.run(facts);
  });

  return (
    <Dialog headed label={t(before ? "collections.change_title" : "collections.new")} onClose={onClose}>
      <Form className={styles.form} onSubmit={(event) => void send(event)}>
        <TextField
          label={t("collections.name")}
          autoComplete="off"
          maxLength={MAX_NAME}
          error={errors.name?.message}
          {...register("name", {
            validate: (name) => name.trim() !== "" || t("collections.name_missing"),
          })}
        />
        <TextArea
          label={t("collections.description")}
          rows={3}
          maxLength={MAX_DESCRIPTION}
          error={errors.description?.message}
          {...register("description")}
        />
        <Controller
          control={control}
          name="visibility"
          render={({ field }) => (
            <div className={styles.visibility}>
              <span className={styles.label}>{t("picture.visible_to")}</span>
              <RadioGroup
                label={t("picture.visible_to")}
                value={field.value}
                options={VISIBILITIES.map((value) => ({
                  value,
                  label: t(`picture.visibility.${value}`),
                  hint: t(`collections.visibility_${value}`),
                }))}
                onChange={field.onChange}
              />
            </div>
          )}
        />
        {problem && problem.errors.length === 0 && (
          <p role="alert" className={styles.problem}>
            {problemText(i18n, problem)}
          </p>
        )}
        <DialogActions>
          <Button look="quiet" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" look="primary" busy={making.busy || changing.busy}>
            {t(before ? "collections.save" : "collection.make")}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
