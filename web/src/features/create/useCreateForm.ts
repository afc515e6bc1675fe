/** What the prompt form holds and does: the draft, what is wrong with it, and sending it off. */
import { useCallback, useEffect, useState } from "react";
import { useForm, useWatch, type FieldErrors } from "react-hook-form";

import type { Problem } from "@/api/problem";
import type { Checkpoint, JobBatch } from "@/api/types";
import { submitJobs } from "@/entities/job/actions/submitJobs";
import { useAction } from "@/entities/useAction";
import { usePreferences } from "@/entities/user/preferences";
import { useI18n } from "@/i18n/useI18n";
import { placeErrors } from "@/ui/placeErrors";

import { check, type FormErrors } from "./check";
import { EMPTY_DRAFT, filled, modelOf, requestOf, type Draft } from "./draft";
import { loadDraft, saveDraft } from "./storedDraft";
import { useFirstDraft } from "./useFirstDraft";

const FIELDS = Object.keys(EMPTY_DRAFT) as (keyof Draft)[];

interface Handlers {
  onSubmitted: (batch: JobBatch) => void;
  /** Something has to be put right first. */
  onWrong: () => void;
}

export function useCreateForm(userId: string, models: Checkpoint[], { onSubmitted, onWrong }: Handlers) {
  const i18n = useI18n();
  const preferences = usePreferences();
  const kept = preferences?.defaults ?? {};
  const valuesOf = (draft: Draft) => {
    const model = modelOf(draft, models, kept) as Checkpoint;
    return { model, values: filled(draft, model, kept) };
  };
  const { control, formState, getValues, reset, setError, handleSubmit } = useForm<Draft, unknown, Draft>({
    defaultValues: loadDraft(userId),
    // The server judges again; what it finds is placed by its `loc`.
    resolver: (draft) => {
      const { model, values } = valuesOf(draft);
      const wrong = Object.entries(check(values, model, i18n));
      if (wrong.length === 0) return { values: draft, errors: {} };
      const errors = Object.fromEntries(wrong.map(([name, message]) => [name, { type: "check", message }]));
      return { values: {}, errors };
    },
  });
  const draft = useWatch({ control }) as Draft;
  const { model, values } = valuesOf(draft);
  const found = check(values, model, i18n);
  /** What the server said of the whole; null also where it spoke of single fields. */
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => saveDraft(userId, draft), [userId, draft]);

  const sending = useAction(submitJobs, {
    beside: true,
    onDone: (batch) => {
      // The next one begins without a scolding.
      reset(getValues());
      onSubmitted(batch);
    },
    onFailed: (failure) => {
      if (!placeErrors(i18n, failure, FIELDS, setError, nameHere)) setProblem(failure);
    },
  });

  /** From the newest draft: an upload may end long after this was drawn. Stays the same function, as `change` does. */
  const edit = useCallback(
    (next: (before: Draft) => Draft) => {
      setProblem(null);
      reset(next(getValues()), { keepIsSubmitted: true, keepDefaultValues: true });
    },
    [getValues, reset, setProblem],
  );
  useFirstDraft(userId, preferences, edit);
  const change = useCallback((part: Partial<Draft>) => edit((before) => ({ ...before, ...part })), [edit]);

  return {
    draft,
    model,
    values,
    problem,
    errors: shownErrors(found, formState.errors, formState.isSubmitted),
    /** What to ask the price of; null while there is none. */
    priced: Object.keys(found).every((field) => field === "prompt") ? requestOf(values, kept) : null,
    busy: sending.busy,
    edit,
    change,
    submit: handleSubmit((ready) => {
      setProblem(null);
      if (!sending.busy) sending.run(requestOf(valuesOf(ready).values, kept));
    }, onWrong),
  };
}

/** What a field of the request is called in the form. */
function nameHere(field: string): string {
  return field === "source_image" ? "source" : field;
}

/** Our own findings after the first try; before that only those that do not scold an empty form. */
function shownErrors(found: FormErrors, placed: FieldErrors<Draft>, tried: boolean): FormErrors {
  const { prompt, ...others } = found;
  const ours: FormErrors = tried && prompt ? found : others;
  const theirs = FIELDS.flatMap((name) => {
    const error = placed[name];
    return error?.type === "server" && typeof error.message === "string" ? [[name, error.message]] : [];
  });
  return { ...(Object.fromEntries(theirs) as FormErrors), ...ours };
}
