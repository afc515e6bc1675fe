/** The bounds of a key that most leave as they are. */
import { useQuery } from "@tanstack/react-query";
import { ChevronDownIcon } from "lucide-react";
import { Controller, type UseFormReturn } from "react-hook-form";

import { modelsQuery } from "@/entities/model/queries";
import { useI18n } from "@/i18n/useI18n";
import { Button } from "@/ui/Button";
import { CheckField } from "@/ui/Choices";
import { TextArea, TextField } from "@/ui/Field";

import { isAmount, type KeyEntries } from "./keyEntries";
import styles from "./settings.module.css";

interface KeyBoundsProps {
  form: UseFormReturn<KeyEntries>;
  open: boolean;
  onOpen: (open: boolean) => void;
}

const AMOUNTS = [
  { name: "daily_cap", least: 0 },
  { name: "total_cap", least: 0 },
  { name: "requests_per_minute", least: 1 },
] as const;

export function KeyBounds({ form, open, onOpen }: KeyBoundsProps) {
  const { t } = useI18n();
  const { register, control, formState } = form;
  const { errors } = formState;
  const models = useQuery(modelsQuery).data?.items ?? [];
  return (
    <>
      <div>
        <Button small look="quiet" aria-expanded={open} onClick={() => onOpen(!open)}>
          <ChevronDownIcon size={16} className={styles.turning} data-open={open || undefined} />
          {t("settings.key_bounds")}
        </Button>
      </div>
      {open && (
        <>
          <div className={styles.pair}>
            {AMOUNTS.map(({ name, least }) => (
              <TextField
                key={name}
                {...register(name, {
                  validate: (typed) => isAmount(typed, least) || t("settings.key_amount_wrong", { least }),
                })}
                label={t(`settings.key.${name}`)}
                hint={t(`settings.key_hint.${name}`)}
                inputMode="numeric"
                autoComplete="off"
                error={errors[name]?.message}
              />
            ))}
          </div>
          {models.length > 0 && (
            <Controller
              control={control}
              name="models"
              render={({ field: { value, onChange } }) => (
                <fieldset className={styles.group}>
                  <legend>{t("settings.key_models")}</legend>
                  {models.map(({ name, display_name }) => (
                    <CheckField
                      key={name}
                      label={display_name}
                      checked={value.includes(name)}
                      onChange={(on) =>
                        onChange(on ? [...value, name] : value.filter((other) => other !== name))
                      }
                    />
                  ))}
                  {errors.models && <p className={styles.wrong}>{errors.models.message}</p>}
                </fieldset>
              )}
            />
          )}
          <TextArea
            {...register("addresses")}
            label={t("settings.key_addresses")}
            hint={t("settings.key_addresses_hint")}
            spellCheck={false}
            error={errors.addresses?.message}
          />
        </>
      )}
    </>
  );
}
