/** The prompt form: from words and settings to jobs. */
import { useQuery } from "@tanstack/react-query";
import { ChevronRightIcon } from "lucide-react";
import {
  useDeferredValue,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
} from "react";

import type { Checkpoint, JobBatch, Model } from "@/api/types";
import { modelsQuery } from "@/entities/model/queries";
import { useI18n } from "@/i18n/useI18n";
import { shortcutOf } from "@/shortcuts/shortcut";
import { Failed, Loading } from "@/ui/States";
import { useLater } from "@/ui/useLater";

import styles from "./CreateForm.module.css";
import { CountField } from "./CountField";
import { checkpointsOf, wordless, type Draft } from "./draft";
import type { Example } from "./examples";
import { Send } from "./Send";
import { Settings } from "./Settings";
import { SUBMIT } from "./shortcuts";
import { SizeField } from "./SizeField";
import { SourceField } from "./SourceField";
import { useCreateForm } from "./useCreateForm";
import { useReuse } from "./useReuse";
import { useSame } from "./useSame";
import { useSettingsOpen } from "./useSettingsOpen";
import { WordsField } from "./WordsField";

/** What the page beside it may do with the form. */
export interface FormHandle {
  fill: (example: Example) => void;
}

interface CreateFormProps {
  ref: Ref<FormHandle>;
  userId: string;
  /** Told which model is chosen. */
  onModel: (model: Checkpoint) => void;
  onSubmitted: (batch: JobBatch) => void;
}

export function CreateForm(props: CreateFormProps) {
  const { t } = useI18n();
  const models = useQuery(modelsQuery);
  // The form is much to draw. What waits for the answer of the studio is drawn in small steps, so that the page takes keys meanwhile.
  const known = useDeferredValue(models.data);
  if (models.isPending || (!known && !models.isError)) return <Loading label={t("create.loading_models")} />;
  if (models.isError || !known) return <Failed error={models.error} onRetry={() => void models.refetch()} />;
  const usable = checkpointsOf(known.items);
  if (usable.length === 0) return <p className={styles.none}>{t("create.no_models")}</p>;
  return <Form {...props} models={usable} all={known.items} />;
}

interface FormProps extends CreateFormProps {
  models: Checkpoint[];
  /** Those that make pictures, and the parts for them. */
  all: Model[];
}

function Form({ ref, userId, onModel, onSubmitted, models, all }: FormProps) {
  const { t } = useI18n();
  const element = useRef<HTMLFormElement>(null);
  const form = useCreateForm(userId, models, {
    onSubmitted,
    // After the errors are drawn, go to the first.
    onWrong: () =>
      requestAnimationFrame(() =>
        requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus()),
      ),
  });
  const { draft, model, values, errors, change, edit } = form;
  const settled = useSame(wordless(draft));
  const inForce = useSame(wordless(values));
  const wrong = useSame(errors);
  const take = (next: (before: Draft) => Draft) => {
    edit(next);
    element.current?.querySelector("textarea")?.focus();
  };
  useReuse(take);
  useImperativeHandle(ref, () => ({
    fill: ({ prompt, shape: { width, height } }) => take((before) => ({ ...before, prompt, width, height })),
  }));
  // Before anything is painted: what is shown for the model would move the form.
  useLayoutEffect(() => onModel(model), [model, onModel]);
  const [open, setOpen] = useSettingsOpen();
  // What is wrong inside has to be seen.
  const shown = open || OF_SETTINGS.some((field) => errors[field] !== undefined);
  // The form is much to draw, and the words come first.
  const afterTheWords = useLater();

  const onKeyDown = (event: KeyboardEvent) => {
    if (shortcutOf([SUBMIT], event, null)) {
      event.preventDefault();
      element.current?.requestSubmit();
    }
  };

  return (
    // Ctrl+Enter anywhere in the form does what its button does.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      ref={element}
      className={styles.form}
      onSubmit={form.submit}
      onKeyDown={onKeyDown}
      noValidate
      aria-label={t("create.form")}
    >
      <WordsField name="prompt" text={draft.prompt} error={errors.prompt} onChange={change} />
      <WordsField
        name="negative_prompt"
        text={draft.negative_prompt}
        error={errors.negative_prompt}
        onChange={change}
      />
      <SourceField
        source={draft.source}
        strength={draft.strength}
        errors={wrong}
        onEdit={edit}
        onChange={change}
      />
      {afterTheWords && (
        <>
          <SizeField
            model={model}
            source={draft.source}
            width={values.width}
            height={values.height}
            errors={wrong}
            onChange={change}
          />
          <CountField count={draft.count} error={errors.count} onChange={change} />
          <MoreSettings
            open={shown}
            onOpen={setOpen}
            brief={t("create.summary", {
              model: model.display_name,
              steps: values.steps,
              cfg: values.cfg_scale,
            })}
          >
            <Settings
              models={models}
              all={all}
              model={model}
              draft={settled}
              values={inForce}
              errors={wrong}
              onEdit={edit}
              onChange={change}
            />
          </MoreSettings>
          <Send
            count={draft.count}
            idle={draft.idle}
            priced={form.priced}
            problem={form.problem}
            busy={form.busy}
          />
        </>
      )}
    </form>
  );
}

const OF_SETTINGS = ["model", "steps", "cfg_scale", "sampler", "loras", "seed"] as const;

interface MoreSettingsProps {
  open: boolean;
  onOpen: (open: boolean) => void;
  /** The settings in a line, for when they are closed. */
  brief: string;
  children: ReactNode;
}

function MoreSettings({ open, onOpen, brief, children }: MoreSettingsProps) {
  const { t } = useI18n();
  // Closed they are drawn after the rest, before anybody opens them; the browser finds words in them then too.
  const afterTheRest = useLater(open);
  return (
    <details
      className={styles.more}
      open={open}
      onToggle={(event) => {
        // It also tells of what was drawn so; only what a person did is kept.
        if (event.currentTarget.open !== open) onOpen(event.currentTarget.open);
      }}
    >
      <summary>
        <ChevronRightIcon size={16} className={styles.turns} />
        <span className={styles.moreTitle}>{t("create.more")}</span>
        <span className={styles.brief}>{brief}</span>
      </summary>
      <div className={styles.group}>{(open || afterTheRest) && children}</div>
    </details>
  );
}
