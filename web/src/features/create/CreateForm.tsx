/** The prompt form: from words and settings to jobs. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type KeyboardEvent, type SubmitEvent } from "react";

import { asProblem, type Problem } from "@/api/problem";
import { meQuery, modelsQuery } from "@/api/queries";
import type { Checkpoint, JobBatch } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { NumberField, Select, TextArea } from "@/ui/Field";
import { problemText } from "@/ui/problemText";
import { Failed, Loading } from "@/ui/States";

import { check, type FormErrors } from "./check";
import styles from "./CreateForm.module.css";
import {
  checkpointsOf,
  draftFrom,
  EMPTY_DRAFT,
  filled,
  loadDraft,
  modelOf,
  requestOf,
  saveDraft,
  type Draft,
} from "./draft";
import { MAX_CFG, MAX_COUNT, MIN_CFG, SAMPLERS } from "./limits";
import { SeedField } from "./SeedField";
import { SizeField } from "./SizeField";
import { useEstimate } from "./useEstimate";
import { useReuse } from "./useReuse";
import { useSubmit } from "./useSubmit";

interface CreateFormProps {
  userId: string;
  onSubmitted: (batch: JobBatch) => void;
}

export function CreateForm(props: CreateFormProps) {
  const { t } = useI18n();
  const models = useQuery(modelsQuery);
  if (models.isPending) return <Loading label={t("create.loading_models")} />;
  if (models.isError) return <Failed error={models.error} onRetry={() => void models.refetch()} />;
  const usable = checkpointsOf(models.data.items);
  if (usable.length === 0) return <p className={styles.none}>{t("create.no_models")}</p>;
  return <Form {...props} models={usable} />;
}

function Form({ userId, onSubmitted, models }: CreateFormProps & { models: Checkpoint[] }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [draft, setDraft] = useState<Draft>(() => loadDraft(userId));
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const me = useQuery(meQuery);

  useEffect(() => saveDraft(userId, draft), [userId, draft]);

  const sending = useSubmit((batch) => {
    setChecked(false);
    onSubmitted(batch);
  });
  useReuse((recipe) => {
    sending.forget();
    setDraft(draftFrom(recipe));
    form.current?.querySelector("textarea")?.focus();
  });

  const model = modelOf(draft, models) as Checkpoint;
  const values = filled(draft, model);
  const found = check(values, model, i18n);
  const priceable = Object.keys(found).every((field) => field === "prompt");
  const estimate = useEstimate(priceable ? requestOf(values) : null);
  const problem = sending.error ? asProblem(sending.error) : null;
  const errors = shownErrors(found, checked, problem);
  const shownBeside = problem?.errors.some(({ field }) => field in values) ?? false;

  const change = (part: Partial<Draft>) => {
    if (problem) sending.forget();
    setDraft({ ...draft, ...part });
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (sending.busy) return;
    setChecked(true);
    if (Object.keys(found).length > 0) {
      // After the errors are drawn, go to the first.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
      return;
    }
    sending.submit(requestOf(values));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.current?.requestSubmit();
    }
  };

  const cost = estimate.data?.estimated_credits;
  const balance = me.data?.credits.balance;
  const short = cost !== undefined && balance !== undefined && cost > balance;

  return (
    // Ctrl+Enter anywhere in the form does what its button does.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      ref={form}
      className={styles.form}
      onSubmit={submit}
      onKeyDown={onKeyDown}
      noValidate
      aria-label={t("create.form")}
    >
      <TextArea
        label={t("create.prompt")}
        rows={4}
        value={draft.prompt}
        placeholder={t("create.prompt_example")}
        error={errors.prompt}
        onChange={(event) => change({ prompt: event.target.value })}
      />
      <TextArea
        label={t("create.negative_prompt")}
        rows={1}
        value={draft.negative_prompt}
        placeholder={t("create.negative_example")}
        error={errors.negative_prompt}
        onChange={(event) => change({ negative_prompt: event.target.value })}
      />
      <SizeField
        model={model}
        width={values.width}
        height={values.height}
        errors={errors}
        onChange={change}
      />
      <NumberField
        label={t("create.count")}
        slider
        min={1}
        max={MAX_COUNT}
        value={draft.count}
        error={errors.count}
        onChange={(count) => change({ count: Math.min(MAX_COUNT, Math.max(1, Math.round(count))) })}
      />
      <details className={styles.more} open={startsOpen}>
        <summary>{t("create.more")}</summary>
        <div className={styles.group}>
          {models.length > 1 && (
            <Select
              label={t("create.model")}
              value={model.name}
              error={errors.model}
              onChange={(event) =>
                // Sizes and steps of one model mean little to another.
                change({ ...EMPTY_DRAFT, ...words(draft), model: event.target.value })
              }
            >
              {models.map(({ name, display_name, available, required_tiers }) => (
                <option key={name} value={name} disabled={!available}>
                  {available
                    ? display_name
                    : t("create.model_locked", { model: display_name, plans: required_tiers.join(", ") })}
                </option>
              ))}
            </Select>
          )}
          <NumberField
            label={t("create.steps")}
            slider
            min={1}
            max={model.limits.max_steps}
            value={values.steps}
            error={errors.steps}
            onChange={(steps) => change({ steps })}
          />
          <NumberField
            label={t("create.cfg_scale")}
            hint={t("create.cfg_hint")}
            slider
            min={MIN_CFG}
            max={MAX_CFG}
            step={0.5}
            value={values.cfg_scale}
            error={errors.cfg_scale}
            onChange={(cfg_scale) => change({ cfg_scale })}
          />
          <Select
            label={t("create.sampler")}
            value={values.sampler}
            error={errors.sampler}
            onChange={(event) => change({ sampler: event.target.value })}
          >
            {samplersWith(values.sampler).map((name) => (
              <option key={name} value={name}>
                {i18n.find(`sampler.${name}`) ?? name}
              </option>
            ))}
          </Select>
          <SeedField seed={draft.seed} error={errors.seed} onChange={(seed) => change({ seed })} />
        </div>
      </details>
      <div className={styles.send}>
        {problem && !shownBeside && (
          <p className={styles.problem} role="alert">
            {problemText(i18n, problem)}
          </p>
        )}
        {short && !problem && <p className={styles.short}>{t("create.too_expensive", { balance, cost })}</p>}
        <Button type="submit" look="primary" wide busy={sending.busy} className={styles.button}>
          <span>{i18n.count("create.submit", draft.count)}</span>
          {cost !== undefined && (
            <span className={styles.cost} data-stale={estimate.isPlaceholderData || undefined}>
              {i18n.count("create.cost", cost)}
            </span>
          )}
        </Button>
        <p className={styles.keys}>{t("create.shortcut")}</p>
      </div>
    </form>
  );
}

/** On a narrow page the settings begin folded, so that the button is in reach. */
const startsOpen = window.matchMedia("(min-width: 60rem)").matches;

function words({ prompt, negative_prompt, count }: Draft): Partial<Draft> {
  return { prompt, negative_prompt, count };
}

/** Our own findings after the first try; before that only those that do not scold an empty form. */
function shownErrors(found: FormErrors, checked: boolean, problem: Problem | null): FormErrors {
  const { prompt, ...others } = found;
  const ours: FormErrors = checked && prompt ? found : others;
  const theirs = Object.fromEntries(problem?.errors.map(({ field, message }) => [field, message]) ?? []);
  return { ...theirs, ...ours };
}

/** The samplers to choose from; one that an old picture used stays choosable. */
function samplersWith(current: string): string[] {
  return [...new Set([...SAMPLERS, current])];
}
