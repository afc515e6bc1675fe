/** The prompt form: from words and settings to jobs. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type KeyboardEvent, type SubmitEvent } from "react";

import { asProblem, type Problem } from "@/api/problem";
import type { Checkpoint, JobBatch, Model } from "@/api/types";
import { useSubmit } from "@/entities/job/useSubmit";
import { lorasFor } from "@/entities/model/loras";
import { modelsQuery } from "@/entities/model/queries";
import { meQuery } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { CheckField } from "@/ui/Choices";
import { TextArea } from "@/ui/Field";
import { NumberField } from "@/ui/NumberField";
import { problemText } from "@/ui/problemText";
import { Select } from "@/ui/Select";
import { Failed, Loading } from "@/ui/States";

import { check, type FormErrors } from "./check";
import styles from "./CreateForm.module.css";
import {
  checkpointsOf,
  EMPTY_DRAFT,
  filled,
  loadDraft,
  modelOf,
  requestOf,
  saveDraft,
  startFrom,
  type Draft,
} from "./draft";
import { MAX_CFG, MAX_COUNT, MIN_CFG } from "./limits";
import { LoraField } from "./LoraField";
import { modelOption } from "./modelOption";
import { PromptHelp } from "./PromptHelp";
import { SeedField } from "./SeedField";
import { SizeField } from "./SizeField";
import { SourceField } from "./SourceField";
import { useEstimate } from "./useEstimate";
import { useReuse } from "./useReuse";

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
  return <Form {...props} models={usable} all={models.data.items} />;
}

interface FormProps extends CreateFormProps {
  models: Checkpoint[];
  /** Those that make pictures, and the parts for them. */
  all: Model[];
}

function Form({ userId, onSubmitted, models, all }: FormProps) {
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
  useReuse((next) => {
    sending.forget();
    setDraft(next);
    form.current?.querySelector("textarea")?.focus();
  });

  const model = modelOf(draft, models) as Checkpoint;
  const values = filled(draft, model);
  const found = check(values, model, i18n);
  const priceable = Object.keys(found).every((field) => field === "prompt");
  const estimate = useEstimate(priceable ? requestOf(values) : null);
  const problem = sending.error ? asProblem(sending.error) : null;
  const errors = shownErrors(found, checked, problem);
  const shownBeside = problem?.errors.some(({ field }) => nameHere(field) in values) ?? false;

  const change = (part: Partial<Draft>) => {
    if (problem) sending.forget();
    // From the newest draft: an upload may end long after this was drawn.
    setDraft((before) => ({ ...before, ...part }));
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
        label={t("recipe.prompt")}
        rows={4}
        value={draft.prompt}
        placeholder={t("create.prompt_example")}
        error={errors.prompt}
        aside={<PromptHelp />}
        onChange={(event) => change({ prompt: event.target.value })}
      />
      <TextArea
        label={t("recipe.negative_prompt")}
        rows={1}
        value={draft.negative_prompt}
        placeholder={t("create.negative_example")}
        error={errors.negative_prompt}
        onChange={(event) => change({ negative_prompt: event.target.value })}
      />
      <SourceField
        source={draft.source}
        strength={draft.strength}
        errors={errors}
        onSource={(source) => {
          if (problem) sending.forget();
          setDraft((before) => startFrom(before, source));
        }}
        onStrength={(strength) => change({ strength })}
      />
      <SizeField
        model={model}
        source={draft.source}
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
              label={t("recipe.model")}
              value={model.name}
              error={errors.model}
              options={models.map((model) => modelOption(model, t))}
              onChange={(name) => change(forModel(draft, name, models, all))}
            />
          )}
          <NumberField
            label={t("recipe.steps")}
            slider
            min={1}
            max={model.limits.max_steps}
            value={values.steps}
            error={errors.steps}
            onChange={(steps) => change({ steps })}
          />
          <NumberField
            label={t("recipe.cfg_scale")}
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
            label={t("recipe.sampler")}
            value={values.sampler}
            error={errors.sampler}
            options={model.limits.samplers.map((value) => ({
              value,
              label: i18n.find(`recipe.sampler.${value}`) ?? value,
            }))}
            onChange={(sampler) => change({ sampler })}
          />
          <LoraField
            fitting={lorasFor(model, all)}
            chosen={draft.loras}
            error={errors.loras}
            onChange={(loras) => change({ loras })}
          />
          <SeedField seed={draft.seed} error={errors.seed} onChange={(seed) => change({ seed })} />
          <CheckField
            label={t("create.idle")}
            hint={t("create.idle_hint")}
            checked={draft.idle}
            onChange={(idle) => change({ idle })}
          />
        </div>
      </details>
      <div className={styles.send}>
        {problem && !shownBeside && (
          <p className={styles.problem} role="alert">
            {problemText(i18n, problem)}
          </p>
        )}
        {short && !problem && <p className={styles.short}>{t("create.too_expensive", { balance, cost })}</p>}
        {draft.idle && <p className={styles.idle}>{t("create.idle")}</p>}
        <Button type="submit" look="primary" wide busy={sending.busy} className={styles.button}>
          <span>{i18n.t("create.submit", { n: draft.count })}</span>
          {cost !== undefined && (
            <span className={styles.cost} data-stale={estimate.isPlaceholderData || undefined}>
              {i18n.t("job.cost", { n: cost })}
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

/** The draft for another model. Sizes and steps of one mean little to another; LoRAs stay where they fit. */
function forModel(draft: Draft, name: string, models: Checkpoint[], all: Model[]): Draft {
  const { prompt, negative_prompt, count, source, strength, idle } = draft;
  const model = models.find((other) => other.name === name);
  const fitting = new Set(model && lorasFor(model, all).map((lora) => lora.name));
  const loras = draft.loras.filter((lora) => fitting.has(lora.name));
  return { ...EMPTY_DRAFT, prompt, negative_prompt, count, source, strength, idle, loras, model: name };
}

/** What a field of the request is called in the form. */
function nameHere(field: string): string {
  return field === "source_image" ? "source" : field;
}

/** Our own findings after the first try; before that only those that do not scold an empty form. */
function shownErrors(found: FormErrors, checked: boolean, problem: Problem | null): FormErrors {
  const { prompt, ...others } = found;
  const ours: FormErrors = checked && prompt ? found : others;
  const theirs = Object.fromEntries(
    problem?.errors.map(({ field, message }) => [nameHere(field), message]) ?? [],
  );
  return { ...theirs, ...ours };
}
