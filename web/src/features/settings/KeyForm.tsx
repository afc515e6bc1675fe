/** Making a key, or changing the bounds of one. */
import { useState } from "react";
import { Controller, useForm } from "react-hook-form";

import { changeApiKey, createApiKey, type KeyOut, type NewKeyOut } from "@/api/generated";
import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { CheckField } from "@/ui/Choices";
import { TextField } from "@/ui/Field";
import { placeErrors } from "@/ui/placeErrors";
import { problemText } from "@/ui/problemText";
import { Select } from "@/ui/Select";

import { KeyBounds } from "./KeyBounds";
import { boundsOf, entriesOf, LIFETIMES, SCOPES, type KeyEntries } from "./keyEntries";
import { ProblemLine, Section } from "./Section";
import styles from "./settings.module.css";
import { useChange } from "./useChange";

const FIELDS = [
  "name",
  "scopes",
  "daily_cap",
  "total_cap",
  "requests_per_minute",
  "models",
  "addresses",
] as const;

interface KeyFormProps {
  /** null: a new one. */
  before: KeyOut | null;
  changes: readonly (readonly unknown[])[];
  onMade: (made: NewKeyOut) => void;
  onEnd: () => void;
}

export function KeyForm({ before, changes, onMade, onEnd }: KeyFormProps) {
  const i18n = useI18n();
  const { t, dateTime } = i18n;
  const form = useForm<KeyEntries>({ defaultValues: entriesOf(before) });
  const { register, control, handleSubmit, setError, formState } = form;
  const { errors } = formState;
  const [moreOpen, setMoreOpen] = useState(before !== null);
  const saving = useChange(
    async (entries: KeyEntries) => {
      const bounds = boundsOf(entries, Date.now());
      if (before) {
        await changeApiKey({ path: { key_id: before.id }, body: bounds });
        return null;
      }
      return createApiKey({ body: { ...bounds, scopes: entries.scopes } });
    },
    {
      beside: true,
      changes,
      said: before ? t("settings.saved") : undefined,
      onDone: (made) => {
        if (made) onMade(made);
        onEnd();
      },
    },
  );
  const send = handleSubmit(
    (entries) => {
      saving.mutate(entries, {
        onError: (error) => {
          const problem = asProblem(error);
          if (placeErrors(i18n, problem, FIELDS, setError)) setMoreOpen(true);
          else setError("root", { message: problemText(i18n, problem) });
        },
      });
    },
    () => setMoreOpen(true),
  );
  const title = before ? t("settings.key_change", { name: before.name }) : t("settings.key_new");
  return (
    <Section title={title} text={before ? undefined : t("settings.key_new_text")}>
      <form className={styles.form} aria-label={title} onSubmit={send} noValidate>
        <TextField
          {...register("name", { validate: (name) => name.trim() !== "" || t("settings.key_name_empty") })}
          label={t("settings.key_name")}
          hint={t("settings.key_name_hint")}
          autoComplete="off"
          required
          maxLength={80}
          error={errors.name?.message}
        />
        {!before && (
          <Controller
            control={control}
            name="scopes"
            rules={{ validate: (scopes) => scopes.length > 0 || t("settings.key_scopes_empty") }}
            render={({ field: { value, onChange } }) => (
              <fieldset className={styles.group}>
                <legend>{t("settings.key_scopes")}</legend>
                {SCOPES.map((scope) => (
                  <CheckField
                    key={scope}
                    label={t(`settings.scope.${scope}`)}
                    hint={t(`settings.scope_hint.${scope}`)}
                    checked={value.includes(scope)}
                    onChange={(on) =>
                      onChange(SCOPES.filter((one) => (one === scope ? on : value.includes(one))))
                    }
                  />
                ))}
                {errors.scopes && <p className={styles.wrong}>{errors.scopes.message}</p>}
              </fieldset>
            )}
          />
        )}
        <Controller
          control={control}
          name="lifetime"
          render={({ field: { value, onChange } }) => (
            <Select
              label={t("settings.key_lifetime")}
              value={value}
              options={LIFETIMES.filter((days) => days !== "keep" || before !== null)
                .map((days) => ({
                  value: days,
                  label:
                    days === "keep"
                      ? before?.expires_at
                        ? t("settings.key_until", { when: dateTime(before.expires_at) })
                        : t("settings.key_never")
                      : days === ""
                        ? t("settings.key_never")
                        : t("settings.key_days", { n: Number(days) }),
                }))
                .filter(({ value: days }) => !(days === "" && before !== null && !before.expires_at))}
              onChange={onChange}
            />
          )}
        />
        <KeyBounds form={form} open={moreOpen} onOpen={setMoreOpen} />
        {errors.root && <ProblemLine>{errors.root.message}</ProblemLine>}
        <div className={styles.actions}>
          <Button type="submit" look="primary" busy={saving.isPending}>
            {t(before ? "settings.save" : "settings.key_create")}
          </Button>
          <Button look="quiet" onClick={onEnd}>
            {t("action.cancel")}
          </Button>
        </div>
      </form>
    </Section>
  );
}
