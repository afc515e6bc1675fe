import { useQuery } from "@tanstack/react-query";
import { Controller, useForm } from "react-hook-form";

import type { Checkpoint } from "@/api/types";
import { modelsQuery } from "@/entities/model/queries";
import { useSavePreferences, type Preferences } from "@/entities/user/preferences";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { TextArea, TextField } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { toast } from "@/ui/toasts";

import {
  changedDefaults,
  entriesOfDefaults,
  outside,
  type Amount,
  type DefaultEntries,
} from "./defaultEntries";
import styles from "./settings.module.css";

const FORMATS = ["png", "jpg", "webp"] as const;
const VISIBILITIES = ["private", "unlisted", "public"] as const;

export function DefaultsForm({ kept }: { kept: NonNullable<Preferences["defaults"]> }) {
  const i18n = useI18n();
  const { t } = i18n;
  const models = useQuery(modelsQuery).data?.items ?? [];
  const checkpoints = models.filter(
    (model): model is Checkpoint => model.kind === "checkpoint" && model.limits !== null,
  );
  const samplers = [...new Set(checkpoints.flatMap(({ limits }) => limits.samplers))];
  const { save, busy } = useSavePreferences();
  const { register, control, handleSubmit, reset, formState } = useForm<DefaultEntries>({
    defaultValues: entriesOfDefaults(kept),
  });
  const { errors, isDirty, defaultValues } = formState;

  const amount = (name: Amount) => (
    <TextField
      {...register(name, {
        validate: (typed) => {
          const bounds = outside(name, typed);
          return bounds === null || t("settings.amount_wrong", bounds);
        },
      })}
      label={t(`settings.default.${name}`)}
      inputMode="decimal"
      autoComplete="off"
      placeholder={t("settings.as_model")}
      error={errors[name]?.message}
    />
  );
  const choice = (
    name: "model" | "sampler" | "format" | "visibility",
    options: readonly { value: string; label: string }[],
  ) => (
    <Controller
      control={control}
      name={name}
      render={({ field: { value, onChange } }) => (
        <Select
          label={t(`settings.default.${name}`)}
          value={value}
          options={[
            {
              value: "",
              label: t(
                name === "format" || name === "visibility" ? "settings.as_studio" : "settings.as_model",
              ),
            },
            ...options,
            // One that is gone still says what was chosen.
            ...(value === "" || options.some((option) => option.value === value)
              ? []
              : [{ value, label: value }]),
          ]}
          onChange={onChange}
        />
      )}
    />
  );

  return (
    <form
      className={styles.form}
      aria-label={t("settings.defaults")}
      noValidate
      onSubmit={handleSubmit((entries) => {
        save({ defaults: changedDefaults({ ...entriesOfDefaults({}), ...defaultValues }, entries) }, () => {
          // What was typed meanwhile is not saved yet.
          reset(entries, { keepValues: true });
          toast(t("settings.saved"), "good");
        });
      })}
    >
      <div className={styles.pair}>
        {choice(
          "model",
          checkpoints.map(({ name, display_name }) => ({ value: name, label: display_name })),
        )}
        {choice(
          "sampler",
          samplers.map((value) => ({ value, label: i18n.find(`recipe.sampler.${value}`) ?? value })),
        )}
      </div>
      <div className={styles.pair}>
        {amount("width")}
        {amount("height")}
      </div>
      <div className={styles.pair}>
        {amount("steps")}
        {amount("cfg_scale")}
        {amount("count")}
      </div>
      <TextArea
        {...register("negative_prompt")}
        label={t("settings.default.negative_prompt")}
        maxLength={4000}
        error={errors.negative_prompt?.message}
      />
      <div className={styles.pair}>
        {choice(
          "format",
          FORMATS.map((value) => ({ value, label: value.toUpperCase() })),
        )}
        {choice(
          "visibility",
          VISIBILITIES.map((value) => ({ value, label: t(`picture.visibility.${value}`) })),
        )}
      </div>
      <div className={styles.actions}>
        <Button type="submit" look="primary" busy={busy} disabled={!isDirty}>
          {t("settings.save")}
        </Button>
      </div>
    </form>
  );
}
